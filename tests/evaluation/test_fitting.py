"""Epochs of minibatch steps: every example once, in an order of the epoch's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.evaluation.fitting import Epochs, batches_of, pixels, staircase
from tf_infomax.layers.optimizers import Adam

VALUES = np.arange(12, dtype=np.float32)


def epochs_of(values, batch_size, seed=0, rate=0.5):
    """Gradient descent on ``w * mean(batch)``: each step moves w by rate * mean(batch)."""
    weight, seen = tf.Variable(100.0), tf.Variable(tf.zeros([0]), shape=[None])

    def loss_and_metrics(step_seed, batch, same):
        tf.debugging.assert_equal(batch, same)
        seen.assign(tf.concat([seen, batch], axis=0))
        return weight * tf.reduce_mean(batch), {"first_seed": step_seed[0] % 1000}

    optimizer = keras.optimizers.SGD(rate)
    arrays = (values, values)
    fit = Epochs(loss_and_metrics, [weight], optimizer, arrays, batch_size, seed, ("first_seed",))
    return fit, weight, seen


def test_an_epoch_sees_every_example_once():
    fit, weight, seen = epochs_of(VALUES, 4)
    first, second = fit.run(0), fit.run(1)
    orders = seen.numpy().reshape(2, 12)
    np.testing.assert_array_equal(np.sort(orders), [VALUES, VALUES])
    assert (orders[0] != orders[1]).any() and (orders[0] != VALUES).any()
    # Three steps an epoch, whose means sum up to 3 * 5.5.
    np.testing.assert_allclose(weight, 100.0 - 2 * 0.5 * 3 * 5.5, rtol=1e-6)
    # Loss is the mean over the steps, each from before its update.
    weights, losses = 100.0, []
    for batch in orders.reshape(6, 4):
        losses.append(weights * batch.mean())
        weights -= 0.5 * batch.mean()
    np.testing.assert_allclose(first["loss"], np.mean(losses[:3]), rtol=1e-6)
    np.testing.assert_allclose(second["loss"], np.mean(losses[3:]), rtol=1e-6)
    assert first["first_seed"] != second["first_seed"]


def test_a_partial_batch_is_skipped():
    fit, _, seen = epochs_of(VALUES, 5)
    fit.run(0)
    assert len(np.unique(seen.numpy())) == 10


def test_an_epoch_depends_on_its_number_and_the_seed_alone():
    orders = []
    for seed, before in ((0, []), (0, [1, 0]), (1, [])):
        fit, _, seen = epochs_of(VALUES, 4, seed)
        for epoch in (*before, 3):
            fit.run(epoch)
        orders.append(seen.numpy()[-12:].tolist())
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("batch_size", [0, 13])
def test_there_must_be_a_batch(batch_size):
    with pytest.raises(ValueError, match=f"examples, 12. Received: batch_size={batch_size}"):
        epochs_of(VALUES, batch_size)


def test_the_rate_falls_at_the_start_of_an_epoch():
    variable = tf.Variable(0.0)
    optimizer = Adam(staircase(1.0, 0.1, (2, 3), steps_per_epoch=4))
    rates = []
    for _ in range(16):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([tf.constant(1.0)], [variable])
    np.testing.assert_allclose(rates, [1.0] * 8 + [0.1] * 4 + [0.01] * 4, rtol=1e-6)
    assert staircase(0.3, 0.1, (), 4) == 0.3


@pytest.mark.parametrize("decay_epochs", [(3, 2), (-1, 2)])
def test_rates_fall_in_order(decay_epochs):
    with pytest.raises(ValueError, match=rf"ascending.*=\({decay_epochs[0]}, {decay_epochs[1]}\)"):
        staircase(1.0, 0.1, decay_epochs, 4)


@pytest.mark.parametrize("batch_size", [1, 5, 12, 100])
def test_batches_come_in_order(batch_size):
    run = batches_of(lambda a, b: tf.stack([a, 2.0 * b], axis=1), (VALUES, -VALUES), batch_size)
    np.testing.assert_array_equal(run(), np.stack([VALUES, -2 * VALUES], axis=1))


def test_pixels():
    np.testing.assert_allclose(pixels(tf.constant([0, 51, 255], tf.uint8)), [-1, -0.6, 1], 1e-6)
    np.testing.assert_array_equal(pixels(tf.constant([0.25, -1.0])), [0.25, -1.0])
