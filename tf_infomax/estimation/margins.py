"""Maps of single coordinates that leave mutual information as it is."""

import numpy as np
from scipy.special import ndtri

from tf_infomax.registry import Registry

__all__ = ["NormalScores", "Standardized", "Unchanged", "get", "names"]


class _Margins:
    """A map of each coordinate, learnt from one sample of it.

    A strictly monotone map of a coordinate is invertible, so it changes no mutual information.
    It looks at x or at y alone, never at which x belongs to which y.
    """

    def fit(self, values):
        """Learns the map from ``values [N, D]``; returns itself."""
        raise NotImplementedError

    def transform(self, values):
        """``values [M, D]`` mapped, float64."""
        raise NotImplementedError


class NormalScores(_Margins):
    """Ranks, turned into quantiles of the standard normal: ``ndtri((rank - 1/2) / N)``.

    Heavy tails and curved scales disappear; Gaussian copulas become Gaussians. Equal values keep
    equal scores (their mean rank). New values take the place they would have had in the sample.
    """

    def fit(self, values):
        self._sorted = np.sort(values, axis=0)
        return self

    def transform(self, values):
        count = len(self._sorted)
        scores = np.empty(np.shape(values), np.float64)
        for column in range(values.shape[1]):
            known = self._sorted[:, column]
            below = np.searchsorted(known, values[:, column], side="left")
            not_above = np.searchsorted(known, values[:, column], side="right")
            middle = np.clip((below + not_above) / 2.0, 0.5, count - 0.5)
            scores[:, column] = ndtri(middle / count)
        return scores


class Standardized(_Margins):
    """Mean 0 and standard deviation 1; constant coordinates become 0."""

    def fit(self, values):
        self._mean = values.mean(axis=0)
        deviation = values.std(axis=0)
        # A constant's deviation is rounding error of its mean.
        is_constant = deviation <= 1e-12 * np.maximum(np.abs(self._mean), 1e-300)
        self._factor = np.where(is_constant, 0.0, 1.0 / np.where(is_constant, 1.0, deviation))
        return self

    def transform(self, values):
        return (values - self._mean) * self._factor


class Unchanged(_Margins):
    """The values as they are, in float64."""

    def fit(self, values):
        return self

    def transform(self, values):
        return np.asarray(values, np.float64)


_MARGINS = Registry("margin map")
_MARGINS.add("normal_scores", NormalScores)
_MARGINS.add("standardize", Standardized)
_MARGINS.add("unchanged", Unchanged)


def get(name):
    """A new map called ``name``; ``ValueError`` with the nearest names if unknown."""
    return _MARGINS.get(name)()


def names():
    """All names."""
    return _MARGINS.names()
