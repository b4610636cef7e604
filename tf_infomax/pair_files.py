"""Pairs (x, y) from files: NumPy arrays, CSV and Parquet tables. TensorFlow is not needed."""

import csv
import dataclasses
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from tf_infomax.registry import nearest

__all__ = ["Pairs", "read_pairs"]

_SUFFIXES = (".npy", ".npz", ".csv", ".parquet")
_LISTED = 20  # columns named in an error message


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Two samples whose rows belong together, and where they are from.

    Attributes:
        x: float64 ``[N, Dx]``, finite.  y: float64 ``[N, Dy]``, finite.
        columns_x, columns_y: names (positions as text, where there are none), tuples.
        files: paths as given, a tuple of one or two.
        notes: what a reader of the result should know of the data, sentences.
    """

    x: np.ndarray
    y: np.ndarray
    columns_x: tuple
    columns_y: tuple
    files: tuple
    notes: tuple = ()


def read_pairs(path=None, x=None, y=None, *, x_file=None, y_file=None, drop_missing=False):
    """Reads pairs from one file, or x and y from a file each.

    Args:
        path: ``.npy`` (one array ``[N, D]``), ``.npz`` (arrays ``[N]`` or ``[N, D]``), ``.csv``
            (separated by commas, semicolons or tabs; a first line of numbers is data) or
            ``.parquet``.
        x, y: columns (of an ``.npz``: arrays), as text like ``"height,weight"``, ``"0:3"`` or
            ``"0,4:6"``, or as a sequence of names and positions. Text that is a name is that name.
            By default the first and the second of two; of an ``.npz``, those called x and y. With
            ``x_file`` and ``y_file``: of the one and the other file, by default all.
        x_file, y_file: in place of ``path``; ``.npy`` may then be ``[N]``.
        drop_missing: whether rows with missing values are left out; else they are an error.

    Returns:
        ``Pairs``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: on a file that cannot be read, columns that are not there or not numbers,
            missing or infinite values, x and y of different lengths, fewer than 2 rows.
        ImportError: for ``.parquet`` without pyarrow, which the extra ``parquet`` installs.
    """
    if (path is None) == (x_file is None and y_file is None) or (x_file is None) != (
        y_file is None
    ):
        raise ValueError(
            "Expected either one file of pairs or both a file of x and a file of y. "
            f"Received: path={path!r}, x_file={x_file!r}, y_file={y_file!r}."
        )
    if path is not None:
        tables = [_read(path)]
        chosen = _sides(tables[0], x, y)
        sources = tables * 2
    else:
        sources = tables = [_read(x_file), _read(y_file)]
        chosen = [
            _all(table) if columns is None else _positions(table, columns)
            for table, columns in zip(tables, (x, y), strict=True)
        ]
    blocks = [_side(*side) for side in zip("xy", sources, chosen, strict=True)]
    if len(blocks[0]) != len(blocks[1]):
        raise ValueError(
            "x and y must have equally many rows: row i of both is one pair. "
            f"Received: {len(blocks[0])} rows of x, {len(blocks[1])} of y."
        )
    names = [
        tuple(table.names[place] for place in places)
        for table, places in zip(sources, chosen, strict=True)
    ]
    notes = [note for table in tables for note in table.notes]
    blocks, dropped = _complete(blocks, drop_missing)
    notes += dropped
    if len(blocks[0]) < 2:
        raise ValueError(f"At least 2 pairs are needed. Received: {len(blocks[0])} pairs.")
    for side, block in zip("xy", blocks, strict=True):
        constant = int((np.ptp(block, axis=0) == 0).sum())
        if constant:
            notes.append(f"{constant} of {block.shape[1]} dimensions of {side} are constant.")
    return Pairs(*blocks, *names, tuple(str(table.path) for table in tables), tuple(notes))


@dataclasses.dataclass(frozen=True)
class _Table:
    """A file: named columns, each an array ``[N]`` or (``.npz``) ``[N, D]``, or a pandas series."""

    path: Path
    names: tuple
    columns: list
    notes: tuple = ()

    @property
    def noun(self):
        return "array" if self.path.suffix.lower() == ".npz" else "column"

    def listing(self):
        rest = len(self.names) - _LISTED
        listed = ", ".join(self.names[:_LISTED]) or "none"
        return f"{self.noun.capitalize()}s: {listed}" + (f" and {rest} more" * (rest > 0)) + "."


def _read(path):
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ValueError(f"A file of pairs must be {', '.join(_SUFFIXES)}. Received: {path}.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no such file. Received: {path}.")
    if suffix == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise ImportError(
                f"Parquet needs pyarrow: pip install 'tf_infomax[parquet]'. Received: {path}."
            ) from None
    try:
        return {".npy": _npy, ".npz": _npz, ".csv": _csv, ".parquet": _parquet}[suffix](path)
    except (ValueError, EOFError, zipfile.BadZipFile, pd.errors.ParserWarning) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(f"{path} cannot be read as {suffix}: {reason}.") from None


def _npy(path):
    array = np.load(path, allow_pickle=False)
    if array.ndim not in (1, 2):
        raise ValueError(f"an array [N, D] was expected, one of shape {array.shape} found")
    columns = list(np.atleast_2d(array.T))
    return _Table(path, tuple(map(str, range(len(columns)))), columns)


def _npz(path):
    with np.load(path, allow_pickle=False) as arrays:
        return _Table(path, tuple(arrays.files), [arrays[name] for name in arrays.files])


def _csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [file.readline(), file.readline()]
    separator = next((one for one in ";\t," if one in lines[0]), ",")
    if separator == "," and "," not in lines[0] and all(map(_is_number, lines[0].split())):
        separator = r"\s+"  # as NumPy's savetxt has it
    first, second = (
        line.split() if separator == r"\s+" else next(csv.reader([line], delimiter=separator), [])
        for line in lines
    )
    # A frame without names is written with 0, 1, ... in their place.
    counted = [name.strip() for name in first] == [str(place) for place in range(len(first))]
    if counted and all(re.fullmatch(r"\s*-?\d+\s*", value) for value in second):
        counted = False
    has_header = counted or not all(map(_is_number, first))
    with warnings.catch_warnings():
        # A line longer than the header: pandas would drop its end.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        frame = pd.read_csv(
            path, sep=separator, header=0 if has_header else None, index_col=False,
            skipinitialspace=True, encoding="utf-8-sig", low_memory=False,
        )  # fmt: skip
    notes = () if has_header else (f"The first line of {path} was read as data, not as names.",)
    return _frame(path, frame, notes)


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parquet(path):
    return _frame(path, pd.read_parquet(path, engine="pyarrow"))


def _frame(path, frame, notes=()):
    # NumPy's savetxt puts a comment sign before the names.
    names = tuple(str(name).strip().removeprefix("# ") for name in frame.columns)
    return _Table(path, names, [frame.iloc[:, place] for place in range(len(names))], notes)


def _sides(table, x, y):
    """Positions of the columns of x and of y in the table that has both."""
    if x is None and y is None and {"x", "y"} <= {*table.names} and table.noun == "array":
        x, y = ["x"], ["y"]
    if len(table.names) == 2:
        if x is None:
            x = [1 - place for place in _positions(table, y)] if y is not None else [0]
        if y is None:
            y = [1 - place for place in _positions(table, x)]
    if x is None or y is None:
        raise ValueError(
            f"{table.path} has {len(table.names)} {table.noun}s: which of them are x, and which "
            f"are y? {table.listing()} Received: x={x!r}, y={y!r}."
        )
    chosen = [_positions(table, columns) for columns in (x, y)]
    for place in chosen[0]:
        if place in chosen[1]:
            raise ValueError(
                f"No {table.noun} may be in both x and y: their mutual information would be "
                f"infinite. Received: {table.names[place]!r} in both."
            )
    return chosen


def _all(table):
    if table.noun == "array" and len(table.names) != 1:
        raise ValueError(
            f"{table.path} has {len(table.names)} arrays: which of them? {table.listing()}"
        )
    return list(range(len(table.names)))


def _positions(table, columns):
    """Positions that text like ``"a,0:3"``, or a sequence of names and positions, stands for."""
    if isinstance(columns, str):
        parts = [columns] if columns in table.names else columns.split(",")
    else:
        parts = [columns] if isinstance(columns, int) else list(columns)
    places = []
    for part in parts:
        places += _positions_of(table, part.strip() if isinstance(part, str) else part)
    repeated = {place for place in places if places.count(place) > 1}
    if repeated or not places:
        which = ", ".join(table.names[place] for place in sorted(repeated)) or "none"
        raise ValueError(
            f"Expected one or more {table.noun}s of {table.path}, each once. "
            f"Received: {columns!r} (repeated: {which})."
        )
    return places


def _positions_of(table, part):
    count = len(table.names)
    if part in table.names:
        return [table.names.index(part)]
    ends = re.fullmatch(r"(\d*):(\d*)", part) if isinstance(part, str) else None
    if ends:
        start, stop = int(ends[1] or 0), int(ends[2] or count)
        if not start < stop <= count:
            raise ValueError(
                f"A range of {table.noun}s must be start:stop, with 0 <= start < stop <= {count}, "
                f"the number of {table.noun}s of {table.path}. Received: {part!r}."
            )
        return list(range(start, stop))
    if re.fullmatch(r"\d+", str(part)) and int(part) < count:
        return [int(part)]
    close = " or ".join(map(repr, nearest(part, table.names)))
    hint = f" Did you mean {close}?" if close else ""
    raise ValueError(f"{table.path} has no {table.noun} {part!r}.{hint} {table.listing()}")


def _side(side, table, places):
    """The chosen columns beside each other, float64 ``[N, D]``."""
    blocks = [_numbers(table, place) for place in places]
    lengths = [len(block) for block in blocks]
    if len({*lengths}) > 1:
        raise ValueError(
            f"The arrays of {side} must have equally many rows. Received: {lengths} rows."
        )
    return np.concatenate(blocks, axis=1)


def _numbers(table, place):
    column, name = table.columns[place], table.names[place]
    what = f"{table.noun.capitalize()} {name!r} of {table.path}"
    if isinstance(column, np.ndarray) and column.ndim not in (1, 2):
        raise ValueError(
            f"{what} must have shape [N] or [N, D]. Received: an array of shape {column.shape}."
        )
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(column, pd.Series):
        is_category = isinstance(column.dtype, pd.CategoricalDtype)
        if not is_category and (kind == "O" or pd.api.types.is_string_dtype(column)):
            column, kind = _converted(column, what), "f"
        column = column.to_numpy(np.float64, na_value=np.nan) if kind in "biuf" else column
    if kind not in "biuf":
        raise ValueError(f"{what} must hold numbers. Received: dtype {column.dtype}.")
    column = np.asarray(column, np.float64)
    return column[:, np.newaxis] if column.ndim == 1 else column


def _converted(column, what):
    """A column of mixed or textual entries as numbers; the first that is none is an error."""
    try:
        converted = pd.to_numeric(column, errors="coerce")
    except TypeError:  # entries that are not scalars
        converted = pd.Series(np.nan, column.index)
    wrong = np.flatnonzero(converted.isna() & column.notna())
    if not wrong.size:
        return converted
    example = column.iloc[wrong[0]]
    raise ValueError(
        f"{what} must hold numbers. Received: {len(wrong)} of {len(column)} entries that are none, "
        f"the first in data row {wrong[0] + 1}: {str(example)[:40]!r}."
    )


def _complete(blocks, drop_missing):
    """The rows without missing values, and a note of how many others there were."""
    missing = np.isnan(blocks[0]).any(axis=1) | np.isnan(blocks[1]).any(axis=1)
    infinite = np.isinf(blocks[0]).any(axis=1) | np.isinf(blocks[1]).any(axis=1)
    count, number, total = int(infinite.sum()), int(missing.sum()), len(missing)
    if count:
        raise ValueError(
            f"Values must be finite. Received: infinite ones in {count} of {total} rows, the first "
            f"in data row {int(infinite.argmax()) + 1}."
        )
    if not number:
        return blocks, []
    if not drop_missing:
        raise ValueError(
            "Every row needs all of its values; drop_missing leaves the others out. Received: "
            f"missing values in {number} of {total} rows, the first in data row "
            f"{int(missing.argmax()) + 1}."
        )
    note = f"{number} of {total} rows were left out: they have missing values."
    return [block[~missing] for block in blocks], [note]
