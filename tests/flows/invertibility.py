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
    # Codes of nothing we have encoded: an inverse that only remembers is no inverse.
    fresh = tf.constant(np.random.default_rng(5).normal(size=inputs.shape))
    codes = forward(inputs)
    close = {"rtol": 0, "atol": tolerance}
    np.testing.assert_allclose(inverse(codes), inputs, **close, err_msg="inverse(forward(x))")
    np.testing.assert_allclose(forward(inverse(fresh)), fresh, **close, err_msg="forward(inverse)")

    with tf.GradientTape(persistent=True) as tape:
        tape.watch([inputs, codes])
        outputs, origins = forward(inputs), inverse(codes)
    there = np.linalg.slogdet(tape.batch_jacobian(outputs, inputs).numpy()).logabsdet
    back = np.linalg.slogdet(tape.batch_jacobian(origins, codes).numpy()).logabsdet
    np.testing.assert_allclose(log_det(inputs), there, **close, err_msg="log_det(x)")
    np.testing.assert_allclose(back, -there, **close, err_msg="log-determinant of the inverse")
