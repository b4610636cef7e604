"""Numbers as strict JSON: non-finite values are one of three strings, and read back as numbers."""

import math
import numbers
from collections.abc import Mapping

import numpy as np

__all__ = ["encoded", "integer", "number", "refuse_constant"]

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encoded(value):
    """``value`` as strict JSON knows it: no NumPy scalars, no NaN, no infinities."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, Mapping):
        return {key: encoded(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [encoded(entry) for entry in value]
    return value


def number(value, name):
    """The float that ``value`` stands for; of strings only the three above are numbers."""
    if isinstance(value, str) and value in _NON_FINITE:
        return _NON_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"`{name}` must be a number. Received: {name}={value!r}.")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(
            f"`{name}` must be a number that a float holds. Received: {name} of "
            f"{value.bit_length()} bits."
        ) from None


def refuse_constant(name):
    """For ``json.loads``: NaN and infinities are strings here; bare constants are an error."""
    # Python's reader accepts a bare NaN, but other readers do not.
    raise ValueError(f"the bare constant {name} is not JSON")


def integer(value, name):
    """``value`` as an int, if it is one."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise ValueError(f"`{name}` must be an integer. Received: {name}={value!r}.")
    return int(value)
