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


def test_the_same_in_a_graph():
    eager, graph = keras.Variable([1.0, -2.0]), keras.Variable([1.0, -2.0])
    for variable, wrap in ((eager, lambda f: f), (graph, tf.function)):
        optimizer = keras.optimizers.SGD(0.1)
        optimizer.build([variable])

        def loss_and_metrics(variable=variable):
            return tf.reduce_sum(variable**4), {}

        step = wrap(
            lambda loss=loss_and_metrics, variable=variable, optimizer=optimizer: gradient_step(
                loss, [variable], optimizer
            )
        )
        losses = [float(step()["loss"]) for _ in range(3)]
        # w - 0.4 w^3: 1 -> 0.6, -2 -> 1.2.
        np.testing.assert_allclose(losses[:2], [17.0, 0.6**4 + 1.2**4], rtol=1e-5)
    np.testing.assert_allclose(eager, graph, rtol=1e-6)
