"""Scales of values whose squares float64 cannot hold as normal numbers."""

import numpy as np

__all__ = ["extreme_exponent"]

# Squares of values up to 2**300, and sums of them, stay far within the range of float64.
_ORDINARY_EXPONENT = 300


def extreme_exponent(values):
    """Binary exponent of the largest magnitude of an array if it is extreme, else 0.

    ``np.ldexp(values, -extreme_exponent(values))`` has squares that are normal numbers, and differs
    from ``values`` by a power of two, which rounds nothing.
    """
    exponent = int(np.frexp(max(values.max(initial=0.0), -values.min(initial=0.0)))[1])
    return exponent if abs(exponent) > _ORDINARY_EXPONENT else 0
