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
