"""Checks of constructor arguments: the value in its plain form, or an error that says what fits.

Every error is a ``ValueError`` that ends with ``Received: name=value``.
"""

import math
import numbers
import os
import pathlib

import numpy as np

__all__ = [
    "array",
    "boolean",
    "callable_layer",
    "fraction",
    "function",
    "integer",
    "integers",
    "is_short_float",
    "number",
    "path",
    "positive_integer",
    "seed_or_none",
    "unmasked",
]


def integer(value, name, smallest=1, wanted=None, largest=math.inf):
    """``value``, the argument called ``name``, as an ``int`` from ``smallest`` to ``largest``.

    Args:
        value: an integer of Python or NumPy; neither a bool nor 3.0 is accepted.
        name: of the argument.
        smallest: the smallest value that fits.
        wanted: what the argument must be, for the message; to be given with ``largest``.
        largest: the largest value that fits.
    """
    is_integer = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_integer or not smallest <= value <= largest:
        wanted = wanted or f"an integer of at least {smallest}"
        raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value!r}.")
    return int(value)


def positive_integer(value, name):
    """``value``, the argument called ``name``; ``ValueError`` unless it is an int of at least 1."""
    return integer(value, name, wanted="a positive integer")


def integers(values, name, smallest_number=1, smallest=1):
    """``values`` as a tuple of ints, positive by default, such as the widths of layers.

    Args:
        values: a list or tuple, or an array of rank 1.
        name: of the argument.
        smallest_number: smallest length.
        smallest: the smallest integer that fits.
    """
    kind = "positive integers" if smallest == 1 else f"integers of at least {smallest}"
    wanted = f"{kind} in a tuple" + (", at least one" if smallest_number else "")
    error = ValueError(f"`{name}` must be {wanted}. Received: {name}={values!r}.")
    if isinstance(values, (str, bytes, dict, set)):
        raise error
    try:
        result = tuple(integer(value, name, smallest) for value in values)
    except (TypeError, ValueError):
        raise error from None
    if len(result) < smallest_number:
        raise error
    return result


def number(value, name, smallest=0.0, exclusive=False, wanted=None):
    """``value`` as a finite ``float`` of at least ``smallest`` (above it, where ``exclusive``).

    Args:
        value: a number of Python or NumPy; a bool is not accepted.
        name: of the argument.
        smallest, exclusive: the accepted range.
        wanted: what the argument must be, for the message.
    """
    fits = isinstance(value, numbers.Real) and not isinstance(value, bool)
    fits = fits and _is_finite(value) and value >= smallest
    if not fits or (exclusive and value == smallest):
        if wanted is None and smallest == 0.0:
            wanted = "positive" if exclusive else "0 or more"
        elif wanted is None:
            wanted = f"a number {'above' if exclusive else 'of at least'} {smallest:g}"
        raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value!r}.")
    return float(value)


def fraction(value, name, zero=False, one=False):
    """``value`` as a ``float`` between 0 and 1.

    Args:
        value: a number of Python or NumPy; a bool is not accepted.
        name: of the argument.
        zero, one: whether that end is accepted too.
    """
    low, high = "0 or more" if zero else "above 0", "at most 1" if one else "below 1"
    wanted = f"{low} and {high}"
    found = number(value, name, exclusive=not zero, wanted=wanted)
    if found > 1.0 or (found == 1.0 and not one):
        raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value!r}.")
    return found


def _is_finite(value):
    try:
        return math.isfinite(value)
    except OverflowError:
        # A Python int of more digits than a float holds.
        return False


def unmasked(values, name):
    """``values``; ``ValueError`` if entries of an ``np.ma`` array, or a list of these, are masked.

    NumPy and TensorFlow drop masks when they convert, and what was masked would count.
    """
    number_masked = _number_masked(values)
    if number_masked:
        raise ValueError(
            f"`{name}` must be complete: fill in masked entries, or leave their rows out. "
            f"Received: {name} with {number_masked} masked entries."
        )
    return values


def _number_masked(values):
    if isinstance(values, list | tuple):
        return sum(map(_number_masked, values))
    is_masked = isinstance(values, np.ma.MaskedArray)
    return int(np.count_nonzero(np.ma.getmask(values))) if is_masked else 0


def array(values, name):
    """``values`` as a NumPy array of numbers or booleans, none of them masked.

    bfloat16 and shorter types become float32.

    Args:
        values: an array, a tensor, nested lists, or a number.
        name: of the argument.
    """
    unmasked(values, name)
    try:
        found = np.asarray(values)
    except (TypeError, ValueError):
        # Rows of different lengths.
        found = np.asarray(None)
    if is_short_float(found.dtype):
        return found.astype(np.float32)
    if found.dtype.kind in "OUSMmV":
        raise ValueError(
            f"`{name}` must be an array of numbers. Received: {name}: {type(values).__name__}."
        )
    return found


def is_short_float(dtype):
    """Whether NumPy calculates with ``dtype`` only as an extension: bfloat16, float8, ...

    ``predict`` of Keras returns such arrays in mixed precision. float32 holds them exactly.
    """
    return dtype.kind == "V" and "float" in dtype.name


def function(value, name, wanted="a function"):
    """``value``; ``ValueError`` unless it can be called."""
    if not callable(value):
        raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value!r}.")
    return value


def path(value, name="path"):
    """``value`` as a ``pathlib.Path``; ``ValueError`` unless it is a string or a path."""
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"`{name}` must be a string or a path. Received: {name}={value!r}.")
    return pathlib.Path(value)


def boolean(value, name):
    """``value`` as a ``bool``: "no" and "False" are strings, and would count as true."""
    if not isinstance(value, bool) and type(value).__name__ != "bool":
        raise ValueError(f"`{name}` must be True or False. Received: {name}={value!r}.")
    return bool(value)


def seed_or_none(seed, name="seed"):
    """``seed`` as an ``int`` of at least 0, or ``None`` for Keras' global seed."""
    if seed is None:
        return None
    return integer(seed, name, smallest=0, wanted="an integer of at least 0, or None")


def callable_layer(value, name, wanted):
    """``value``; ``ValueError`` if it is a name, a class, or cannot be built and called.

    Args:
        value: a Keras layer or model, or an object that behaves like a layer.
        name: of the argument.
        wanted: what it must be, with an example.
    """
    if isinstance(value, (str, type)) or not callable(value) or not hasattr(value, "build"):
        raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value!r}.")
    return value
