"""A file as named columns of numbers or names: a reader for each format."""

import csv
import dataclasses
import decimal as decimals
import numbers
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from tf_infomax.pair_files import exact_texts, text_tables

__all__ = ["Table", "read_table"]

_TEXT = (".csv", ".tsv", ".txt")
_SUFFIXES = (".npy", ".npz", ".csv", ".parquet", ".tsv", ".txt")
_LISTED = 20  # columns named in an error message
_THOUSANDS = r"[+-]?\d{1,3}([.,' \u00a0\u202f]\d{3})+([.,]\d*)?|[+-]?\d{1,3}([.,]\d{3})+[.,]\d+"


@dataclasses.dataclass(frozen=True)
class Table:
    """A file: named columns, each an array ``[N]`` or (``.npz``) ``[N, D]``, or a pandas series.

    ``decimal`` is the mark of numbers that are left as text; names may occur twice.
    """

    path: Path
    names: tuple
    columns: list
    notes: tuple = ()
    decimal: str = "."

    @property
    def noun(self):
        return "array" if self.path.suffix.lower() == ".npz" else "column"

    def listing(self):
        rest = len(self.names) - _LISTED
        listed = ", ".join(self.names[:_LISTED]) or "none"
        return f"{self.noun.capitalize()}s: {listed}" + (f" and {rest} more" * (rest > 0)) + "."

    def columns_of(self, place):
        """The entry at ``place`` as columns of numbers or, if it is nominal, of text: ``[N]``."""
        column = self.columns[place]
        what = f"{self.noun.capitalize()} {self.names[place]!r} of {self.path}"
        if isinstance(column, pd.Series):
            return [_numbers(column, what, self.decimal)]
        if column.ndim not in (1, 2) or 0 in column.shape[1:]:
            raise ValueError(
                f"{what} must have shape [N] or [N, D], with D >= 1. "
                f"Received: an array of shape {column.shape}."
            )
        if column.dtype.kind not in "biuf":
            raise ValueError(f"{what} must hold numbers. Received: dtype {column.dtype}.")
        return [column] if column.ndim == 1 else list(column.T)


def read_table(path, missing_values, decimal):
    """The ``Table`` in a file; ``missing_values`` and ``decimal`` as in ``read_pairs``."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".gz" and path.with_suffix("").suffix.lower() in _TEXT:
        suffix = path.with_suffix("").suffix.lower()
    if suffix not in _SUFFIXES:
        raise ValueError(
            f"A file of pairs must be {', '.join(_SUFFIXES)}; text may be compressed by gzip, as "
            f"in pairs.csv.gz. Received: {path}."
        )
    if decimal not in (None, ".", ","):
        raise ValueError(f"`decimal` must be '.', ',' or None. Received: decimal={decimal!r}.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no such file. Received: {path}.")
    try:
        if suffix in _TEXT:
            table = _frame(path, *text_tables.read(path, missing_values, decimal))
        else:
            table = {".npy": _npy, ".npz": _npz, ".parquet": _parquet}[suffix](path)
        if not table.names:
            raise ValueError(f"there is no {table.noun} in it")
        return table
    except (
        ValueError, EOFError, zipfile.BadZipFile, csv.Error, pd.errors.ParserWarning,
    ) as error:  # fmt: skip
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(f"{path} cannot be read as {suffix}: {reason}.") from None


def _npy(path):
    array = np.load(path, allow_pickle=False)
    if array.ndim not in (1, 2):
        raise ValueError(f"an array [N, D] was expected, one of shape {array.shape} found")
    columns = list(np.atleast_2d(array.T))
    return Table(path, tuple(map(str, range(len(columns)))), columns)


def _npz(path):
    with np.load(path, allow_pickle=False) as arrays:
        return Table(path, tuple(arrays.files), [arrays[name] for name in arrays.files])


def _parquet(path):
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise ImportError(
            f"Parquet needs pyarrow: pip install 'tf_infomax[parquet]'. Received: {path}."
        ) from None
    # Without nullable types, integer columns with missing values would be rounded to float64.
    nullable = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
    return _frame(path, parquet.read_table(path).to_pandas(types_mapper=nullable.get))


def _frame(path, frame, notes=(), decimal="."):
    names = tuple(str(name).strip() for name in frame.columns)
    columns = [frame.iloc[:, place] for place in range(len(names))]
    return Table(path, names, columns, notes, decimal)


def _numbers(column, what, decimal):
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype(object).map(str, na_action="ignore")
    if column.dtype == object and _are(numbers.Real | decimals.Decimal, column):
        is_decimal = _are(decimals.Decimal, column)
        return exact_texts.exact_decimals(column) if is_decimal else column
    if pd.api.types.is_string_dtype(column) or column.dtype == object:
        return _converted(column, what, decimal)
    if getattr(column.dtype, "kind", "O") not in "biuf":
        raise ValueError(f"{what} must hold numbers. Received: dtype {column.dtype}.")
    return column


def _are(kind, column):
    """Whether a column has entries, and all of them are of a kind."""
    entries = column[column.notna()]
    return len(entries) > 0 and all(isinstance(entry, kind) for entry in entries)


def _converted(column, what, decimal):
    """A column of mixed or textual entries as numbers; other entries are an error."""
    given = column[column.notna()]
    if len(given) and given.map(_is_integer).all():
        # Integers of more than 64 bits, which pandas leaves as text.
        return column.astype(object).map(int, na_action="ignore")
    texts = column if decimal == "." else column.map(_with_point, na_action="ignore")
    try:
        converted = pd.to_numeric(texts, errors="coerce")
    except TypeError:  # entries that are not scalars
        converted = pd.Series(np.nan, column.index)
    wrong = np.flatnonzero(converted.isna() & column.notna())
    if not wrong.size:
        return exact_texts.unrounded(texts, converted) if _are(str, column) else converted
    if _is_nominal(given):
        return column.astype(object)
    example = str(column.iloc[wrong[0]])[:40]
    if re.fullmatch(_THOUSANDS, example):
        hint = " Thousands are not to be separated: 1234.5."
    elif not re.search(r"\w", example):
        hint = f" missing_values={example!r} makes it a missing value."
    elif example.startswith("#"):
        hint = " Comments are to be above the table."
    elif decimal == "," and re.fullmatch(r"[+-]?\d*\.\d+", example):
        hint = " The decimal mark of this file is the comma."
    else:
        hint = ""
    raise ValueError(
        f"{what} must hold numbers.{hint} Received: {len(wrong)} of {len(column)} entries that "
        f"are none, the first in data row {wrong[0] + 1}: {example!r}."
    )


def _is_nominal(entries):
    """Whether entries are names of levels: words, none of them a number, that mostly recur."""
    if not all(isinstance(entry, str) and re.search(r"\w", entry) for entry in entries):
        return False
    if any(re.fullmatch(_THOUSANDS, entry) for entry in entries):
        return False
    is_number = pd.to_numeric(pd.Series(list(entries)), errors="coerce").notna()
    return not is_number.any() and len({*entries}) <= len(entries) / 2


def _is_integer(entry):
    return isinstance(entry, str) and re.fullmatch(r"\s*[+-]?[0-9]+\s*", entry) is not None


def _with_point(entry):
    """Text with a decimal comma as text with a point; with a point, it is no number."""
    return entry.replace(",", ".") if "." not in entry else "no number"
