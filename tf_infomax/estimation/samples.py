"""Reads samples given as arrays, lists or data frames into columns of exact numbers."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
from scipy import sparse

from tf_infomax.numerics.exact_columns import exact_column, is_missing

__all__ = ["Sample", "check_same_columns", "pairs_of"]


@dataclasses.dataclass(frozen=True)
class Sample:
    """N vectors, column by column.

    Attributes:
        columns: D arrays ``[N]``, of float64 or, if that would round, of exact objects (see
            ``exact_columns``); finite.
        names: of a data frame's columns, if all of them are text; else None.
    """

    columns: tuple
    names: tuple | None

    def __len__(self):
        return len(self.columns[0])

    @property
    def shape(self):
        return len(self), len(self.columns)


def pairs_of(x, y):
    """Samples of x and of y, whose rows belong together.

    Args:
        x, y: ``[N, D]`` or ``[N]``, N >= 2: NumPy arrays, lists, data frames and series of pandas,
            and objects with ``to_pandas`` (polars, pyarrow); numbers, booleans, decimals or times.

    Returns:
        Two ``Sample``.

    Raises:
        ValueError: on other shapes or lengths, missing or infinite values, sparse matrices, and
            columns that do not hold real numbers.
    """
    samples = [_sample(values, name) for name, values in (("X", x), ("y", y))]
    if len(samples[0]) != len(samples[1]):
        raise ValueError(
            "Row i of X and of y is one pair, but they have inconsistent numbers of samples. "
            f"Received: X of shape {samples[0].shape}, y of shape {samples[1].shape}."
        )
    return samples


def check_same_columns(name, fitted, given):
    """Raises ``ValueError`` if the columns of ``given`` are not those of the ``fitted`` sample.

    Args:
        name: "X" or "y".
        fitted: (number, names or None), given: ``Sample``.
    """
    count, names = fitted
    if names is not None and given.names is not None and names != given.names:
        parts = {
            "unseen in `fit`": [column for column in given.names if column not in names],
            "missing": [column for column in names if column not in given.names],
        }
        told = "; ".join(f"{what}: {_listing(these)}" for what, these in parts.items() if these)
        raise ValueError(
            f"The columns of {name} must be those of `fit`, in the same order: {_listing(names)}. "
            f"Received: {_listing(given.names)} ({told or 'in another order'})."
        )
    if len(given.columns) != count:
        raise ValueError(
            f"{name} must have as many columns as in `fit`, {count}. "
            f"Received: {name} of shape {given.shape}."
        )
    if (names is None) != (given.names is None):
        had, has = ("had", "has none") if names is not None else ("had no", "has some")
        warnings.warn(
            f"{name} {had} column names in `fit` and {has} now: the order of the columns cannot "
            "be checked.", stacklevel=3,
        )  # fmt: skip


def _listing(names, most=10):
    rest = len(names) - most
    return ", ".join(map(repr, names[:most])) + (f" and {rest} more" if rest > 0 else "")


def _sample(values, name):
    if sparse.issparse(values):
        raise ValueError(
            f"{name} must be dense: `{name}.toarray()` is, if it fits into memory. "
            f"Received: a sparse {type(values).__name__} of shape {values.shape}."
        )
    if hasattr(values, "to_pandas"):
        values = values.to_pandas()
    names = None
    if isinstance(values, pd.DataFrame):
        if all(isinstance(column, str) for column in values.columns):
            names = tuple(values.columns)
        columns = [values.iloc[:, place] for place in range(values.shape[1])]
        shape = values.shape
    elif isinstance(values, pd.Series):
        columns, shape = [values], values.shape
    else:
        array = _array(values, name)
        columns = list(array.T) if array.ndim == 2 else [array]
        shape = array.shape
    if len(shape) not in (1, 2) or 0 in shape[1:] or shape[0] < 2:
        raise ValueError(
            f"{name} must have shape [N, D] or [N], with N >= 2 rows and D >= 1 columns. "
            f"Received: {name} of shape {shape}, dim {len(shape)}."
        )
    _check_complete(columns, name)
    exact = []
    for place, column in enumerate(columns):
        try:
            exact.append(exact_column(column))
        except ValueError as error:
            which = repr(names[place]) if names else place
            raise ValueError(
                f"{name} must hold real numbers, booleans or times. "
                f"Received: column {which} of {name} with {error}."
            ) from None
    for place, column in enumerate(exact):
        is_infinite = np.isinf(column) if column.dtype != object else _infinite_objects(column)
        if is_infinite.any():
            raise ValueError(
                f"{name} must be finite. Received: {name} contains infinity in {is_infinite.sum()} "
                f"rows of column {repr(names[place]) if names else place}, the first in row "
                f"{int(is_infinite.argmax())}."
            )
    return Sample(tuple(exact), names)


def _array(values, name):
    if isinstance(values, np.ma.MaskedArray):
        return values
    if isinstance(values, list | tuple):
        # NumPy would convert integers beside fractions to float64, whatever their size.
        is_flat = not any(hasattr(row, "__len__") for row in values)
        if is_flat or all(isinstance(row, list | tuple) for row in values):
            try:
                return np.array(values, dtype=object)
            except ValueError:
                pass
        values = list(values)
    try:
        return np.asanyarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} must have shape [N, D] or [N], all rows as long. Received: {name}={error}."
        ) from None


def _infinite_objects(column):
    return np.array([value in (np.inf, -np.inf) for value in column])


def _check_complete(columns, name):
    missing = np.zeros(len(columns[0]), bool)
    for column in columns:
        missing |= is_missing(column)
    if missing.any():
        raise ValueError(
            f"{name} must be complete: leave these pairs out, of X and of y. Received: {name} "
            f"contains NaN or other missing or masked values in {missing.sum()} of {len(missing)} "
            f"rows, the first in row {int(missing.argmax())}."
        )
