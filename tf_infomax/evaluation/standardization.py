"""Codes at mean 0 and standard deviation 1, for measures that must not depend on scale."""

import dataclasses

import numpy as np

__all__ = ["Moments", "moments", "standardized"]

# Entries of a block that is held in float64 at a time: 32 MB.
_BLOCK = 4_000_000


@dataclasses.dataclass(frozen=True)
class Moments:
    """Moments of each coordinate of some codes, float64 ``[D]`` each.

    Attributes:
        mean: of the coordinate.
        deviation: its standard deviation; 0 where it is constant, up to the rounding of its type.
        rounding: the deviation that the rounding of its type alone may have.
    """

    mean: np.ndarray
    deviation: np.ndarray
    rounding: np.ndarray

    def apply(self, codes):
        """``(codes - mean) / deviation``, float64; 0 in constant coordinates."""
        is_constant = self.deviation == 0.0
        # Divided, as the reciprocal of a subnormal deviation would overflow.
        scaled = (_float64(codes) - self.mean) / np.where(is_constant, 1.0, self.deviation)
        return np.where(is_constant, 0.0, scaled)


def moments(codes):
    """``Moments`` of codes ``[N, D]``, exact for any offset and scale of their type.

    Everything is computed in float64 relative to the largest entry of a coordinate, so neither
    squares of 1e-200 nor sums of 1e308 leave its range.
    """
    codes = np.asarray(codes)
    width = max(1, _BLOCK // len(codes))
    parts = [
        _block_moments(codes[:, start : start + width]) for start in range(0, codes.shape[1], width)
    ]
    return Moments(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _block_moments(codes):
    exact = _float64(codes)
    largest = np.abs(exact).max(axis=0)
    unit = np.where(largest > 0.0, largest, 1.0)
    mean = unit * (exact / unit).mean(axis=0)
    centred = exact - mean
    spread = np.abs(centred).max(axis=0)
    unit = np.where(spread > 0.0, spread, 1.0)
    deviation = unit * np.sqrt(((centred / unit) ** 2).mean(axis=0))
    precision = np.finfo(codes.dtype if codes.dtype.kind == "f" else np.float64).eps
    rounding = precision * largest
    is_constant = (deviation <= 2.0 * rounding) | (exact.min(axis=0) == exact.max(axis=0))
    return mean, np.where(is_constant, 0.0, deviation), rounding


def _float64(codes):
    return np.asarray(codes, np.float64)


def standardized(train, *others):
    """Codes standardised by the training codes; keeps mutual information and total correlation.

    Args:
        train: ``[N, D]``, finite, of any real type. Centred in float64, so that an offset of 1e6 or
            a scale of 1e-20 costs no digits.
        *others: ``[M, D]``, mapped as the training codes are.

    Returns:
        Tuple of float32 arrays, the training codes first. Coordinates that are constant in training
        are 0 everywhere: they carry no information about the training codes.
    """
    known = moments(train)
    return tuple(_mapped(known, codes) for codes in (train, *others))


def _mapped(known, codes):
    result = np.empty(codes.shape, np.float32)
    rows = max(1, _BLOCK // codes.shape[1])
    for start in range(0, len(codes), rows):
        result[start : start + rows] = known.apply(codes[start : start + rows])
    return result
