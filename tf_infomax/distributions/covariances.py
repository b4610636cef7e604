"""Covariance matrices of pairs (x, y): the patterns of the benchmark, checks, and the MI."""

import operator

import numpy as np

__all__ = [
    "checked_covariance",
    "checked_size",
    "dense_covariance",
    "gaussian_information",
    "mahalanobis",
    "sparse_covariance",
]


def checked_size(value, name, least=1):
    """``value`` as an int of at least ``least``; ``ValueError`` names the argument."""
    try:
        size = operator.index(value)
    except TypeError:
        size = least - 1
    if size < least:
        raise ValueError(
            f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}."
        )
    return size


def dense_covariance(dim_x, dim_y, rho):
    """Unit variances, and the correlation ``rho`` between any two of all coordinates.

    The matrix (1 - rho) I + rho J of size D = dim_x + dim_y has the eigenvalues 1 - rho and
    1 + (D - 1) rho, so it is positive definite for -1 / (D - 1) < rho < 1.

    Returns:
        ``float64 [D, D]``.

    Raises:
        ValueError: on a size below 1 or ``rho`` outside the range.
    """
    size = checked_size(dim_x, "dim_x") + checked_size(dim_y, "dim_y")
    if not -1 / (size - 1) < rho < 1:
        raise ValueError(
            f"`rho` must lie strictly between {-1 / (size - 1):.6g} and 1 for {size} coordinates "
            f"to have it pairwise. Received: rho={rho}."
        )
    return np.full((size, size), float(rho)) + (1 - rho) * np.eye(size)


def sparse_covariance(dim_x, dim_y, pairs, rho):
    """Unit variances; x_k and y_k have the correlation ``rho`` for k < ``pairs``, all else is 0.

    Returns:
        ``float64 [dim_x + dim_y, dim_x + dim_y]``.

    Raises:
        ValueError: if ``pairs`` is not within 0 and min(dim_x, dim_y), or not -1 < rho < 1.
    """
    dim_x, dim_y = checked_size(dim_x, "dim_x"), checked_size(dim_y, "dim_y")
    pairs = checked_size(pairs, "pairs", least=0)
    if pairs > min(dim_x, dim_y):
        raise ValueError(
            f"`pairs` must be at most min(dim_x, dim_y) = {min(dim_x, dim_y)}. "
            f"Received: pairs={pairs}."
        )
    if not -1 < rho < 1:
        raise ValueError(
            "`rho` must lie strictly between -1 and 1 (at 1 the mutual information is infinite). "
            f"Received: rho={rho}."
        )
    covariance = np.eye(dim_x + dim_y)
    k = np.arange(pairs)
    covariance[k, dim_x + k] = covariance[dim_x + k, k] = rho
    return covariance


def checked_covariance(covariance, dim_x, name):
    """The matrix as a read-only array, and both dimensions.

    Args:
        covariance: of the concatenated (x, y), ``[D, D]``, symmetric and positive definite.
        dim_x: coordinates of x, at least 1 and less than D.
        name: name of the matrix in errors.

    Returns:
        ``(float64 [D, D], dim_x, dim_y)``.

    Raises:
        ValueError: if the matrix or ``dim_x`` is not as above.
    """
    matrix = np.array(covariance, np.float64)
    if matrix.ndim != 2 or len(matrix) < 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"`{name}` must be a square matrix of at least 2 x 2. "
            f"Received: {name} of shape {matrix.shape}."
        )
    scale = np.max(np.abs(matrix))
    if not np.isfinite(scale) or np.max(np.abs(matrix - matrix.T)) > 1e-12 * scale:
        raise ValueError(
            f"`{name}` must be finite and symmetric. Received: largest entry {scale:.6g}, "
            f"largest difference to the transpose {np.max(np.abs(matrix - matrix.T)):.6g}."
        )
    matrix = (matrix + matrix.T) / 2
    smallest = np.linalg.eigvalsh(matrix)[0]
    # Below this the eigenvalue is rounding error, and so is the mutual information.
    if smallest <= 1e-14 * len(matrix) * scale:
        raise ValueError(
            f"`{name}` must be positive definite. Received: smallest eigenvalue {smallest:.6g}."
        )
    dim_x = checked_size(dim_x, "dim_x")
    if dim_x >= len(matrix):
        raise ValueError(
            f"`dim_x` must leave at least one of {len(matrix)} coordinates to y. "
            f"Received: dim_x={dim_x}."
        )
    matrix.flags.writeable = False
    return matrix, dim_x, len(matrix) - dim_x


def gaussian_information(covariance, dim_x):
    """I(X; Y) = 1/2 (log det C_xx + log det C_yy - log det C) of Gaussian (x, y), in nats.

    A Gaussian of d coordinates has the entropy 1/2 log det C + d/2 log(2 pi e); in
    h(X) + h(Y) - h(X, Y) the constants cancel.
    """
    blocks = (covariance[:dim_x, :dim_x], covariance[dim_x:, dim_x:], covariance)
    log_x, log_y, log_joint = (np.linalg.slogdet(block)[1] for block in blocks)
    return float(0.5 * (log_x + log_y - log_joint))


def mahalanobis(z, covariance):
    """z_i^T C^-1 z_i of every row, ``[n]``."""
    return np.sum(z * np.linalg.solve(covariance, z.T).T, axis=1)
