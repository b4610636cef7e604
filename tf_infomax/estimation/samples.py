"""Reads samples given as arrays, lists or data frames into columns of exact numbers."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
from scipy import sparse

from tf_infomax.naming.arguments import is_short_float
from tf_infomax.numerics.exact_columns import exact_column, is_missing

__all__ = ["Sample", "as_frame_or_array", "check_same_columns", "pairs_of", "sample_of"]


@dataclasses.dataclass(frozen=True)
class Sample:
    """N vectors, column by column.

    Attributes:
        columns: D arrays ``[N]``, of float64 or, if that would round, of exact objects (see
            ``exact_columns``); finite.
        names: of a data frame's columns, if all of them are text; else None.
        nominal: per column, whether it is nominal (text or a category); such columns are object
            arrays of comparable values.
        grid: (height, width, channels) of images, whose pixels the columns are, row by row; else
            None.
    """

    columns: tuple
    names: tuple | None
    nominal: tuple = ()
    grid: tuple | None = None

    def __post_init__(self):
        if not self.nominal:
            object.__setattr__(self, "nominal", (False,) * len(self.columns))

    def rows(self, chosen):
        """The sample of some rows, given as int ``[n]``."""
        return dataclasses.replace(
            self, columns=tuple(column[chosen] for column in self.columns)
        )

    def name(self, place):
        """The name of a column, or its place if columns have no names."""
        return self.names[place] if self.names else place

    def __len__(self):
        return len(self.columns[0])

    @property
    def shape(self):
        return len(self), len(self.columns)


def pairs_of(x, y, nominal=(False, False)):
    """Samples of x and of y, whose rows belong together.

    Args:
        x, y: ``[N, D]`` or ``[N]``, N >= 2: NumPy arrays, lists, data frames and series of pandas,
            and objects with ``to_pandas`` (polars, pyarrow); numbers, booleans, decimals or times.
            Of images, ``[N, H, W]`` or ``[N, H, W, C]``, the pixels are the columns.
        nominal: whether columns of text, and pandas' categories, are accepted in x and in y.

    Returns:
        Two ``Sample``.

    Raises:
        ValueError: on other shapes or lengths, missing or infinite values, sparse matrices, and
            columns that do not hold real numbers.
    """
    samples = [
        sample_of(values, name, accepted)
        for name, values, accepted in zip(("X", "y"), (x, y), nominal, strict=True)
    ]
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


def as_frame_or_array(values, name):
    """A data frame or series as it is, anything else as a NumPy array without rounding integers.

    Args:
        values: as for ``pairs_of``.
        name: of the argument, for errors.

    Raises:
        ValueError: on sparse matrices and on rows of different lengths.
    """
    if sparse.issparse(values):
        raise ValueError(
            f"{name} must be dense: `{name}.toarray()` is, if it fits into memory. "
            f"Received: a sparse {type(values).__name__} of shape {values.shape}."
        )
    if hasattr(values, "to_pandas"):
        values = values.to_pandas()
    if isinstance(values, pd.api.extensions.ExtensionArray | pd.Index):
        values = pd.Series(values)
    return values if isinstance(values, pd.DataFrame | pd.Series) else _array(values, name)


def sample_of(values, name, accepts_nominal=True):
    """One ``Sample``; arguments and errors as in ``pairs_of``, which calls it ``name``."""
    values = as_frame_or_array(values, name)
    names = grid = None
    if isinstance(values, pd.DataFrame):
        if all(isinstance(column, str) for column in values.columns):
            names = tuple(values.columns)
        columns = [values.iloc[:, place] for place in range(values.shape[1])]
        shape = values.shape
    elif isinstance(values, pd.Series):
        columns, shape = [values], values.shape
    else:
        array = values
        if array.ndim in (3, 4) and len(array) > 1 and array.dtype.kind in "biuf" and array.size:
            grid = (*array.shape[1:], 1)[:3]
            array = array.reshape(len(array), -1)
        columns = list(array.T) if array.ndim == 2 else [array]
        shape = array.shape
    if len(shape) not in (1, 2) or 0 in shape[1:] or shape[0] < 2:
        raise ValueError(
            f"{name} must have shape [N, D] or [N], with N >= 2 rows and D >= 1 columns. "
            f"Received: {name} of shape {shape}, dim {len(shape)}."
        )
    _check_complete(columns, name)
    exact, nominal = [], []
    for place, column in enumerate(columns):
        named = _nominal(column) if accepts_nominal else None
        nominal.append(named is not None)
        try:
            exact.append(exact_column(column) if named is None else named)
        except ValueError as error:
            which = repr(names[place]) if names else place
            raise ValueError(
                f"{name} must hold real numbers, booleans or times. "
                f"Received: column {which} of {name} with {error}."
            ) from None
    for place, column in enumerate(exact):
        if nominal[place]:
            continue
        is_infinite = np.isinf(column) if column.dtype != object else _infinite_objects(column)
        if is_infinite.any():
            raise ValueError(
                f"{name} must be finite. Received: {name} contains infinity in {is_infinite.sum()} "
                f"rows of column {repr(names[place]) if names else place}, the first in row "
                f"{int(is_infinite.argmax())}."
            )
    return Sample(tuple(exact), names, tuple(nominal), grid)


def _nominal(column):
    """A column of text or categories as an object array of text; None for any other column."""
    if isinstance(column, pd.Series):
        is_category = isinstance(column.dtype, pd.CategoricalDtype)
        column = column.to_numpy(dtype=object) if is_category else column.to_numpy()
    else:
        is_category, column = False, np.ma.getdata(column)
    if column.dtype.kind in "US":
        column = column.astype(object)
    if column.dtype != object:
        return None
    # Text beside numbers is more often a mistake than a level.
    if not is_category and not all(isinstance(value, str | bytes) for value in column):
        return None
    texts = np.empty(len(column), object)
    # Categories may be of any type, and not comparable with each other.
    texts[:] = [value if isinstance(value, str) else repr(value) for value in column]
    return texts


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
        found = np.asarray(values)
        return found.astype(np.float32) if is_short_float(found.dtype) else found
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
