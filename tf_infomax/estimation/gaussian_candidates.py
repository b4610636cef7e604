"""Gaussian parts to choose from, beside that of all coordinates, where these are many."""

import numpy as np

from tf_infomax.estimation.canonical import canonical_correlations, sparse_canonical_correlations
from tf_infomax.estimation.directions import informative_directions
from tf_infomax.estimation.screening import informative_coordinates, selected_coordinates

__all__ = ["gaussian_candidates"]

# From this many coordinates on, uninformative coordinates and directions may be left out.
_MANY_COORDINATES = 10
# Part of the squared weights of directions that coordinates must hold to do as well.
_NEARLY = 0.9
# So few informative coordinates are not searched any further.
_FEW_INFORMATIVE = 20
# Ridges to choose from, and the number of pairs a coordinate above which none is needed, nor for a
# single coordinate and so few.
_RIDGES, _ENOUGH_PAIRS, _FEW_COORDINATES = (0.1, 1.0), 20, 100
# Eigenvalues of matrices of more coordinates take too long.
_MOST_SPARSE = 2_000


def gaussian_candidates(pairs):
    """Canonical correlations in several ways; a generator of (name, ``CanonicalCorrelations``).

    In many dimensions, those of the informative coordinates alone, if they are few, or of the
    informative directions, if those are few; of the coordinates that forward selection takes; and
    of a sparse matrix of correlations. With few pairs for the dimension, those with ridges.

    Args:
        pairs: ``ManyCoordinates``.
    """
    dims = pairs.dims
    if max(dims) >= _MANY_COORDINATES:
        kept = [np.flatnonzero(one) for one in informative_coordinates(pairs.x, pairs.y)]
        number = len(kept[0]) + len(kept[1])
        few = _of_directions(pairs.x, pairs.y)
        if few is not None and not _lie_in(few, kept):
            yield "informative directions", few
        elif 0 < number <= sum(dims) / 2:
            yield "informative coordinates", pairs.correlations_of(kept)
            if number <= _FEW_INFORMATIVE:
                return
        selected = selected_coordinates(pairs.x, pairs.y)
        if selected is not None and all(map(len, selected)):
            yield "selected coordinates", pairs.correlations_of(selected)
        if sum(dims) <= _MOST_SPARSE:
            sparse = sparse_canonical_correlations(pairs.x, pairs.y)
            if sparse is not None:
                yield "sparse correlations", sparse
    are_few = len(pairs.x) < _ENOUGH_PAIRS * sum(dims)
    if are_few and (min(dims) > 1 or max(dims) >= _FEW_COORDINATES):
        for ridge in _RIDGES:
            yield f"ridge {ridge:g}", pairs.correlations(ridge)


def _of_directions(x, y):
    """Canonical correlations of the informative directions of both sides, if they are few.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, finite.

    Returns:
        ``CanonicalCorrelations`` whose maps have columns of zeros, or ``None`` if no side has at
        most half as many directions as coordinates (one at least).
    """
    found = [informative_directions(*both) for both in ((x, y), (y, x))]
    if any(one is None or one.shape[1] == 0 for one in found):
        return None
    dims = x.shape[1], y.shape[1]
    few = [2 * one.shape[1] <= dim for one, dim in zip(found, dims, strict=True)]
    if not any(few):
        return None
    found = [
        one if is_few else np.eye(dim)
        for one, is_few, dim in zip(found, few, dims, strict=True)
    ]
    projected = canonical_correlations(x @ found[0], y @ found[1])
    return projected.along(found, (x.mean(axis=0), y.mean(axis=0)))


def _lie_in(found, kept):
    """Whether the directions of both sides are nearly combinations of ``kept`` coordinates."""
    return all(
        (matrix[places] ** 2).sum() >= _NEARLY * (matrix**2).sum()
        for matrix, places in zip((found.map_x, found.map_y), kept, strict=True)
    )
