"""The log-density ratio of Gaussian variates that are correlated coordinate by coordinate."""

import tensorflow as tf

__all__ = ["gaussian_log_ratios", "gaussian_parts"]


def gaussian_parts(a, b, correlations):
    """What the log-density ratio is made of: ``of_a[k] + of_b[m] + weights[k] @ b[m]``, in nats.

    A pair of variates with correlation rho contributes
    ``-1/2 log(1 - rho^2) + (rho a b - rho^2 (a^2 + b^2) / 2) / (1 - rho^2)``.

    Args:
        a: ``[K, r]``, b: ``[M, r]``, floating tensors of unit variance.
        correlations: ``[r]``.

    Returns:
        (of_a ``[K]``, of_b ``[M]``, weights ``[K, r]``).
    """
    spread = 1.0 - correlations**2
    constant = -0.5 * tf.reduce_sum(tf.math.log(spread))
    of_squares = -0.5 * correlations**2 / spread
    of_a, of_b = (tf.linalg.matvec(one**2, of_squares) for one in (a, b))
    return of_a + constant, of_b, a * (correlations / spread)


def gaussian_log_ratios(a, b, correlations, partners=None):
    """The log-density ratios of pairs of variates, in nats.

    Args:
        a, b, correlations: as of ``gaussian_parts``.
        partners: ``None`` for all pairs, or int ``[K, P]``: rows of b.

    Returns:
        ``[K, M]`` or ``[K, P]``.
    """
    of_a, of_b, weights = gaussian_parts(a, b, correlations)
    if partners is None:
        return of_a[:, tf.newaxis] + of_b + tf.matmul(weights, b, transpose_b=True)
    ratios = of_a[:, tf.newaxis] + tf.gather(of_b, partners)
    return ratios + tf.einsum("kd,kpd->kp", weights, tf.gather(b, partners))
