"""Alignment and uniformity of codes on the unit sphere, and the limit of the contrastive loss.

Pure functions of codes, for training (every one has a gradient everywhere, and compiles under XLA)
and for measuring any encoder. Both losses have a plus sign: smaller is better aligned, and smaller
is more uniform.

Reference: Wang and Isola (2020), arXiv:2005.10242.
"""

import math

import numpy as np
import tensorflow as tf
from scipy.special import logsumexp

from tf_infomax.numerics.row_blocks import map_rows
from tf_infomax.numerics.tensors import log_mean_exp, wide

__all__ = [
    "alignment",
    "contrastive_correction",
    "contrastive_limit",
    "squared_distances",
    "uniformity",
    "uniformity_floor",
    "unit_norm",
]

# Rows of distances that are held at once: 1,024 by 10,000 codes are 41 MB in float32.
_BLOCK = 1024


def unit_norm(codes):
    """Codes divided by their Euclidean norms, ``[K, D] -> [K, D]``; float16 becomes float32.

    A code shorter than 1e-6 has no direction: it is multiplied by 1e6 and stays short, so that its
    gradient is finite.
    """
    return tf.math.l2_normalize(_codes(codes, "codes"), axis=-1, epsilon=1e-12)


def squared_distances(x, y):
    """``d[i, j] = ||x_i - y_j||^2``, by products of the centred codes, never below 0.

    Args:
        x: ``[K, D]``.  y: ``[M, D]``.

    Returns:
        ``[K, M]``. Rounding is relative to the codes' spread, not to the distance: of codes of
        norm 1 about 1e-7 in float32.
    """
    x, y = _codes(x, "x"), _codes(y, "y")
    # Centred codes give products that lose fewer digits, and have the same distances.
    centre = tf.stop_gradient(tf.reduce_mean(y, axis=0))
    x, y = x - centre, y - centre
    squares = tf.reduce_sum(x**2, axis=-1)[:, tf.newaxis] + tf.reduce_sum(y**2, axis=-1)
    return tf.maximum(squares - 2.0 * tf.matmul(x, y, transpose_b=True), 0.0)


def alignment(x, y, exponent=2.0, normalize=True):
    """Mean distance of the codes of two views of an example: ``mean_i ||x_i - y_i||^exponent``.

    Args:
        x, y: ``[K, D]``, codes of the two views, row by row.
        exponent: alpha, positive. Below 1 the gradient grows without limit as the views
            approach each other; for coinciding views it is 0 at every exponent.
        normalize: whether codes are put on the unit sphere first (``unit_norm``). With ``False``
            they are used unchanged, which is meant for codes of norm 1: otherwise the value depends
            on their scale.

    Returns:
        Scalar without unit, 0 (perfectly aligned) to ``2^exponent`` on the sphere.

    Raises:
        ValueError: on codes that are not floating matrices of the same shape, or an exponent of 0
            or below.

    Reference: Wang and Isola (2020), section 4.1, L_align.
    """
    if not 0.0 < exponent < math.inf:
        raise ValueError(f"`exponent` must be positive. Received: exponent={exponent!r}.")
    x, y = _pair(x, y, normalize)
    squared = tf.reduce_sum(tf.math.squared_difference(x, y), axis=-1)
    if exponent == 2.0:
        return tf.reduce_mean(squared)
    # Chosen before the power is taken: the derivative of 0^(alpha / 2) is infinite or NaN, and
    # multiplying it by zero later would not undo that.
    coincide = tf.equal(squared, 0.0)
    powers = tf.where(coincide, tf.ones_like(squared), squared) ** (exponent / 2.0)
    return tf.reduce_mean(tf.where(coincide, tf.zeros_like(powers), powers))


def uniformity(x, t=2.0, normalize=True):
    """Non-uniformity of codes on the sphere: ``log mean_{i != j} exp(-t ||x_i - x_j||^2)``.

    The mean is over distinct pairs, in log-sum-exp form. More than 1,024 codes (if their number is
    known while tracing) are processed in blocks of rows, which the gradient computes again, so that
    memory grows with N and not with N^2.

    Args:
        x: ``[N, D]``, codes, N >= 2.
        t: positive, the inverse of twice the kernel's squared width.
        normalize: as for ``alignment``.

    Returns:
        Scalar without unit: 0 where all codes coincide, ``uniformity_floor(D, t)`` in expectation
        for independent uniform codes. Finite samples that repel each other may lie below that
        floor, because no code is paired with itself; see ``uniformity_floor(num_codes=)``.

    Raises:
        ValueError: on codes that are not a floating matrix, fewer than two codes, or a t of 0 or
            below.

    Reference: Wang and Isola (2020), section 4.1, L_uniform.
    """
    if not 0.0 < t < math.inf:
        raise ValueError(f"`t` must be positive. Received: t={t!r}.")
    x = unit_norm(x) if normalize else _codes(x, "x")
    number = x.shape[0]
    if number is not None and number < 2:
        raise ValueError(
            f"Uniformity is about pairs of codes: at least two. Received: x of shape {x.shape}."
        )

    def log_sums(rows, shared):
        codes, places = rows
        return _log_sums_of_kernels(codes, places, shared[0], t)

    rows = [x, tf.range(tf.shape(x)[0])]
    if number is None or number <= _BLOCK:
        sums = log_sums(rows, [x])
    else:
        of_row = tf.TensorSpec([], x.dtype)
        sums = map_rows(log_sums, rows, [x], _BLOCK, of_row, jit_compile=True)
    total = tf.reduce_logsumexp(sums)
    count = tf.cast(tf.shape(x)[0], x.dtype)
    return total - tf.math.log(count) - tf.math.log(count - 1.0)


def _log_sums_of_kernels(rows, places, x, t):
    """``log sum exp(-t d^2)`` of each row over all codes but its own, that at ``places``."""
    exponents = -t * squared_distances(rows, x)
    is_own = tf.equal(places[:, tf.newaxis], tf.range(tf.shape(x)[0]))
    # Minus infinity is an exact zero in the sum, in value and gradient.
    exponents = tf.where(is_own, tf.constant(-np.inf, x.dtype), exponents)
    return tf.reduce_logsumexp(exponents, axis=1)


def uniformity_floor(dim, t=2.0, num_codes=None):
    """The uniformity of the uniform distribution on the sphere, the minimum of all distributions.

    ``-2 t + log 0F1(; dim / 2; t^2)``; for t = 2: -1.575 on the circle, -3.875 in 64 dimensions.
    The uniform distribution minimises the mean over ALL pairs of N codes, including each code with
    itself, so that for the distinct pairs of N codes ``log((N exp(floor) - 1) / (N - 1))`` cannot
    be beaten.

    Args:
        dim: D, of codes ``[N, D]``: the sphere is that in D dimensions. 1 or more.
        t: as for ``uniformity``.
        num_codes: N, or ``None`` for the distribution itself (N without limit).

    Returns:
        Float; ``-inf`` if N is so small that the argument above gives no lower limit.

    Raises:
        ValueError: on a dim that is not a positive integer, a t of 0 or below, or one code.

    Reference: Wang and Isola (2020), section 4.2; derived: the power series is the mean
    of ``exp(2 t u)`` over the first coordinate u of a uniform point.
    """
    if isinstance(dim, bool) or int(dim) != dim or dim < 1:
        raise ValueError(f"`dim` must be a positive integer. Received: dim={dim!r}.")
    if not 0.0 < t < math.inf:
        raise ValueError(f"`t` must be positive. Received: t={t!r}.")
    # Terms t^2k / (k! (D/2)_k): all positive, and past k = 3 t each is below 1/9 of the last. Their
    # logarithms, because Bessel functions over- and underflow where the sum does not.
    k = np.arange(1, int(3.0 * t) + 100)
    log_terms = np.cumsum(2.0 * np.log(t) - np.log(k) - np.log(dim / 2.0 + k - 1.0))
    floor = float(logsumexp(np.concatenate([[0.0], log_terms]))) - 2.0 * t
    if num_codes is None:
        return floor
    if num_codes < 2:
        raise ValueError(f"`num_codes` must be 2 or more. Received: num_codes={num_codes!r}.")
    excess = num_codes * math.exp(floor) - 1.0
    return math.log(excess / (num_codes - 1.0)) if excess > 0.0 else -math.inf


def contrastive_limit(x, y, temperature, normalize=True):
    """The limit of the contrastive loss less ``log M`` for many negatives M.

    ``-mean_i s_ii + mean_i log mean_j exp(s_ij)``, ``s_ij = <x_i, y_j> / temperature``, negatives
    drawn from the distribution of y: here each y_j with probability 1/N, an anchor's own included.
    The first part is the alignment of the pairs, the second what uniformity minimises.

    Args:
        x, y: ``[N, D]``, codes of the two views, row by row: the distribution of the pairs.
        temperature: tau, positive.
        normalize: as for ``alignment``.

    Returns:
        Scalar, in nats. The loss itself is ``log(M + 1) - infonce``.

    Raises:
        ValueError: on codes that are not floating matrices of one shape, or a tau of 0 or below.

    Reference: Wang and Isola (2020), theorem 1.
    """
    joint, scores = _scores(x, y, temperature, normalize)
    return tf.reduce_mean(log_mean_exp(scores, 1) - joint)


def contrastive_correction(x, y, temperature, normalize=True):
    """The coefficient of ``1 / M`` in ``contrastive loss - log M - contrastive_limit``.

    With ``S = (1/M) sum of M negatives' exp(s)``, of mean mu and variance ``sigma^2 / M``, the loss
    less log M is ``-s_ii + E log(S + exp(s_ii) / M)``. To first order in 1/M the positive adds
    ``exp(s_ii) / mu`` and the spread of S takes ``sigma^2 / (2 mu^2)`` (delta method):
    ``mean_i [exp(s_ii) / mu_i - sigma_i^2 / (2 mu_i^2)]``. The remainder is of order ``1 / M^2``.

    Args, raises: as ``contrastive_limit``.

    Returns:
        Scalar, in nats.

    Reference: derived.
    """
    joint, scores = _scores(x, y, temperature, normalize)
    log_mean = log_mean_exp(scores, 1)
    relative = tf.exp(scores - log_mean[:, tf.newaxis])
    variance = tf.reduce_mean((relative - 1.0) ** 2, axis=1)
    return tf.reduce_mean(tf.exp(joint - log_mean) - variance / 2.0)


def _scores(x, y, temperature, normalize):
    """(``[N]`` scores of the pairs, ``[N, N]`` scores of all)."""
    if not 0.0 < temperature < math.inf:
        raise ValueError(f"`temperature` must be positive. Received: temperature={temperature!r}.")
    x, y = _pair(x, y, normalize)
    scores = tf.matmul(x, y, transpose_b=True) / temperature
    return tf.linalg.diag_part(scores), scores


def _pair(x, y, normalize):
    x, y = (unit_norm(x), unit_norm(y)) if normalize else (_codes(x, "x"), _codes(y, "y"))
    if not x.shape.is_compatible_with(y.shape) or x.dtype != y.dtype:
        raise ValueError(
            "The two views must have codes of one shape and dtype, row by row. "
            f"Received: x={x.dtype.name}{x.shape}, y={y.dtype.name}{y.shape}."
        )
    return x, y


def _codes(values, name):
    """``values`` as a floating matrix; half precision becomes float32."""
    values = tf.convert_to_tensor(values)
    if not values.dtype.is_floating or values.shape.rank != 2 or 0 in values.shape:
        raise ValueError(
            f"`{name}` must be floating codes of shape [K, D]. "
            f"Received: {values.dtype.name} of shape {values.shape}."
        )
    return wide(values)
