"""Canonical correlations of up to thousands of coordinates."""

import functools

import numpy as np
from sklearn.utils.extmath import randomized_svd

from tf_infomax.estimation.canonical import canonical_correlations

__all__ = ["ManyCoordinates"]


class ManyCoordinates:
    """Pairs whose canonical correlations are found through principal components if need be.

    A side of more than ``most`` coordinates is replaced by so many leading principal components of
    its standardised coordinates: decompositions of covariances cost the cube of the number of
    coordinates (3,072 take a minute), and of more directions than there are pairs all are
    correlated in the sample.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, finite.
        most: largest number of coordinates, or ``None``.
    """

    def __init__(self, x, y, most=None):
        self.x, self.y = (np.asarray(one, np.float64) for one in (x, y))
        self.dims = self.x.shape[1], self.y.shape[1]
        self._most = most

    def correlations(self, ridge=0.0):
        """``CanonicalCorrelations``, with a ridge as of ``canonical_correlations``."""
        if self._most is None or max(self.dims) <= self._most:
            return canonical_correlations(self.x, self.y, ridge=ridge)
        directions, means, components = self._components
        return canonical_correlations(*components, ridge=ridge).along(directions, means)

    def correlations_of(self, kept):
        """``CanonicalCorrelations`` in which other coordinates have no part.

        Args:
            kept: (of x, of y), int arrays.
        """
        part = ManyCoordinates(self.x[:, kept[0]], self.y[:, kept[1]], self._most)
        return part.correlations().embedded(kept, self.dims)

    @functools.cached_property
    def _components(self):
        sides = self.x, self.y
        directions = [_leading(side, self._most) for side in sides]
        means = [side.mean(axis=0) for side in sides]
        components = [
            (side - mean) @ matrix
            for side, mean, matrix in zip(sides, means, directions, strict=True)
        ]
        return directions, means, components


def _leading(values, most):
    """``[D, K]``: standardisation and principal directions, or the identity if D is small."""
    count, dim = values.shape
    if dim <= most:
        return np.eye(dim)
    scales = values.std(axis=0)
    inverses = np.divide(1.0, scales, out=np.zeros_like(scales), where=scales > 0)
    standardised = (values - values.mean(axis=0)) * inverses
    number = min(most, count - 1)
    _, _, directions = randomized_svd(standardised, number, random_state=0)
    return inverses[:, np.newaxis] * directions.T
