"""How many dimensions codes use, without labels: RankMe and LiDAR."""

import numpy as np

from tf_infomax.evaluation.labelled import checked_codes
from tf_infomax.naming import arguments
from tf_infomax.numerics.magnitude import extreme_exponent

__all__ = ["lidar", "rankme"]


def rankme(codes, epsilon=1e-7):
    """Effective rank of a matrix of codes: the exponential of the entropy of its singular values.

    ``exp(-sum_k p_k log p_k)``, ``p_k = s_k / sum(s) + epsilon``: 1 if all codes are multiples of
    one, ``min(N, D)`` if all singular values are equal. Codes are not centred, so that a mean far
    from 0 counts as one large direction.

    Args:
        codes: ``[N, D]`` or ``[N, ...]``, finite.
        epsilon: added to every p, 0 or more.

    Returns:
        A number of dimensions, a float; 0 where all codes are 0.

    Raises:
        ValueError: on codes that are not finite, or an epsilon below 0.

    Reference: Garrido et al. (2023), arXiv:2210.02885, eq. 1.
    """
    epsilon = arguments.number(epsilon, "epsilon")
    codes = checked_codes(codes, "measured", np.float64)
    # The rank does not depend on the scale.
    scaled = np.ldexp(codes, -_excess(codes))
    return _effective_rank(np.linalg.svd(scaled, compute_uv=False), epsilon)


def lidar(codes, delta=1e-4, epsilon=1e-7):
    """Effective rank of what tells objects from one another, among views of each object.

    Linear discriminant analysis with every image as a class of its own: S_b is the covariance of
    the means of the images' views, S_w the mean covariance of views around them plus ``delta I``;
    LiDAR is the effective rank (as in ``rankme``) of the eigenvalues of
    ``S_w^(-1/2) S_b S_w^(-1/2)``. Directions in which views of one image differ as much as images
    do count little, whatever their variance.

    Args:
        codes: ``[N, Q, D]``, codes of Q >= 2 views of each of N >= 2 images.
        delta: added to the variances within images, 0 or more.
        epsilon: added to every fraction of the eigenvalues, 0 or more.

    Returns:
        A number of dimensions, a float, at most ``min(N - 1, D)``; 0 where all means are the same.

    Raises:
        ValueError: on another rank, too few images or views, codes that are not finite, delta or
            epsilon below 0, or a delta that is too small for S_w to have an inverse.

    Reference: Thilak et al. (2024), arXiv:2312.04000, section 3. Both covariances are unbiased.
    """
    delta, epsilon = arguments.number(delta, "delta"), arguments.number(epsilon, "epsilon")
    codes = arguments.array(codes, "measured codes")
    if codes.ndim != 3 or min(codes.shape[:2]) < 2 or not codes.shape[2]:
        raise ValueError(
            "LiDAR needs two views or more of two images or more, [N, Q, D], D >= 1. "
            f"Received: codes of shape {codes.shape}."
        )
    number, views, width = codes.shape
    codes = checked_codes(codes.reshape(-1, width), "measured", np.float64)
    excess = _excess(codes)
    codes = np.ldexp(codes, -excess).reshape(number, views, width)
    means = codes.mean(axis=1)
    between = np.cov(means, rowvar=False).reshape(width, width)
    apart = (codes - means[:, np.newaxis]).reshape(-1, width)
    added = np.ldexp(delta, -2 * excess)
    within = apart.T @ apart / (number * (views - 1)) + added * np.eye(width)
    values, vectors = np.linalg.eigh(within)
    # What is no larger than its rounding error is 0 + delta.
    rounding = width * np.finfo(np.float64).eps * values[-1]
    values = np.where(values <= rounding, added, values)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        whitening = vectors * values**-0.5
        whitened = whitening.T @ between @ whitening
    if not np.isfinite(whitened).all():
        raise ValueError(
            "`delta` must be larger for these codes, so that the covariance within images has an "
            f"inverse. Received: delta={delta!r}."
        )
    # Never below 0 but for rounding.
    ratios = np.maximum(np.linalg.eigvalsh(whitened), 0.0)
    return _effective_rank(ratios, epsilon)


def _excess(codes):
    """Binary exponent by which codes are to be divided for their squares to be finite, or 0."""
    return max(extreme_exponent(codes), 0)


def _effective_rank(values, epsilon):
    total = values.sum()
    if total <= 0.0:
        # A collapsed encoder is a result, and not an error.
        return 0.0
    fractions = values / total + epsilon
    # 0 log 0 is 0.
    logs = np.log(np.where(fractions > 0.0, fractions, 1.0))
    return float(np.exp(-np.sum(fractions * logs)))
