"""The sign of a bound, and the distance to a target."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.objectives import mutual_information_loss


@pytest.mark.parametrize(
    ("bound", "target", "loss", "gradient"),
    [(1.5, None, -1.5, -1.0), (1.5, 4.0, 2.5, -1.0), (5.0, 4.0, 1.0, 1.0), (-2.0, 0.0, 2.0, -1.0)],
)
def test_descent_raises_the_bound_or_brings_it_to_the_target(bound, target, loss, gradient):
    bound = tf.Variable(bound)
    with tf.GradientTape() as tape:
        value = mutual_information_loss(bound, target)
    np.testing.assert_array_equal(value, np.float32(loss))
    np.testing.assert_array_equal(tape.gradient(value, bound), np.float32(gradient))
