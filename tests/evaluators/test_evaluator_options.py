"""What evaluators refuse is refused before any work, with the evaluator's name and the option's."""

import inspect

import pytest

from tests.tiny import tiny_images, write_images
from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.experiments.spec import Evaluation
from tf_infomax.running import sweep

OPTIONS = [
    (name, option, parameter.default)
    for name in evaluators.names()
    for option, parameter in inspect.signature(evaluators.get(name)).parameters.items()
    if option != "snapshot"
]
NEVER = ("abc", (), (1, "a"), {}, -1, 10**9, float("nan"), float("inf"))
NAMES = ("endpoint", "endpoints")


@pytest.mark.parametrize(("name", "option", "default"), OPTIONS)
def test_absurd_values(name, option, default):
    evaluators.check(Evaluation(name, options={option: default}))
    absurd = [value for value in NEVER if not (option in NAMES and value == "abc")]
    absurd += [None] if default is not None else []
    if type(default) is int:
        # 0 is the default of what is switched off by it.
        absurd += [0, True] if default else [True]
    absurd += [0, 1] if isinstance(default, bool) else []
    for value in absurd:
        with pytest.raises(ValueError, match=rf"(?s){option} of the evaluator '{name}' must be .*"
                                             rf"Received: {name}\.{option}="):
            evaluators.check(Evaluation(name, options={option: value}))


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("images") / "images.npz")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["evaluate=svm_probe", "svm_probe.epochs=1"], ["'svm_probe'", "epochs=1"]),
        (["evaluate=ndm", "ndm.endpoint=abc"], ["'ndm'", "endpoint='abc'"]),
        (["evaluate=mine"], ["'mine'", "batch_size=256, and 96 images"]),
        (["evaluate=neighbours", "neighbours.k=97"], ["'neighbours'", "k=97, and 96 images"]),
        (["evaluate=circle"], ["'circle'", "'global' of width 8"]),
        (["evaluate=ndm", "encoder.output_units=1"], ["'ndm'", "'global' of width 1"]),
        (["evaluate=classifier"], ["'classifier'", "the term classification"]),
        (["evaluate=reconstruction", "reconstruction.base_channels=3"], ["at least 4"]),
        (["prior.weight=-1"], ["The term 'prior'", "weight=-1"]),
    ],
)
def test_what_a_run_cannot_give_is_refused_before_any_work(settings, words, images, tmp_path):
    with pytest.raises(ValueError) as raised:
        sweep.plan([tiny_images("dim_local", images, *settings)], tmp_path)
    assert all(word in str(raised.value) for word in words), raised.value
    assert not list(tmp_path.rglob("rows.jsonl"))
