"""Few directions of many coordinates that tell of the other side."""

import numpy as np

__all__ = ["informative_directions"]

# Products of more coordinates take too long, and their noise hides what they would show.
_MOST_COORDINATES = 64
_MOST_PAIRS = 5_000
_PERMUTATIONS = 10
# By how much an eigenvalue must exceed the largest of all permutations.
_ABOVE_PERMUTED = 1.1
# Directions whose variance is below this fraction of the largest carry rounding errors.
_SMALLEST_VARIANCE = 1e-6


def informative_directions(x, y):
    """Directions of x along which x, or a square of it, is correlated with y or its squares.

    With z the whitened x and t each of the standardised coordinates of y and of their squares, the
    eigenvectors of ``sum_t v v' + M M' / 2`` for ``v = E[t z]``, ``M = E[t (z z' - 1)]``: a
    dependence of t on few linear combinations of a Gaussian z has v and the range of M in their
    span. Those count whose eigenvalue is above what permutations of y give.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, finite.

    Returns:
        ``[Dx, K]``, columns of unit variance, ``K >= 0``; ``None`` if there are too many
        coordinates to look.

    Reference: Li (1992), On principal Hessian directions, JASA 87.
    """
    if max(x.shape[1], y.shape[1]) > _MOST_COORDINATES:
        return None
    x, y = x[:_MOST_PAIRS], y[:_MOST_PAIRS]
    x = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    is_kept = values > _SMALLEST_VARIANCE * max(values[-1], np.finfo(float).tiny)
    whitening = vectors[:, is_kept] / np.sqrt(values[is_kept])
    z = x @ whitening
    targets = np.hstack([y, (y - y.mean(axis=0)) ** 2])
    targets = targets - targets.mean(axis=0)
    targets = targets[:, targets.std(axis=0) > 0]
    targets = targets / targets.std(axis=0)
    draws = np.random.default_rng(0)
    level = _ABOVE_PERMUTED * max(
        _spectrum(z, draws.permutation(targets))[0][-1] for _ in range(_PERMUTATIONS)
    )
    eigenvalues, directions = _spectrum(z, targets)
    return whitening @ directions[:, eigenvalues > level]


def _spectrum(z, targets):
    """Eigenvalues, rising, and eigenvectors of the matrix of ``informative_directions``."""
    count, dim = z.shape
    linear = targets.T @ z / count
    total = linear.T @ linear
    for target in targets.T:
        quadratic = (z * target[:, np.newaxis]).T @ z / count - target.mean() * np.eye(dim)
        total += quadratic @ quadratic / 2.0
    return np.linalg.eigh(total)
