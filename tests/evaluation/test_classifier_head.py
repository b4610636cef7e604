"""The probes' classifier and its loss over the labelled rows."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.evaluation.classifier_head import (
    ClassifierHead,
    labelled_accuracy,
    labelled_cross_entropy,
)

RNG = np.random.default_rng(0)
MAPS = RNG.normal(size=(6, 2, 2, 3)).astype(np.float32)


def test_layers_in_their_order():
    head = ClassifierHead(4, 5, dropout=0.0, seed=0, dtype="float64")
    hidden = MAPS.reshape(6, 12).astype(np.float64)
    head.build(MAPS.shape)
    hidden = hidden @ head.hidden.kernel.numpy() + head.hidden.bias.numpy()
    hidden = (hidden - hidden.mean(axis=0)) / np.sqrt(hidden.var(axis=0) + 1e-5)
    expected = np.maximum(hidden, 0) @ head.logits.kernel.numpy() + head.logits.bias.numpy()
    np.testing.assert_allclose(head(MAPS, training=True), expected, rtol=1e-10)


def test_dropout_comes_before_batch_norm():
    # Dropped units are zeros that batch norm counts: its mean of a constant unit c shows it. After
    # dropout of one half, kept entries are 2 c.
    head = ClassifierHead(2, 400, dropout=0.5, seed=0)
    head.build((None, 1))
    head.hidden.kernel.assign(tf.zeros([1, 400]))
    head.hidden.bias.assign(tf.ones([400]))
    head(np.ones((8, 1), np.float32), training=True)
    means = head.normalization.moving_mean.numpy() * 10 * 8 / 2
    np.testing.assert_allclose(means, np.round(means), atol=1e-4)
    assert len(np.unique(np.round(means))) > 3


def test_saving_and_seeds(tmp_path):
    head = ClassifierHead(4, 5, hidden_bias=False, seed=3)
    expected = head(MAPS)
    head.save(tmp_path / "head.keras")
    loaded = keras.models.load_model(tmp_path / "head.keras")
    np.testing.assert_array_equal(loaded(MAPS), expected)
    assert loaded.get_config() == head.get_config()
    np.testing.assert_array_equal(ClassifierHead(4, 5, hidden_bias=False, seed=3)(MAPS), expected)
    assert (ClassifierHead(4, 5, hidden_bias=False, seed=4)(MAPS) != expected).numpy().any()


def test_labelled_rows_alone_count():
    logits = RNG.normal(size=(5, 3))
    labels = np.array([2, -1, 0, -1, 1])
    log_odds = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss = labelled_cross_entropy(tf.constant(labels), tf.constant(logits))
    np.testing.assert_allclose(loss, -np.mean(log_odds[[0, 2, 4], [2, 0, 1]]), rtol=1e-12)
    # An unlabelled row may hold anything.
    logits[[1, 3]] = np.nan
    again = labelled_cross_entropy(tf.constant(labels), tf.constant(logits))
    np.testing.assert_array_equal(again, loss)


def test_accuracy_among_the_first_k():
    logits = tf.constant([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [0.0, 0.0, 9.0]])
    labels = tf.constant([0, 1, 2, -1])
    values = [float(labelled_accuracy(labels, logits, k)) for k in (1, 2, 3, 5)]
    np.testing.assert_allclose(values, [1 / 3, 2 / 3, 1, 1], rtol=1e-6)
    nothing = tf.fill([4], -1)
    assert float(labelled_accuracy(nothing, logits)) == 0.0
    assert float(labelled_cross_entropy(nothing, logits)) == 0.0


@pytest.mark.parametrize(
    ("options", "received"),
    [
        ({"num_classes": 1}, "num_classes=1"),
        ({"num_classes": 3, "hidden_units": 0}, "hidden_units=0"),
        ({"num_classes": 3, "hidden_units": True}, "hidden_units=True"),
        ({"num_classes": 3, "dropout": 1.0}, "dropout=1.0"),
        ({"num_classes": 3, "dropout": "a"}, "dropout='a'"),
    ],
)
def test_errors(options, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        ClassifierHead(**options)
