"""Maps of single coordinates that do not change mutual information."""

import numpy as np
from scipy.special import ndtri

from tf_infomax.naming.registry import Registry
from tf_infomax.numerics.exact_columns import as_objects

__all__ = ["NormalScores", "Scale", "Standardized", "Unchanged", "check", "get", "names"]

# Critics compute in float32, which has 7 digits: resolving a hundredth of the spread needs them all
# if values lie further from zero than this many spreads.
_MOST_SPREADS_AWAY = 100.0
# Squares and inverses of spreads in this range are normal numbers in float32.
_ORDINARY_SPREADS = 1e-6, 1e6
# Limit for new values outside the sample's range: their squares are finite in float32.
_LARGEST = 1e12


class _Margins:
    """A map of each coordinate, learnt from one sample of it.

    A strictly monotone map of a coordinate is invertible, so it changes no mutual information.
    It depends on x or on y alone, never on how they are paired.
    """

    def fit(self, values):
        """Learns the map; returns itself.

        Args:
            values: ``[N, D]``, or D columns ``[N]`` as ``exact_columns`` has them.
        """
        self._fitted = [self._fit(column) for column in _columns(values)]
        return self

    def transform(self, values):
        """The ``values``, ``[M, D]`` or D columns ``[M]``, mapped: float64 ``[M, D]``."""
        columns = _columns(values)
        return np.stack(
            [self._map(*both) for both in zip(columns, self._fitted, strict=True)], axis=1
        )

    def _fit(self, column):
        """Fitted parameters of the map of one column."""
        raise NotImplementedError

    def _map(self, column, fitted):
        """One column mapped, float64 ``[M]``."""
        raise NotImplementedError


class NormalScores(_Margins):
    """Ranks, turned into quantiles of the standard normal: ``ndtri((rank - 1/2) / N)``.

    Heavy tails and curved scales disappear; Gaussian copulas become Gaussians. Equal values keep
    equal scores (their mean rank). New values get the score of the place that they would have in
    the sample.
    """

    def _fit(self, column):
        return np.sort(column)

    def _map(self, column, fitted):
        if column.dtype != fitted.dtype:
            column, fitted = as_objects(column), as_objects(fitted)
        below = np.searchsorted(fitted, column, side="left")
        not_above = np.searchsorted(fitted, column, side="right")
        middle = np.clip((below + not_above) / 2.0, 0.5, len(fitted) - 0.5)
        return ndtri(middle / len(fitted))


class Standardized(_Margins):
    """Mean 0 and standard deviation 1; constant coordinates become 0."""

    def _fit(self, column):
        return Scale(column)

    def _map(self, column, fitted):
        return fitted.standardized(column)


class Unchanged(_Margins):
    """The values unchanged, if float32 can represent them.

    Coordinates that lie more than 100 standard deviations from zero are centred, and those whose
    standard deviation is not within 1e-6 to 1e6 are standardised: their differences would be lost.
    """

    def _fit(self, column):
        return Scale(column)

    def _map(self, column, fitted):
        smallest, largest = _ORDINARY_SPREADS
        if not smallest <= fitted.deviation <= largest and (
            fitted.deviation or abs(fitted.mean) > largest
        ):
            return fitted.standardized(column)
        if abs(fitted.mean) > _MOST_SPREADS_AWAY * fitted.deviation > 0.0:
            return fitted.standardized(column) * fitted.deviation
        return np.clip(column.astype(np.float64), -_LARGEST, _LARGEST)


class Scale:
    """Mean and standard deviation of a column ``[N]``, without overflow or loss of digits.

    Values are first expressed as parts of half their range, from its middle (exact objects: of
    their range, from its lower end). The squares of such parts cannot overflow, and an offset is
    removed before anything is rounded.

    Attributes:
        mean, deviation: floats, in the units of the column, infinite beyond the largest float.
    """

    def __init__(self, column):
        lowest, highest = column.min(), column.max()
        self._is_constant = bool(lowest == highest)
        if column.dtype == object:
            self._middle, self._half = lowest, highest - lowest
        else:
            self._middle, self._half = lowest / 2 + highest / 2, highest / 2 - lowest / 2
        parts = self._parts(column)
        self._mean, self._deviation = parts.mean(), parts.std()
        with np.errstate(over="ignore"):
            middle, half = _rounded(self._middle), _rounded(self._half)
            self.mean = float(middle + half * self._mean)
            self.deviation = float(half * self._deviation)

    def standardized(self, column):
        """``(column - mean) / deviation``, float64, at most 1e12 in size."""
        if self._is_constant:
            return np.zeros(len(column))
        parts = (self._parts(column) - self._mean) / self._deviation
        return np.clip(parts, -_LARGEST, _LARGEST)

    def _parts(self, column):
        if self._is_constant:
            return np.zeros(len(column))
        middle, half = self._middle, self._half
        if isinstance(middle, float) and column.dtype == np.float64:
            # A quarter each, so that the difference of the largest floats does not overflow.
            factor = 0.25 if max(abs(middle), half) > 1e300 else 1.0
            with np.errstate(over="ignore"):
                return (factor * column - factor * middle) / (factor * half)
        middle, half = (as_objects(np.array([part]))[0] for part in (middle, half))
        return np.array([_rounded((value - middle) / half) for value in as_objects(column)])


# Estimators that were pickled when the class was private refer to it by this name.
_Scale = Scale


def _rounded(number):
    try:
        return np.float64(number)
    except OverflowError:
        return np.float64(np.inf if number > 0 else -np.inf)


def _columns(values):
    return list(np.asarray(values).T) if isinstance(values, np.ndarray) else list(values)


_MARGINS = Registry(
    "margin map", synonyms={"ranks": ("normal_scores",), "none": ("unchanged",)}
)
_MARGINS.add("normal_scores", NormalScores)
_MARGINS.add("standardize", Standardized)
_MARGINS.add("unchanged", Unchanged)


def get(name):
    """A new map called ``name``; ``ValueError`` with the nearest names if unknown."""
    return _MARGINS.get(name)()


def names():
    """All names."""
    return _MARGINS.names()


def check(name):
    """Raises ``ValueError`` with the nearest names unless there is a map called ``name``."""
    _MARGINS.check(name)
