"""The chain of couplings, from conditioners that one can work out by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.flows.invertibility import assert_invertible
from tf_infomax import flows

X = tf.constant([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]], tf.float64)


def twice_and_square(passed):
    """Shifts (2 p, p^2) of the one passed entry p."""
    return tf.concat([2.0 * passed, passed**2], axis=-1)


def test_a_shift_by_hand():
    # Permuted to (x2, x0, x1); x2 passes, the others move by (2 x2, x2^2).
    flow = flows.real_nvp([twice_and_square], [[2, 0, 1]])
    np.testing.assert_allclose(flow.forward(X), [[3.0, 7.0, 11.0], [2.0, 3.0, 4.5]], rtol=1e-14)
    np.testing.assert_array_equal(flow.forward_log_det_jacobian(X, event_ndims=1), 0.0)


def test_a_scale_by_hand():
    # softplus(log(e^s - 1)) = s: scales 2 and 3, and shifts p and -p.
    raw = tf.constant([[math.log(math.exp(scale) - 1) for scale in (2, 3)]] * 2, tf.float64)

    def conditioner(passed):
        return tf.concat([passed, -passed, raw], axis=-1)

    flow = flows.real_nvp([conditioner], [[0, 1, 2]], scale="softplus")
    expected = [[1.0, 2 * 2.0 + 1.0, 3 * 3.0 - 1.0], [-1.0, 2 * 0.5 - 1.0, 3 * 2.0 + 1.0]]
    # The scales are 1e-7 larger than they say.
    np.testing.assert_allclose(flow.forward(X), expected, atol=4e-7)
    log_det = flow.forward_log_det_jacobian(X, event_ndims=1)
    np.testing.assert_allclose(log_det, [math.log(6)] * 2, atol=1e-7)


def test_couplings_are_applied_from_the_last_to_the_first():
    def add_ten(passed):
        return 0.0 * twice_and_square(passed) + 10.0

    rotate = [1, 2, 0]
    flow = flows.real_nvp([twice_and_square, add_ten], [rotate, rotate])
    # Last: (x1, x2, x0), the moved ones + 10: (2, 13, 11). First: (13, 11, 2), p = 13:
    # (13, 11 + 26, 2 + 169).
    np.testing.assert_allclose(flow.forward(X)[0], [13.0, 37.0, 171.0], rtol=1e-14)


@pytest.mark.parametrize("scale", flows.SCALES)
def test_a_chain_inverts(scale):
    def conditioner(factor):
        return lambda passed: tf.concat(
            [tf.sin(factor * passed)] * (2 if scale == "none" else 4), axis=-1
        )

    rng = np.random.default_rng(0)
    permutations = [rng.permutation(3) for _ in range(4)]
    flow = flows.real_nvp([conditioner(1.0 + k) for k in range(4)], permutations, scale)

    def log_det(inputs):
        values = flow.forward_log_det_jacobian(inputs, event_ndims=1)
        return tf.broadcast_to(values, tf.shape(inputs)[:1])

    assert_invertible(flow.forward, flow.inverse, log_det, X)
