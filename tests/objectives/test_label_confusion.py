"""The losses of the label game, in nats."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.objectives import classifier_loss, uniform_label_loss

# Softmax (1/2, 1/4, 1/4) and (1/8, 1/8, 3/4).
LOGITS = np.log([[2.0, 1.0, 1.0], [1.0, 1.0, 6.0]])


def test_classifier_loss_by_hand():
    # Labels 1 and 2: (log 4 + log 4/3) / 2.
    loss = classifier_loss(tf.constant(LOGITS), tf.constant([1, 2]))
    np.testing.assert_allclose(loss, 0.5 * math.log(16 / 3), rtol=1e-14)


def test_examples_without_a_label_do_not_count():
    logits = np.concatenate([[[np.log(7.0), 0.0, 5.0]], LOGITS, [[1e3, 0.0, -1e3]]])
    loss = classifier_loss(tf.constant(logits), tf.constant([-1, 1, 2, -1], tf.int8))
    np.testing.assert_allclose(loss, 0.5 * math.log(16 / 3), rtol=1e-14)
    assert classifier_loss(tf.constant(LOGITS), tf.constant([-1, -1])) == 0.0


@pytest.mark.parametrize("label", [-2, 3])
def test_labels_of_no_class_are_refused(label):
    logits, labels = tf.constant(LOGITS), tf.constant([0, label])
    wanted = r"classes, 0 to 2, or -1 where there is none\."
    with pytest.raises(ValueError, match=rf"{wanted} Received: labels={label}"):
        classifier_loss(logits, labels)
    with pytest.raises(tf.errors.InvalidArgumentError, match=wanted):
        tf.function(classifier_loss)(logits, labels)


def test_uniform_loss_by_hand():
    # Rows: (log 2 + log 4 + log 4) / 3 and (log 8 + log 8 + log 4/3) / 3.
    expected = (math.log(2 * 4 * 4) + math.log(8 * 8 * 4 / 3)) / 6
    np.testing.assert_allclose(uniform_label_loss(tf.constant(LOGITS)), expected, rtol=1e-14)


def test_uniform_loss_is_smallest_where_nothing_is_known():
    for logit in (-5.0, 0.0, 1000.0):
        logits = tf.Variable(tf.fill([4, 10], tf.constant(logit, tf.float64)))
        with tf.GradientTape() as tape:
            loss = uniform_label_loss(logits)
        np.testing.assert_allclose(loss, math.log(10), rtol=1e-12)
        np.testing.assert_allclose(tape.gradient(loss, logits), np.zeros((4, 10)), atol=1e-15)


def test_large_logits_do_not_overflow():
    logits = tf.constant([[1000.0, -1000.0]])
    np.testing.assert_allclose(classifier_loss(logits, tf.constant([1])), 2000.0)
    np.testing.assert_allclose(uniform_label_loss(logits), 1000.0)
