"""The one check of every flow: it inverts, and its log-determinant is that of its Jacobian."""

import numpy as np
import tensorflow as tf

__all__ = ["assert_invertible"]


def assert_invertible(forward, inverse, log_det, inputs, tolerance=1e-9):
    """Checks a bijection of R^D at ``inputs`` and at fresh codes.

    Args:
        forward, inverse: ``[K, D] -> [K, D]``.
        log_det: ``[K, D] -> [K]``, of ``forward``.
        inputs: float64 ``[K, D]``.
        tolerance: absolute, on values and log-determinants of order 1.
    """
    inputs = tf.constant(inputs, tf.float64)
    # Codes of nothing we have encoded: an inverse that only remembers is no inverse. Bijectors do
    # remember the tensors of their last calls, so each call gets a tensor of its own.
    fresh = tf.constant(np.random.default_rng(5).normal(size=inputs.shape))
    codes = forward(inputs)
    back = inverse(tf.identity(codes))
    there = forward(tf.identity(inverse(fresh)))
    close = {"rtol": 0, "atol": tolerance}
    np.testing.assert_allclose(back, inputs, **close, err_msg="inverse(forward(x))")
    np.testing.assert_allclose(there, fresh, **close, err_msg="forward(inverse(z))")
    expected = _log_det_of_jacobian(forward, inputs)
    np.testing.assert_allclose(log_det(inputs), expected, **close, err_msg="log_det(x)")
    expected_back = -_log_det_of_jacobian(inverse, codes)
    np.testing.assert_allclose(expected_back, expected, **close, err_msg="that of the inverse")


def _log_det_of_jacobian(function, inputs):
    """``slogdet`` of the Jacobian at each input; rows are taken to be independent."""
    inputs = tf.identity(inputs)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        entries = tf.unstack(function(inputs), axis=1)
    rows = [tape.gradient(entry, inputs).numpy() for entry in entries]
    return np.linalg.slogdet(np.stack(rows, axis=1)).logabsdet
