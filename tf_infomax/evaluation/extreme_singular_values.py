"""The largest and the smallest singular value of matrices, without the others.

Lanczos' iteration finds the largest eigenvalue of ``A^T A``, and through one LU decomposition that
of ``(A^T A)^-1``. SciPy's ``svds`` and ``eigsh`` do the same one matrix at a time, and hold a lock
meanwhile; here a stack of small matrices iterates together, and several threads have a stack each.
"""

import numpy as np
from scipy import linalg

__all__ = ["extreme_singular_values"]

# Relative error of an eigenvalue; that of a singular value is half as large.
_TOLERANCE = 1e-5
_MOST_STEPS = 150
_STEPS_BETWEEN_TESTS = 3


def extreme_singular_values(matrices):
    """``(largest, smallest)`` singular value of finite matrices, both to 5e-6 of themselves.

    That is a bound; if the next singular value is not close, the error is about its square. The
    smallest is computed in float64, since float32 cannot resolve it at condition numbers near 1e7.
    If the iteration does not converge, all singular values are computed.

    Args:
        matrices: ``[K, M, N]``, floating.

    Returns:
        ``[K, 2]``, float64; the smallest of ``min(M, N)`` values, 0.0 of a singular matrix.
    """
    matrices = np.asarray(matrices)
    if matrices.shape[1] < matrices.shape[2]:
        matrices = matrices.swapaxes(1, 2)
    # Squares must neither overflow nor vanish; a power of two moves no digit.
    exponents = np.clip(np.frexp(np.abs(matrices).max(axis=(1, 2)))[1], -126, 126)
    scales = np.ldexp(np.ones_like(matrices[:, :1, :1]), -exponents[:, np.newaxis, np.newaxis])
    matrices = matrices * scales
    start = np.random.default_rng(0).normal(size=matrices.shape[2])
    largest = _largest_eigenvalues(
        lambda v: ((matrices @ v[:, :, np.newaxis]).swapaxes(1, 2) @ matrices)[:, 0],
        np.tile(start, (len(matrices), 1)).astype(matrices.dtype),
    )
    inverse, is_singular = _inverse([_square(matrix.astype(np.float64)) for matrix in matrices])
    of_inverse = _largest_eigenvalues(inverse, np.tile(start, (len(matrices), 1)))
    smallest = np.zeros(len(matrices))
    smallest[~is_singular] = 1.0 / of_inverse[~is_singular]
    found = np.sqrt(np.stack([largest, smallest], axis=1))
    unsettled = np.isnan(found).any(axis=1)
    if unsettled.any():
        exact = matrices[unsettled].astype(np.float64)
        found[unsettled] = np.linalg.svd(exact, compute_uv=False)[:, [0, -1]]
    return found / scales[:, :, 0]


def _square(matrix):
    """A square matrix of the singular values of ``[M, N]``, M >= N; may be a view."""
    # The triangle of a QR decomposition; or the transpose, whose memory order suits LAPACK.
    return matrix.T if matrix.shape[0] == matrix.shape[1] else (
        linalg.qr(matrix, mode="r", overwrite_a=True)[0][: matrix.shape[1]]
    )


def _inverse(matrices):
    """Function of rows v to ``(A^T A)^-1 v`` of each matrix, and which matrices have no inverse.

    The matrices are overwritten; rows of those without an inverse become zero.
    """
    factors = [linalg.lapack.dgetrf(matrix, overwrite_a=True) for matrix in matrices]

    def of_one(v, triangles, pivots, singular_at):
        if singular_at > 0:
            return np.zeros_like(v)
        half = linalg.lapack.dgetrs(triangles, pivots, v, trans=1)[0]
        return linalg.lapack.dgetrs(triangles, pivots, half)[0]

    def of_rows(rows):
        return np.stack([of_one(v, *one) for v, one in zip(rows, factors, strict=True)])

    return of_rows, np.array([singular_at > 0 for _, _, singular_at in factors])


def _largest_eigenvalues(product, start):
    """Largest eigenvalue of symmetric positive operators on ``[K, N]``: ``[K]``, perhaps NaN."""
    number, width = start.shape
    steps = min(_MOST_STEPS, width)
    basis = np.zeros((number, steps + 1, width), start.dtype)
    basis[:, 0] = start / np.linalg.norm(start, axis=1, keepdims=True)
    # The operator in this basis.
    tridiagonal = np.zeros((number, steps + 1, steps + 1))
    found, is_open = np.full(number, np.nan), np.ones(number, bool)
    for step in range(steps):
        images = product(basis[:, step])
        is_open &= np.isfinite(images).all(axis=1)
        images[~is_open] = 0.0
        tridiagonal[:, step, step] = (images * basis[:, step]).sum(axis=1)
        known = basis[:, : step + 1]
        # Orthogonalised against all, twice: once leaves rounding errors that grow from step to
        # step.
        for _ in range(2):
            parts = known @ images[:, :, np.newaxis]
            images = images - (parts.swapaxes(1, 2) @ known)[:, 0]
        norms = np.linalg.norm(images, axis=1).astype(np.float64)
        # The remainder is rounding.
        ends = norms <= np.finfo(start.dtype).eps * np.abs(tridiagonal[:, 0, 0])
        if step % _STEPS_BETWEEN_TESTS == _STEPS_BETWEEN_TESTS - 1 or step == steps - 1 or (
            (ends & is_open).any()
        ):
            values, vectors = np.linalg.eigh(tridiagonal[:, : step + 1, : step + 1])
            # The distance to an eigenvalue is bounded by the last entry of the vector.
            settles = norms * np.abs(vectors[:, -1, -1]) <= _TOLERANCE * values[:, -1]
            found[is_open & settles] = values[is_open & settles, -1]
            is_open &= ~(settles | ends)
            if not is_open.any():
                break
        next_ones = images[is_open] / norms[is_open, np.newaxis].astype(start.dtype)
        basis[is_open, step + 1] = next_ones
        tridiagonal[:, step, step + 1] = tridiagonal[:, step + 1, step] = norms
    return found
