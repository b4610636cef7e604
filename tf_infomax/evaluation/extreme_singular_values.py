"""The largest and the smallest singular value of a matrix, without the others.

Lanczos' iteration finds the largest eigenvalue of ``A^T A``, and through one LU decomposition that
of ``(A^T A)^-1``. SciPy's ``svds`` and ``eigsh`` do the same, but ARPACK holds a lock, and here
many small matrices are to be decomposed at once, one a thread.
"""

import numpy as np
from scipy import linalg

__all__ = ["extreme_singular_values"]

# Of an eigenvalue, relative; that of a singular value is half of it.
_TOLERANCE = 1e-5
_MOST_STEPS = 150
_STEPS_BETWEEN_TESTS = 4


def extreme_singular_values(matrix):
    """``(largest, smallest)`` singular value of a finite matrix, both to about 1e-5 of themselves.

    The smallest one is computed in float64, since float32 has lost it where the condition number
    nears 1e7. Where the iteration does not settle, all singular values are computed.

    Args:
        matrix: ``[M, N]``, floating.

    Returns:
        Two floats; the smallest of ``min(M, N)`` values, 0.0 of a singular matrix.
    """
    matrix = np.asarray(matrix)
    if matrix.shape[0] < matrix.shape[1]:
        matrix = matrix.T
    exact = matrix.astype(np.float64)
    # The triangle of a QR decomposition has the same singular values, and is square.
    square = exact if matrix.shape[0] == matrix.shape[1] else linalg.qr(exact, mode="r")[0]
    square = square[: matrix.shape[1]]
    start = np.random.default_rng(0).normal(size=len(square))
    largest = _largest_eigenvalue(lambda v: (matrix @ v) @ matrix, start.astype(matrix.dtype))
    factors, pivots, singular_at = linalg.lapack.dgetrf(square)
    if singular_at > 0:
        return float(np.sqrt(largest)) if largest is not None else _all(exact)[0], 0.0

    def solve_both(v):
        half = linalg.lapack.dgetrs(factors, pivots, v, trans=1)[0]
        return linalg.lapack.dgetrs(factors, pivots, half)[0]

    of_inverse = _largest_eigenvalue(solve_both, start)
    if largest is None or of_inverse is None:
        return _all(exact)
    return float(np.sqrt(largest)), float(1.0 / np.sqrt(of_inverse))


def _all(matrix):
    values = np.linalg.svd(matrix, compute_uv=False)
    return float(values[0]), float(values[-1])


def _largest_eigenvalue(product, start):
    """That of a symmetric positive operator, ``None`` if it is not found."""
    steps = min(_MOST_STEPS, len(start))
    basis = np.empty((steps + 1, len(start)), start.dtype)
    basis[0] = start / np.linalg.norm(start)
    diagonal, beside = [], []
    for step in range(steps):
        image = product(basis[step])
        if not np.isfinite(image).all():
            return None
        diagonal.append(float(image @ basis[step]))
        known = basis[: step + 1]
        # Orthogonal to all, twice: once leaves rounding errors that grow from step to step.
        for _ in range(2):
            image = image - known.T @ (known @ image)
        norm = float(np.linalg.norm(image))
        is_last = step == steps - 1 or norm <= np.finfo(start.dtype).eps * abs(diagonal[0])
        if is_last or step % _STEPS_BETWEEN_TESTS == _STEPS_BETWEEN_TESTS - 1:
            values, vectors = linalg.eigh_tridiagonal(
                diagonal, beside, select="i", select_range=(step, step)
            )
            # The distance to an eigenvalue is at most what the vector's last entry lets through.
            if norm * abs(vectors[-1, 0]) <= _TOLERANCE * values[0]:
                return float(values[0])
            if is_last:
                return None
        beside.append(norm)
        basis[step + 1] = image / norm
    return None
