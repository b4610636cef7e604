"""Terms on two random views: values against the pure functions, training, saving."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

from tests.stored_endpoints import StoredEndpoints
from tf_infomax import bounds, encoders, objectives
from tf_infomax.critics import BilinearCritic, CosineCritic
from tf_infomax.layers.optimizers import Adam
from tf_infomax.models.deep_infomax import DeepInfoMax
from tf_infomax.numerics import geometry
from tf_infomax.objectives import EncodedViews, two_views
from tf_infomax.objectives.features import Features

RNG = np.random.default_rng(0)
# Whole images, so that on the digits only a shift of brightness is left.
PLAIN = {"crop_area": 1.0, "flip": False, "grey": 0.0}


def unit(codes):
    return codes / np.linalg.norm(codes, axis=1, keepdims=True)


X, Y = 3.0 * RNG.normal(size=(2, 9, 5))
LABELS = np.array([0, 1, 2, -1, 1, 0, 2, 2, 1])


def expected_of(name, term):
    """The loss of the codes X and Y, from the parts that are tested on their own."""
    x, y = unit(X), unit(Y)
    if name == "contrastive":
        return -bounds.infonce(x @ y.T / 0.5)
    if name == "alignment_uniformity":
        spread = (geometry.uniformity(x, 3.0) + geometry.uniformity(y, 3.0)) / 2
        return 0.7 * geometry.alignment(x, y, 1.0) + 1.3 * spread
    if name == "triplet":
        return objectives.batch_triplet(x, y, margin=0.4, mining="hard")
    if name == "nt_xent":
        return nt_xent(np.concatenate([x, y]), 0.5)
    if name == "barlow_twins":
        both = np.corrcoef(X.T, Y.T)[:5, 5:]
        return sum((i == j) * (1 - both[i, j]) ** 2 + 0.1 * (i != j) * both[i, j] ** 2
                   for i in range(5) for j in range(5))
    if name == "vicreg":
        moments = [np.cov(codes.T) for codes in (X, Y)]
        spread = sum(np.maximum(4.0 - np.sqrt(np.diag(one) + 1e-4), 0).mean() for one in moments)
        dependence = sum((one**2).sum() - (np.diag(one) ** 2).sum() for one in moments) / 5
        return 2.0 * np.mean((X - Y) ** 2) + 3.0 * spread + 4.0 * dependence
    kernel, bias = term.classification.classifier.weights
    logits = np.concatenate([x, y]) @ kernel.numpy() + bias.numpy()
    log_softmax = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    labels = np.tile(LABELS, 2)
    labelled = labels >= 0
    return -np.mean(log_softmax[labelled, labels[labelled]])


def nt_xent(codes, temperature):
    """Over the 2 K views, each with its partner and all others, written out."""
    size, losses = len(codes), []
    for i, code in enumerate(codes):
        partner = (i + size // 2) % size
        others = [math.exp(code @ codes[j] / temperature) for j in range(size) if j != i]
        losses.append(math.log(sum(others)) - code @ codes[partner] / temperature)
    return np.mean(losses)


OPTIONS = {
    "contrastive": {"temperature": 0.5},
    "alignment_uniformity": {
        "alignment_weight": 0.7, "uniformity_weight": 1.3, "exponent": 1.0, "t": 3.0,
    },
    "triplet": {"margin": 0.4, "mining": "hard"},
    "supervised": {"num_classes": 3, "seed": 1},
    "nt_xent": {"temperature": 0.5},
    "barlow_twins": {"off_diagonal": 0.1},
    "vicreg": {"invariance": 2.0, "variance": 3.0, "covariance": 4.0, "deviation": 4.0},
}


def encoder(output_units=5):
    found = encoders.get("basic28x28", output_units=output_units, widths=(4, 8, 16), seed=0)
    found.build((None, 28, 28, 1))
    return found


def digits(number):
    images = load_digits()
    pixels = np.kron(images.images[:number] / 8.0 - 1.0, np.ones((1, 3, 3)))
    pixels = np.pad(pixels, ((0, 0), (2, 2), (2, 2)), constant_values=-1.0)
    return tf.constant(pixels[..., np.newaxis], tf.float32), tf.constant(images.target[:number])


def test_every_name_is_known_here():
    # Which reads maps: tests/objectives/test_multi_scale.py.
    assert set(two_views.names()) == {*OPTIONS, "multi_scale"}
    with pytest.raises(ValueError, match="Unknown loss of two views 'triplets'"):
        two_views.get("triplets")


@pytest.mark.parametrize("name", OPTIONS)
def test_the_value_and_the_weight(name):
    given = {"views": ("view_1", "view_2"), "dtype": "float64"}
    term = two_views.get(name, **given, **OPTIONS[name])
    if name == "contrastive":
        term = objectives.ViewInformation(CosineCritic(0.5, dtype="float64"), **given)
    codes = {"view_1": tf.constant(X), "view_2": tf.constant(Y)}
    encoded = EncodedViews({view: StoredEndpoints(code=one) for view, one in codes.items()})
    term.connect(encoded)
    value, metrics = term.loss(Features(encoded, codes, labels=tf.constant(LABELS)))
    # Barlow Twins adds 1e-5 to the variances.
    precision = 1e-5 if name == "barlow_twins" else 1e-6
    assert float(value) == pytest.approx(float(expected_of(name, term)), rel=precision)
    assert set(metrics) == set(term.metric_units)


@pytest.mark.parametrize("name", OPTIONS)
def test_views_are_encoded_once_and_weighted(name):
    images, labels = digits(8)
    options = {**PLAIN, **OPTIONS[name], **({"num_classes": 10} if name == "supervised" else {})}
    one, two = (two_views.get(name, weight=weight, **options) for weight in (1.0, 2.5))
    network = encoder()
    calls = []
    endpoints = network.endpoints
    network.endpoints = lambda *args, **kwargs: calls.append(0) or endpoints(*args, **kwargs)
    encoded = EncodedViews({"image": network})
    for term in (one, two):
        term.connect(encoded)
    features = Features(encoded, {"image": images}, tf.constant([1, 2]), labels, training=True)
    values = [float(term.loss(features)[0]) for term in (one, two)]
    assert values[1] == pytest.approx(2.5 * values[0]) and len(calls) == 1
    x, y = features.pair(one.random_view, "global")
    assert x.shape == y.shape == (8, 5) and not np.allclose(x, y)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["alignment_uniformity", "triplet", "supervised", "nt_xent", "barlow_twins", "vicreg"],
)
def test_training_lowers_the_loss_on_digits(name):
    images, labels = digits(64)
    options = {"num_classes": 10} if name == "supervised" else {}
    term = two_views.get(name, **PLAIN, **options)
    model = DeepInfoMax(encoder(), [term], seed=0)
    model.build((None, 28, 28, 1))
    model.compile(Adam(3e-3))
    model.build_optimizers()
    step = tf.function(model.update)
    losses = [float(step(images, labels, tf.constant([0, t]))["loss"]) for t in range(40)]
    # A tenth of the way from the first steps to the least that the loss can be.
    least = {
        "contrastive": -math.log(64), "alignment_uniformity": geometry.uniformity_floor(5),
        "triplet": 0.0, "supervised": 0.0, "nt_xent": 0.0, "barlow_twins": 0.0, "vicreg": 0.0,
    }[name]
    start, end = np.mean(losses[:3]), np.mean(losses[-3:])
    assert np.isfinite(losses).all()
    assert end < start - 0.1 * (start - least)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "supervised"])
def test_a_step_compiles_with_xla(name):
    images, labels = digits(12)
    results = []
    for jit_compile in (False, True):
        # Without random views: XLA draws other numbers.
        term = two_views.get(name, colour_jitter=0.0, **PLAIN)
        model = DeepInfoMax(encoder(), [term], seed=0)
        model.build((None, 28, 28, 1))
        model.compile(Adam(1e-3))
        model.build_optimizers()
        step = tf.function(model.update, jit_compile=jit_compile)
        results.append(float(step(images, labels, tf.constant([0, 1]))["loss"]))
    assert results[0] == pytest.approx(results[1], abs=1e-4)


@pytest.mark.slow
def test_both_losses_in_one_model_through_keras(tmp_path):
    images, _ = digits(16)
    terms = [
        objectives.ViewInformation(BilinearCritic(5, seed=0), "nwj", weight=0.5, **PLAIN),
        objectives.AlignmentUniformity(t=1.0, **PLAIN),
    ]
    model = DeepInfoMax(encoder(), terms, seed=0)
    model.compile(Adam(1e-3))
    history = model.fit(images, batch_size=8, epochs=1, verbose=0).history
    assert set(history) == {"loss", "view_information", "alignment", "uniformity"}
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.encoder(images), model.encoder(images), rtol=1e-6)
    for ours, theirs in zip(loaded.objectives, model.objectives, strict=True):
        assert json.dumps(ours.get_config()) == json.dumps(theirs.get_config())
    np.testing.assert_array_equal(loaded.objectives[0].critic.kernel, terms[0].critic.kernel)


@pytest.mark.parametrize("name", OPTIONS)
def test_config_makes_the_same_term(name):
    common = {"weight": 2.0, "endpoint": "fc", "crop_area": 0.5, "flip": False}
    term = two_views.get(name, **common, **OPTIONS[name])
    copy = type(term).from_config(term.get_config())
    assert json.dumps(copy.get_config()) == json.dumps(term.get_config())
    assert copy.random_view == term.random_view and copy.endpoint == "fc" and copy.weight == 2.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"t": 0.0}, r"`t` must be positive. Received: t=0.0\."),
        ({"alignment_weight": -1.0}, r"0 or more. Received: alignment_weight=-1.0\."),
        ({"crop_area": 0.0}, r"in \(0, 1\]. Received: crop_area=0.0\."),
        ({"grey": 1.5}, r"in \[0, 1\]. Received: grey=1.5\."),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        objectives.AlignmentUniformity(**options)


def test_maps_are_refused():
    with pytest.raises(ValueError, match=r"code vectors.*Received: endpoint='local' of shape"):
        objectives.AlignmentUniformity(endpoint="local").connect(EncodedViews({"image": encoder()}))
