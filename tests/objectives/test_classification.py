"""Classification: closed forms, and labels that are not there."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax.objectives import Classification, EncodedViews

RNG = np.random.default_rng(0)
MAPS = RNG.normal(size=(6, 2, 2, 3)).astype(np.float32)
LABELS = np.array([0, 3, -1, 2, -1, 1])


def connected(maps=MAPS, **options):
    encoder = StoredEndpoints(conv=tf.constant(maps))
    term = Classification(4, endpoint="conv", seed=0, **options)
    term.connect(EncodedViews({"image": encoder}))
    return term, encoder


def result(labels, maps=MAPS, **options):
    term, encoder = connected(maps, **options)
    return term.loss(encoder.features(labels=tf.constant(labels)))


def test_by_hand():
    term, encoder = connected(weight=0.5)
    loss, metrics = term.loss(encoder.features(labels=tf.constant(LABELS)))
    logits = MAPS.reshape(6, -1) @ term.classifier.kernel.numpy() + term.classifier.bias.numpy()
    there = LABELS >= 0
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    expected = -np.mean(log_softmax[there, LABELS[there]])
    np.testing.assert_allclose(metrics["classification_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(loss, 0.5 * expected, rtol=1e-5)
    accuracy = np.mean(logits.argmax(1)[there] == LABELS[there])
    np.testing.assert_allclose(metrics["classification_accuracy"], accuracy, rtol=1e-6)
    assert set(metrics) == set(term.metric_units)


def test_a_blind_classifier_loses_log_c():
    term, encoder = connected()
    term.classifier.kernel.assign(np.zeros((12, 4)))
    term.classifier.bias.assign(np.full(4, 2.5))
    loss, _ = term.loss(encoder.features(labels=tf.constant(LABELS)))
    np.testing.assert_allclose(loss, math.log(4), rtol=1e-6)


def test_unlabelled_images_do_not_count():
    expected = result(LABELS)
    moved = np.where((LABELS < 0)[:, None, None, None], 1e3, MAPS).astype(np.float32)
    for loss, metrics in (result(LABELS, moved), result(LABELS.astype(np.int32))):
        np.testing.assert_allclose(loss, expected[0], rtol=1e-6)
        assert metrics["classification_accuracy"] == expected[1]["classification_accuracy"]


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16])
def test_labels_may_be_small_integers(dtype):
    labels = np.abs(LABELS)
    expected = result(labels)
    loss, metrics = result(labels.astype(dtype))
    np.testing.assert_array_equal(loss, expected[0])
    assert metrics["classification_accuracy"] == expected[1]["classification_accuracy"]


def test_no_label_at_all():
    term, encoder = connected()
    maps = encoder.tensors()[0]
    with tf.GradientTape() as tape:
        tape.watch(maps)
        loss, metrics = term.loss(encoder.features(labels=tf.fill([6], -1)))
    assert loss == metrics["classification_accuracy"] == 0.0
    np.testing.assert_array_equal(tape.gradient(loss, maps), np.zeros_like(maps))


def test_half_precision():
    maps = tf.cast(MAPS, tf.bfloat16)
    encoder = StoredEndpoints(conv=maps)
    term = Classification(4, endpoint="conv", seed=0, dtype="mixed_bfloat16")
    term.connect(EncodedViews({"image": encoder}))
    loss, _ = term.loss(encoder.features(labels=tf.constant(LABELS)))
    assert loss.dtype == tf.float32
    np.testing.assert_allclose(loss, result(LABELS)[0], rtol=0.03)


def test_config_makes_the_same_term():
    term = Classification(7, "fc", 0.3, seed=2, name="mine")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(term))
    assert copy.get_config() == term.get_config() and copy.num_classes == 7


@pytest.mark.parametrize("label", [-2, 4])
def test_only_minus_one_is_no_label(label):
    term, encoder = connected()
    labels = tf.constant(np.where(LABELS == -1, label, LABELS))
    wanted = r"0 to 3, or -1 where there is none\."
    with pytest.raises(ValueError, match=rf"{wanted} Received: labels={label}"):
        term.loss(encoder.features(labels=labels))

    def loss(labels):
        return term.loss(encoder.features(labels=labels))[0]

    with pytest.raises(tf.errors.InvalidArgumentError, match=wanted):
        tf.function(loss)(labels)
    # XLA compiles no assertions.
    assert np.isnan(tf.function(loss, jit_compile=True)(labels))


def test_errors():
    term, encoder = connected()
    with pytest.raises(ValueError, match=r"needs labels. Received: images without labels"):
        term.loss(encoder.features())
    with pytest.raises(ValueError, match=r"no endpoint 'fc'. It has: conv.* endpoint='fc'"):
        Classification(4, endpoint="fc").connect(EncodedViews({"image": encoder}))
    for labels, received in (
        (LABELS[:, None], r"int64 of shape \(6, 1\)"),
        (LABELS.astype(np.float32), r"float32 of shape \(6,\)"),
    ):
        with pytest.raises(ValueError, match=rf"integers of shape \[K\]. Received: {received}"):
            term.loss(encoder.features(labels=tf.constant(labels)))
    for number in (1, 2.5):
        with pytest.raises(ValueError, match=rf"2 or more. Received: num_classes={number}"):
            Classification(number)
