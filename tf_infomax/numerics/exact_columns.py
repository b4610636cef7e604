"""Columns of numbers of any type, without rounding numbers that float64 cannot represent."""

import fractions
import numbers

import numpy as np
import pandas as pd

__all__ = ["as_objects", "exact_column", "is_missing"]

# Every integer up to here is a float64.
_LARGEST_EXACT = 2**53
_NANOSECONDS = {"D": 86_400 * 10**9, "h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9,
                "ms": 10**6, "us": 10**3, "ns": 1}  # fmt: skip
_TIMES = ("datetime64", "datetime", "timedelta64", "timedelta")
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "boolean")


def is_missing(column):
    """Which entries of a 1-D array or pandas series are missing, bool ``[N]``.

    NaN (a ``Decimal``'s too), NaT, None, ``pandas.NA`` and masked entries.
    """
    if not np.ma.isMaskedArray(column):
        # `np.ma.getdata` would take the private `_data` of a series of pandas 2, its blocks.
        missing = np.asarray(pd.isna(column), bool)
        if isinstance(column, pd.Series) and pd.api.types.is_float_dtype(column.dtype):
            # To pandas' own and Arrow's types of numbers, NaN is a value, and not missing.
            missing = missing | np.isnan(column.to_numpy(np.float64, na_value=np.nan))
        return missing
    return np.asarray(pd.isna(column.data), bool) | np.ma.getmaskarray(column)


def exact_column(column):
    """The numbers of a column, in float64 if that is exact.

    Times become nanoseconds (since 1970, for points in time; time zones become UTC).

    Args:
        column: 1-D NumPy array or pandas series without missing entries: numbers of any type,
            booleans, ``Decimal``, ``Fraction``, points in time or durations.

    Returns:
        float64 ``[N]``; or, where float64 would round integers, decimals or times, object ``[N]``
        of ``int`` and ``Fraction``, which compare and subtract exactly.

    Raises:
        ValueError: on a column of anything else; the message says what it holds.
    """
    if isinstance(column, pd.Series):
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        column = column.to_numpy()
    column = np.ma.getdata(column)
    kind = column.dtype.kind
    if kind in "mM":
        return _narrowed(_nanoseconds(column))
    if kind in "iu":
        return _narrowed(column)
    if kind == "b" or (kind == "f" and column.dtype.itemsize <= 8):
        return column.astype(np.float64)
    if kind == "f":
        return _of_objects(column.astype(object))
    if kind != "O":
        raise ValueError(f"dtype {column.dtype}")
    return _of_objects(column)


def as_objects(column):
    """What ``exact_column`` returns as an object array of ``int`` and ``Fraction``, exactly.

    Raises:
        OverflowError: on infinite entries.
    """
    if column.dtype == object:
        return column
    return _object_array(fractions.Fraction(value) for value in column.tolist())


def _of_objects(column):
    kind = pd.api.types.infer_dtype(column, skipna=False)
    if kind in _TIMES:
        series = pd.Series(column.tolist())
        if series.dtype.kind in "mM":
            return exact_column(series)
    if kind not in _NUMBERS and not all(map(_is_real, column)):
        raise ValueError(f"entries that are none ({kind})")
    if kind in ("floating", "boolean") and all(map(_is_float64, column)):
        return column.astype(np.float64)
    return _narrowed(_object_array(map(_exact, column)))


def _is_real(value):
    return isinstance(value, numbers.Real) or type(value).__name__ == "Decimal"


def _is_float64(value):
    return isinstance(value, float | np.float16 | np.float32 | bool | np.bool)


def _exact(value):
    """``value`` as an ``int`` or a ``Fraction``; infinite values stay floats."""
    if isinstance(value, numbers.Integral | np.bool):
        return int(value)
    try:
        return fractions.Fraction(*value.as_integer_ratio())
    except (AttributeError, OverflowError):
        return float(value)


def _narrowed(column):
    """Integers or exact objects in float64, if that is exact."""
    if column.dtype == object:
        is_exact = all(
            isinstance(value, float) or (abs(value) < 2**1000 and float(value) == value)
            for value in column
        )
    else:
        is_exact = not column.size or max(-int(column.min()), int(column.max())) <= _LARGEST_EXACT
    return column.astype(np.float64 if is_exact else object)


def _nanoseconds(column):
    unit, count = np.datetime_data(column.dtype)
    if (unit in "YMW" and column.dtype.kind == "M") or unit == "W":
        column, unit, count = column.astype(f"{column.dtype.kind}8[D]"), "D", 1
    if unit not in _NANOSECONDS:
        raise ValueError(f"dtype {column.dtype}, a unit that is no number of nanoseconds")
    steps, factor = column.astype(np.int64), _NANOSECONDS[unit] * count
    largest = max(map(abs, (int(steps.min()), int(steps.max()))), default=0) if steps.size else 0
    return steps * factor if largest * factor < 2**63 else steps.astype(object) * factor


def _object_array(values):
    values = list(values)
    column = np.empty(len(values), object)
    column[:] = values
    return column
