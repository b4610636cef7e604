"""Coordinates: losses in closed form, which place is which, and what is learnt from what."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax.objectives import Coordinates, EncodedViews, RelativeCoordinates
from tf_infomax.objectives.coordinates import coordinate_accuracies, coordinate_loss

RNG = np.random.default_rng(0)
TERMS = {"absolute": Coordinates, "relative": RelativeCoordinates}
each_term = pytest.mark.parametrize("kind", TERMS)


def stored(side=3, local=4, code=2, images=6, dtype=np.float32):
    return StoredEndpoints(**{
        "local": tf.constant(RNG.normal(size=(images, side, side, local)).astype(dtype)),
        "global": tf.constant(RNG.normal(size=(images, code)).astype(dtype)),
    })


def connected(kind, encoder, **options):
    term = TERMS[kind](**{"hidden_units": (8,), "seed": 0, **options})
    term.connect(EncodedViews({"image": encoder}))
    return term


def test_uniform_logits():
    # Nothing is known: log H for the row and as much for the column.
    for side in (2, 5):
        places = tf.constant(RNG.integers(0, side, size=(7, 3)))
        logits = tf.fill([7, 3, 2 * side], tf.constant(4.0, tf.float64))
        loss = coordinate_loss(logits, places, places)
        np.testing.assert_allclose(loss, 2 * math.log(side), rtol=1e-12)


def test_loss_and_accuracies_by_hand():
    # One case: row logits log(1, 3), column logits log(4, 1).
    logits = tf.constant(np.log([[1.0, 3.0, 4.0, 1.0]]))
    loss = coordinate_loss(logits, tf.constant([1]), tf.constant([1]))
    np.testing.assert_allclose(loss, math.log(4 / 3) + math.log(5), rtol=1e-12)
    assert coordinate_accuracies(logits, tf.constant([1]), tf.constant([1])) == (1.0, 0.0)


def test_half_precision_logits_count_in_float32():
    logits = tf.cast([[9.0, -9.0, 0.5, 0.0]], tf.float16)
    assert coordinate_loss(logits, tf.constant([1]), tf.constant([0])).dtype == tf.float32


class Oracle:
    """A network that reads the answer off its inputs."""

    def __init__(self, values, row, column, scale=1000.0):
        self.values, self.read, self.scale = values, (row, column), scale

    def __call__(self, inputs):
        answers = [tf.cast(tf.round(read(inputs)), tf.int32) for read in self.read]
        hot = [tf.one_hot(answer, self.values, self.scale) for answer in answers]
        return tf.concat(hot, axis=-1)


def maps_of_places(images, side):
    """Local maps whose two channels are row and column."""
    rows, columns = np.indices((side, side)).astype(np.float32)
    return np.tile(np.stack([rows, columns], -1), (images, 1, 1, 1))


def test_absolute_coordinates_are_row_and_column():
    encoder = StoredEndpoints(**{
        "local": tf.constant(maps_of_places(5, 4)), "global": tf.zeros([5, 3])
    })
    term = connected("absolute", encoder)
    term.layers_ = [Oracle(4, lambda x: x[:, 0], lambda x: x[:, 1])]
    loss, metrics = term.loss(encoder.features())
    np.testing.assert_allclose(loss, 0.0, atol=1e-6)
    assert metrics["coordinates_accuracy"] == 1.0
    term.layers_ = [Oracle(4, lambda x: x[:, 1], lambda x: x[:, 0])]
    # Exchanged, a quarter of the places are right: those of the diagonal.
    assert term.loss(encoder.features())[1]["coordinates_accuracy"] == 0.25


def test_relative_coordinates_are_target_minus_source():
    encoder = StoredEndpoints(**{
        "local": tf.constant(maps_of_places(9, 4)), "global": tf.zeros([9, 3])
    })
    term = connected("relative", encoder)
    # Inputs: target's features, source's features, code. Offsets -3 .. 3 are classes 0 .. 6.
    term.layers_ = [Oracle(7, lambda x: x[:, 0] - x[:, 2] + 3, lambda x: x[:, 1] - x[:, 3] + 3)]
    for seed in ((1, 2), (3, 4)):
        loss, metrics = term.loss(encoder.features(seed))
        np.testing.assert_allclose(loss, 0.0, atol=1e-6)
        assert metrics["relative_coordinates_accuracy"] == 1.0


def test_sources_are_uniform_and_each_image_has_its_own():
    images, side = 3000, 2
    encoder = StoredEndpoints(**{
        "local": tf.constant(maps_of_places(images, side)), "global": tf.zeros([images, 1])
    })
    seen = []

    def keep(inputs):
        seen.append(inputs.numpy())
        return tf.zeros([len(inputs), 2 * (2 * side - 1)])

    term = connected("relative", encoder)
    term.layers_ = [keep]
    loss, _ = term.loss(encoder.features())
    np.testing.assert_allclose(loss, 2 * math.log(2 * side - 1), rtol=1e-5)
    sources = seen[0].reshape(images, side * side, -1)[:, :, 2:4]
    # One source an image, for all its targets.
    assert (sources == sources[:, :1]).all()
    counts = np.bincount((2 * sources[:, 0, 0] + sources[:, 0, 1]).astype(int), minlength=4)
    assert np.abs(counts - images / 4).max() < 4 * math.sqrt(images * 3 / 16)


@each_term
@pytest.mark.parametrize("network", ["mlp", "released"])
def test_reports_what_it_says_and_weighs_the_loss(kind, network):
    encoder = stored()
    term = connected(kind, encoder, network=network, weight=0.5)
    loss, metrics = term.loss(encoder.features())
    assert set(metrics) == set(term.metric_units)
    np.testing.assert_allclose(loss, 0.5 * metrics[f"{term.label}_loss"], rtol=1e-6)
    # Untrained: near chance.
    chance = 2 * math.log(3 if kind == "absolute" else 5)
    assert 0.5 * chance < metrics[f"{term.label}_loss"] < 3 * chance
    assert not term.players and term.representation_variables == term.trainable_variables


@each_term
def test_gradients_reach_endpoints_and_weights(kind):
    encoder = stored()
    term = connected(kind, encoder)
    variables = [*encoder.tensors(), *(v.value for v in term.trainable_variables)]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        loss, _ = term.loss(encoder.features())
    assert all(np.abs(gradient).max() > 0 for gradient in tape.gradient(loss, variables))


@each_term
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(kind, policy):
    encoder = stored()
    half = StoredEndpoints(**{
        name: tf.cast(value, policy.removeprefix("mixed_"))
        for name, value in encoder.endpoints(None).items()
    })
    loss = connected(kind, half, dtype=policy).loss(half.features())[0]
    assert loss.dtype == tf.float32
    expected = connected(kind, encoder).loss(encoder.features())[0]
    np.testing.assert_allclose(loss, expected, rtol=0.05)


@each_term
def test_config_makes_the_same_term(kind):
    term = TERMS[kind](0.3, True, "released", (4, 5), seed=7, name="mine")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(term))
    assert type(copy) is type(term) and copy.get_config() == term.get_config()
    assert (copy.occluded, copy.network, copy.weight) == (True, "released", 0.3)


@each_term
def test_errors(kind):
    with pytest.raises(ValueError, match=r"`network` must be one of .* Received: network='cnn'"):
        TERMS[kind](network="cnn")
    oblong = StoredEndpoints(**{"local": tf.zeros([2, 3, 4, 5]), "global": tf.zeros([2, 6])})
    with pytest.raises(ValueError, match=r"square local map. Received: shape \(3, 4, 5\)"):
        connected(kind, oblong)
    several = StoredEndpoints(**{"local": tf.zeros([2, 3, 3, 5]), "global": tf.zeros([2, 2, 2, 6])})
    with pytest.raises(ValueError, match=r"single global code.* Received: shape \(2, 2, 6\)"):
        connected(kind, several)
    with pytest.raises(ValueError, match=r"no endpoint 'local'. It has: global"):
        connected(kind, StoredEndpoints(**{"global": tf.zeros([2, 6])}))
