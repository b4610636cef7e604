"""Numbers that float64 would round: which of them are kept exact."""

import decimal
import fractions
import re

import numpy as np
import pandas as pd

__all__ = ["exact_decimals", "has_long_numbers", "has_repeated_floats", "unrounded"]

# Numbers of up to 15 digits that differ are different in float64.
_LONG = re.compile(r"(?:\d[.,]?){16}")
_LARGEST_EXPONENT = 5000  # Python would compute 10**1_000_000_000 for "1e-1000000000".


def has_long_numbers(text):
    """Whether text holds a number of so many digits that float64 may not tell it from others."""
    return _LONG.search(text) is not None


def has_repeated_floats(column):
    """Whether a pandas series is floating, and holds a finite value more than once."""
    if not pd.api.types.is_float_dtype(column.dtype):
        return False
    values = column.to_numpy(np.float64, na_value=np.nan)
    return bool(pd.Series(values[np.isfinite(values)]).duplicated().any())


def unrounded(texts, numbers):
    """The numbers, exact if rounding to float64 has made different ones equal.

    Args:
        texts: pandas series of text with decimal points, missing where numbers are.
        numbers: the same as pandas reads them.

    Returns:
        ``numbers``; or, if two texts are different numbers and equal in float64, the same as an
        object series of ``Fraction`` (and of floats, where they are infinite).

    Raises:
        ValueError: if a number to be kept exact has an exponent beyond 5000.
    """
    if not has_repeated_floats(numbers):
        return numbers
    values = pd.Series(numbers.to_numpy(np.float64, na_value=np.nan), texts.index)
    told = pd.DataFrame({"value": values, "text": texts})[np.isfinite(values)].drop_duplicates()
    told = told[told["value"].duplicated(keep=False)]
    exact = told["text"].map(decimal.Decimal)
    if exact.groupby(told["value"]).nunique().le(1).all():
        return numbers
    found = values.astype(object).where(values.notna(), None)
    found[np.isfinite(values)] = texts[np.isfinite(values)].map(_fraction)
    return found


def exact_decimals(column):
    """A series of ``Decimal`` in float64 if that tells all their digits; else as it is."""
    values = column.astype(np.float64)
    is_told = (
        not np.isfinite(value) or decimal.Decimal(repr(value)) == entry
        for value, entry in zip(values.tolist(), column, strict=True)
    )
    return values if all(is_told) else column


def _fraction(text):
    number = decimal.Decimal(text)
    if number and abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(
            "Numbers that float64 would round must have exponents from -5000 to 5000. "
            f"Received: {text}."
        )
    return fractions.Fraction(number)
