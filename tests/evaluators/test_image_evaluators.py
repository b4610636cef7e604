"""Options of the measurements of Deep InfoMax, on a data set made by hand."""

import base64
import types

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import evaluation
from tf_infomax.evaluation.reconstruction import Reconstruction
from tf_infomax.evaluation.structural_similarity import MultiScale
from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.evaluators import snapshot
from tf_infomax.experiments.spec import Evaluation

RNG = np.random.default_rng(0)
# The code of an image is its brightness, and its class is the half that it is in.
BRIGHTNESS = {"train": RNG.permutation(40), "test": np.arange(2, 38, 3) + 0.25}


class Snapshot(snapshot.Snapshot):
    """Codes and images as a ``Snapshot`` gives them."""

    images = labels = None

    def __init__(self, labelled=None):
        images = tuple(
            np.tile(level[:, None, None, None] / 40.0, (1, 8, 8, 1)).astype(np.float32)
            for level in BRIGHTNESS.values()
        )
        train, test = ((level >= 20).astype(np.int64) for level in BRIGHTNESS.values())
        if labelled is not None:
            train = np.where(labelled, train, -1)
        self.__dict__.update(images=images, labels=(train, test), step=0, entries=())
        shapes = {"global": (1,), "conv": (1,)}
        source = types.SimpleNamespace(images=types.SimpleNamespace(num_classes=2))
        encoder = types.SimpleNamespace(endpoint_shapes=shapes)
        self.__dict__["trial"] = types.SimpleNamespace(encoder=encoder, source=source)

    def features(self, name):
        assert name in ("global", "conv", "pixels")
        return tuple(level[:, None].astype(np.float32) for level in BRIGHTNESS.values())

    def seed(self, name):
        return 0


def measured(name, snapshot=None, **options):
    return list(evaluators.get(name)(snapshot or Snapshot(), **options))


def picture_of(measurements):
    (figure,) = (one for one in measurements if one.metric.endswith("/figure"))
    return tf.io.decode_png(base64.b64decode(figure.tags["png"])).numpy()


def test_the_figure_has_a_query_a_class_and_its_neighbours_in_the_test_set():
    found = measured("neighbours", k=1, shown=10, columns=2)
    grey = np.round((picture_of(found)[::8, ::8, 0] / 127.5 - 1.0) * 40.0, 1)
    levels, (_, labels) = BRIGHTNESS["test"], Snapshot().labels
    # Two classes, two rows, each led by the first test image of its class.
    np.testing.assert_allclose(grey[:, 0], [levels[labels == c][0] for c in (0, 1)], atol=0.2)
    for query, *neighbours in grey:
        others = levels[np.abs(levels - query) > 0.5]
        nearest = others[np.argsort(np.abs(others - query), kind="stable")[:2]]
        np.testing.assert_allclose(neighbours, nearest, atol=0.2)
    assert len(picture_of(measured("neighbours", k=1, shown=1, columns=2))) == 8


@pytest.mark.parametrize("labelled", [None, BRIGHTNESS["train"] % 2 == 1], ids=["all", "partly"])
def test_neighbours_that_vote_are_labelled_training_images(labelled):
    accuracy, _ = measured("neighbours", Snapshot(labelled), k=(1, 1), columns=1)
    known = np.ones(40, bool) if labelled is None else labelled
    levels, (labels, test_labels) = BRIGHTNESS["train"], Snapshot().labels
    nearest = np.abs(levels[known] - BRIGHTNESS["test"][:, None]).argmin(axis=1)
    assert accuracy.value == np.mean(labels[known][nearest] == test_labels)


def test_endpoints_are_measured_once():
    options = {"epochs": 1, "batch_size": 8, "hidden_units": 4, "top_k": 1}
    once, twice = (
        measured("mlp_probe", endpoints=endpoints, **options)
        for endpoints in ("conv", ("conv", "conv"))
    )
    assert [(one.metric, one.tags["features"]) for one in once] == [
        (one.metric, one.tags["features"]) for one in twice
    ]


@pytest.mark.parametrize(
    ("entries", "fits"),
    [
        ([("svm_probe", {"endpoints": "conv"}), ("svm_probe", {"endpoints": ("fc", "global")})], 1),
        ([("ndm", {}), ("ndm", {"endpoint": "fc"})], True),
        ([("bound", {}), ("conditioning", {})], True),
        ([("svm_probe", {"endpoints": "conv"}), ("svm_probe", {})], False),
        ([("ndm", {"epochs": 5}), ("ndm", {"endpoint": "global"})], False),
        ([("linear_probe", {"endpoints": "code"}), ("linear_probe", {})], False),
        ([("bound", {}), ("bound", {})], False),
    ],
)
def test_an_evaluator_is_listed_twice_for_other_endpoints_only(entries, fits):
    entries = [Evaluation(name, every, options) for every, (name, options) in enumerate(entries)]
    if fits:
        evaluators.check_listed(entries)
    else:
        with pytest.raises(ValueError, match=r"twice only for other endpoints.*Received: "):
            evaluators.check_listed(entries)


@pytest.mark.parametrize(("k", "columns", "expected"), [(1, 5, {1}), ((1, 3), 2, {1, 3})])
def test_numbers_of_neighbours(k, columns, expected):
    metrics = {one.metric for one in measured("neighbours", k=k, columns=columns, shown=1)}
    assert metrics == {f"probe/neighbours_{one}/accuracy" for one in expected} | {
        "neighbours/figure"
    }


def test_one_number_of_guesses():
    found = measured(
        "mlp_probe", endpoints="global", epochs=1, batch_size=8, hidden_units=4, top_k=1
    )
    assert {one.metric for one in found} == {"probe/mlp/accuracy", "probe/mlp/last_accuracy"}


@pytest.mark.parametrize("name", ["mlp_probe", "svm_probe"])
@pytest.mark.parametrize("endpoints", ["gloabl", ("global", "layer_9"), "fc", ()])
def test_endpoints_that_there_are_not(name, endpoints):
    with pytest.raises(ValueError, match=r"endpoints are global, conv\. Received: endpoints=\("):
        measured(name, endpoints=endpoints)


def test_an_encoder_without_dense_layers_is_measured_at_the_others():
    found = measured("svm_probe", endpoints=("conv", "fc", "global", "pixels"), fits=2)
    features = [one.tags["features"] for one in found if one.metric == "probe/svm/accuracy"]
    assert features == ["conv", "global", "pixels"]


@pytest.mark.parametrize(
    ("name", "decays"),
    [
        ("ndm", {1: (), 2: (1,), 3: (1, 2), 4: (2, 3), 1000: (500, 750)}),
        ("mine", {1: (), 2: (1,), 3: (1, 2), 5: (2, 4), 50: (25, 40)}),
        ("fine_tuning", {1: (), 2: (1,), 3: (1, 2), 100: (50, 75)}),
    ],
)
def test_the_rate_never_falls_before_the_first_epoch_is_over(name, decays, monkeypatch):
    seen = []

    class AskedError(Exception):
        pass

    def ask(*_, decay_epochs, **__):
        seen.append(decay_epochs)
        raise AskedError

    called = "fine_tune" if name == "fine_tuning" else name
    monkeypatch.setattr(evaluation, called, ask)
    for epochs in decays:
        with pytest.raises(AskedError):
            measured(name, epochs=epochs)
    assert dict(zip(decays, seen, strict=True)) == decays


def test_fewer_test_images_than_shown(monkeypatch):
    def perfect(*data, shown, **_):
        setting = MultiScale(7, 1.5, (1.0,))
        return Reconstruction(0.0, 1.0, setting, 1.0, (0.0,), data[3][:shown])

    monkeypatch.setattr(evaluation, "reconstruction", perfect)
    count = len(BRIGHTNESS["test"])
    picture = picture_of(measured("reconstruction", shown=2 * count))
    assert picture.shape == (2 * 8, count * 8, 1)
    np.testing.assert_array_equal(picture[:8], picture[8:])
