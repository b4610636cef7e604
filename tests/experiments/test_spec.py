"""Experiments as data: JSON and back, sweeps, and no TensorFlow on the way."""

import dataclasses
import json
import subprocess
import sys

import pytest

from tf_infomax.experiments import catalog
from tf_infomax.experiments.spec import (
    Data,
    Evaluation,
    Experiment,
    MutualInformation,
    Pick,
    Train,
    child,
    label,
    pick,
    replace_at,
)

# Studies have a form of their own, and tests beside it.
EXPERIMENTS = [
    experiment
    for name in catalog.names()
    for experiment in catalog.get(name)
    if isinstance(experiment, Experiment)
]
TERM = "objectives.mutual_information"


def small(**fields):
    objectives = (MutualInformation(critic=pick("bilinear")),)
    return Experiment("small", "nowhere", Data(), pick("mlp"), objectives, **fields)


def through_json(experiment):
    return Experiment.from_dict(json.loads(json.dumps(experiment.to_dict(), allow_nan=False)))


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_json_and_back(experiment):
    assert through_json(experiment) == experiment
    for _, _, run in experiment.runs():
        assert through_json(run) == run


def test_what_json_does_not_know_survives_it():
    experiment = small(
        seeds=(3, 1),
        train=Train(learning_rate=1e-300, steps=7),
        sweep=(
            ("encoder", (pick("mlp", layer_dimensions=(4, ("a", 2))), pick("convnet"))),
            (f"{TERM}.target", (None, 0.1)),
            ("data.dependent", (True, False)),
        ),
    )
    back = through_json(experiment)
    assert back == experiment
    encoder = back.sweep[0][1][0]
    assert isinstance(encoder, Pick) and encoder.options["layer_dimensions"] == (4, ("a", 2))
    assert back != dataclasses.replace(experiment, seeds=(3,))


def test_the_runs_are_the_product_of_the_sweep_and_the_seeds():
    experiment = small(
        seeds=(0, 4),
        sweep=(
            (f"{TERM}.critic", (pick("bilinear"), pick("concat", layers=2))),
            (f"{TERM}.bound", ("infonce", "nwj")),
            (f"{TERM}.target", (2.0, None)),
        ),
    )
    runs = experiment.runs()
    assert [(variant, seed) for variant, seed, _ in runs] == [
        (f"{critic}-{bound}-{target}", seed)
        for critic in ("bilinear", "concat")
        for bound in ("infonce", "nwj")
        for target in ("target_2", "no_target")
        for seed in (0, 4)
    ]
    for variant, seed, run in runs:
        (objective,) = run.objectives
        assert run.sweep == () and run.seeds == (seed,)
        assert variant.startswith(f"{objective.critic.name}-{objective.bound}-")
        assert objective.target == (2.0 if variant.endswith("target_2") else None)
        assert objective.critic.options == ({"layers": 2} if "concat" in variant else {})
        # Nothing else moves.
        assert (run.name, run.data, run.encoder) == ("small", Data(), pick("mlp"))
        assert (run.train, run.evaluate) == (Train(), ())


def test_without_a_sweep_there_is_one_variant():
    ((variant, seed, run),) = small().runs()
    assert (variant, seed, run) == ("default", 0, small())


def test_a_swept_option_goes_to_the_swept_thing_in_whatever_order_they_come():
    critic = (f"{TERM}.critic", (pick("separable", layers=1), pick("concat")))
    width = (f"{TERM}.critic.hidden_dim", (50, 100))
    for sweep in ((critic, width), (width, critic)):
        found = {
            (run.objectives[0].critic.name, run.objectives[0].critic.options["hidden_dim"])
            for _, _, run in small(sweep=sweep).runs()
        }
        assert found == {(name, size) for name in ("separable", "concat") for size in (50, 100)}


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("a.target", 2.0, "target_2"),
        ("a.target", None, "no_target"),
        ("train.learning_rate", 1e-4, "learning_rate_0.0001"),
        ("train.steps", 12345678, "steps_12345678"),
        ("data.dependent", True, "dependent"),
        ("data.dependent", False, "independent"),
        ("encoder.shortcuts", False, "no_shortcuts"),
        ("encoder.layer_dimensions", (16, 8), "layer_dimensions_16_8"),
        ("data.name", "/some/where/my faces.npz", "my_faces"),
        ("data.name", "cmaterdb/bangla", "bangla"),
        # A folder above is no name for a variant.
        ("data.name", "..", "name"),
        ("encoder", pick("mlp", layer_dimensions=(3,)), "mlp"),
    ],
)
def test_labels_of_variants_are_names_of_folders(path, value, name):
    assert label(path, value) == name


def test_one_field_can_be_replaced_and_nothing_else_changes():
    experiment = catalog.get("adversarial")[0]
    changed = replace_at(experiment, "evaluate.linear_probe.every", 7)
    assert child(child(changed.evaluate, "linear_probe"), "every") == 7
    assert child(changed.evaluate, "invertibility") == Evaluation("invertibility", 400)
    assert replace_at(changed, "evaluate.linear_probe.every", 400) == experiment
    changed = replace_at(experiment, "encoder.hidden_units", (8,))
    assert changed.encoder.options == {**experiment.encoder.options, "hidden_units": (8,)}
    for node, key in ((experiment, "stpes"), (experiment.evaluate, "x"), (Pick("mlp"), "x")):
        with pytest.raises(KeyError):
            child(node, key)


def test_the_catalogue_needs_no_tensorflow():
    code = (
        "import sys; from tf_infomax.experiments import catalog, overrides;"
        "[overrides.override(e, ['seeds=3']) for n in catalog.names() for e in catalog.get(n)];"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'tensorflow_probability'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
