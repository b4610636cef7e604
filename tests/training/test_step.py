"""One gradient step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.training.step import gradient_step


@pytest.mark.parametrize("make", [keras.Variable, tf.Variable], ids=["keras", "tensorflow"])
def test_moves_the_given_variables_only(make):
    moved, other = make(2.0), make(3.0)

    def loss_and_metrics():
        loss = moved * moved * other
        return loss, {"square": moved * moved}

    # d/dw w^2 u = 2 w u = 12: w goes from 2 to 2 - 0.1 * 12 = 0.8.
    results = gradient_step(loss_and_metrics, [moved], keras.optimizers.SGD(0.1))
    np.testing.assert_allclose(moved, 0.8, rtol=1e-6)
    np.testing.assert_array_equal(other, 3.0)
    # From before the update.
    assert {name: float(value) for name, value in results.items()} == {"loss": 12.0, "square": 4.0}


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_steps_one_after_the_other(wrap):
    variable, optimizer = keras.Variable([1.0, -2.0]), keras.optimizers.SGD(0.1)
    optimizer.build([variable])

    def loss_and_metrics():
        return tf.reduce_sum(variable**4), {}

    step = wrap(lambda: gradient_step(loss_and_metrics, [variable], optimizer))
    # w - 0.4 w^3: 1 -> 0.6 and -2 -> 1.2.
    np.testing.assert_allclose(step()["loss"], 1 + 16, rtol=1e-6)
    np.testing.assert_allclose(variable, [0.6, 1.2], rtol=1e-5)
    np.testing.assert_allclose(step()["loss"], 0.6**4 + 1.2**4, rtol=1e-5)


def two_steps(wrap, scaled):
    """(losses, variable after them) of two steps."""
    variable, optimizer = keras.Variable([1.0, -2.0]), keras.optimizers.SGD(0.1)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0**12)
    optimizer.build([variable])

    def loss_and_metrics():
        return tf.reduce_sum(variable**4), {}

    step = wrap(lambda: gradient_step(loss_and_metrics, [variable], optimizer))
    return [float(step()["loss"]) for _ in range(2)], variable.numpy()


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_loss_scaling_gives_the_same_update(wrap):
    losses, weights = two_steps(wrap, scaled=True)
    # What is reported is not scaled: 1 + 16. A power of two takes no digits away.
    assert losses[0] == 17.0
    expected_losses, expected_weights = two_steps(wrap, scaled=False)
    assert losses == expected_losses
    np.testing.assert_array_equal(weights, expected_weights)


def test_loss_scaling_saves_gradients_that_half_precision_would_lose():
    for scale, expected in ((1.0, 1.0), (2.0**15, 1.0 - 2.0**-27)):
        variable = keras.Variable(1.0, dtype="float64")
        inner = keras.optimizers.SGD(1.0)
        optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=scale)

        def loss_and_metrics(variable=variable):
            # The gradient 2^-27 passes through float16, whose smallest number is 2^-24.
            half = tf.cast(tf.cast(variable, tf.float32), tf.float16)
            return tf.cast(half, tf.float32) * 2.0**-27, {}

        gradient_step(loss_and_metrics, [variable], optimizer)
        np.testing.assert_array_equal(variable, expected)


def test_a_step_whose_scaled_gradient_overflows_is_left_out():
    variable = keras.Variable(1.0)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), 2.0**126)
    optimizer.build([variable])
    # The gradient 2 w is infinite at scale 2^126 times 2, and again at 2^125 no more.
    loss = gradient_step(lambda: (2.0 * variable * variable, {}), [variable], optimizer)["loss"]
    np.testing.assert_array_equal((loss, variable), (2.0, 1.0))
    assert optimizer.dynamic_scale == 2.0**125
    gradient_step(lambda: (2.0 * variable * variable, {}), [variable], optimizer)
    np.testing.assert_allclose(variable, 0.6, rtol=1e-6)
