"""Pairs of x and y, chosen from one file or two."""

import dataclasses
import fractions

import numpy as np

from tf_infomax.numerics.exact_columns import exact_column, is_missing
from tf_infomax.pair_files.selection import all_positions, condition, positions, sides
from tf_infomax.pair_files.tables import read_table

__all__ = ["Pairs", "read_pairs"]


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Two samples with paired rows, perhaps a third, and the files that they are from.

    Attributes:
        x: ``[N, Dx]``, finite.  y: ``[N, Dy]``, finite. float64; where a column holds integers
            beyond 2**53 or other numbers that float64 would make equal, an object array with exact
            ``int`` and ``Fraction`` there, and text where a column is nominal.
        columns_x, columns_y: names (positions as text, where there are none), tuples.
        files: paths as given, a tuple of one or two.
        notes: remarks on the data for readers of the result, sentences.
        z: ``[N, Dz]`` to condition on, as x and y, or None.  columns_z: names.
    """

    x: np.ndarray
    y: np.ndarray
    columns_x: tuple
    columns_y: tuple
    files: tuple
    notes: tuple = ()
    z: np.ndarray | None = None
    columns_z: tuple = ()


def read_pairs(
    path=None, x=None, y=None, *, z=None, x_file=None, y_file=None, drop_missing=False,
    missing_values=(), decimal=None,
):  # fmt: skip
    """Reads pairs from one file, or x and y from a file each.

    Args:
        path: ``.npy`` (one array ``[N, D]``), ``.npz`` (arrays ``[N]`` or ``[N, D]``), ``.csv``,
            ``.tsv`` or ``.txt`` (see ``text_tables``; also as ``.csv.gz``), or ``.parquet``.
        x, y: columns (of an ``.npz``: arrays), as text like ``"height,weight"``, ``"0:3"`` or
            ``"0,4:6"``, or as a position, or a sequence of names and positions. Text that is a name
            is that name, which must occur once.
            By default those called x and y, or the first and the second of two. With ``x_file`` and
            ``y_file``: of the one and the other file, by default all.
        z: columns to condition on, of the one file of pairs; ``None`` for none.
        x_file, y_file: in place of ``path``; ``.npy`` may then be ``[N]``.
        drop_missing: whether rows with missing values are left out; else they are an error.
        missing_values: further entries of text files that count as missing, as in ``["?", "-"]``,
            besides empty ones, NA, N/A, NaN, null and None.
        decimal: "." or "," in text files; ``None`` chooses the mark for which entries are numbers.

    Returns:
        ``Pairs``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: on a file that cannot be read, columns that are missing, not numeric or chosen
            twice, missing or infinite values, x and y of different lengths, fewer than 2 rows.
        ImportError: for ``.parquet`` without pyarrow, which the extra ``parquet`` installs.
    """
    if (path is None) == (x_file is None and y_file is None) or (x_file is None) != (
        y_file is None
    ):
        raise ValueError(
            "Expected either one file of pairs or both a file of x and a file of y. "
            f"Received: path={path!r}, x_file={x_file!r}, y_file={y_file!r}."
        )
    if z is not None and path is None:
        raise ValueError(
            "`z` is read from one file together with x and y. "
            f"Received: z={z!r} with x_file={x_file!r}, y_file={y_file!r}."
        )
    how = {"missing_values": _texts(missing_values), "decimal": decimal}
    if path is not None:
        tables = [read_table(path, **how)]
        chosen = sides(tables[0], x, y)
        if z is not None:
            chosen.append(condition(tables[0], z, chosen))
        sources = tables * len(chosen)
    else:
        sources = tables = [read_table(x_file, **how), read_table(y_file, **how)]
        chosen = [
            all_positions(table) if columns is None else positions(table, columns)
            for table, columns in zip(tables, (x, y), strict=True)
        ]
    columns = [_side(*side) for side in zip("xyz", sources, chosen, strict=False)]
    names = [
        tuple(table.names[place] for place in places)
        for table, places in zip(sources, chosen, strict=True)
    ]
    blocks, dropped = _complete(columns, drop_missing)
    notes = [*(note for table in tables for note in table.notes), *dropped]
    for side, block in zip("xyz", blocks, strict=False):
        constant = sum(bool((column == column[0]).all()) for column in block.T)
        if constant:
            notes.append(f"{constant} of {block.shape[1]} dimensions of {side} are constant.")
        nominal = sum(map(_is_text, block.T))
        if nominal:
            notes.append(f"{nominal} of {block.shape[1]} dimensions of {side} are nominal.")
        exact = [
            value for column in block.T if block.dtype == object for value in column
            if isinstance(value, int | fractions.Fraction)
        ]  # fmt: skip
        if any(value.denominator > 1 for value in exact):
            notes.append(f"{side} holds numbers that float64 would round, which are kept exact.")
        elif exact:
            notes.append(f"{side} holds integers beyond 2**53, which are kept exact.")
    files = tuple(str(table.path) for table in tables)
    given = dict(zip(("z", "columns_z"), (*blocks[2:], *names[2:]), strict=False))
    return Pairs(*blocks[:2], *names[:2], files, tuple(notes), **given)


def _texts(missing_values):
    values = [missing_values] if isinstance(missing_values, str) else missing_values
    if not isinstance(values, list | tuple | set) or not all(isinstance(v, str) for v in values):
        raise ValueError(
            "`missing_values` must be texts, as in ['?', '-']. "
            f"Received: missing_values={missing_values!r}."
        )
    return tuple(values)


def _side(side, table, places):
    """The chosen columns, a list of ``[N]``."""
    parts = [table.columns_of(place) for place in places]
    lengths = [len(part[0]) for part in parts]
    if len({*lengths}) > 1:
        raise ValueError(
            f"The arrays of {side} must have equally many rows. Received: {lengths} rows."
        )
    return [column for part in parts for column in part]


def _complete(columns, drop_missing):
    """x, y and perhaps z, ``[N, D]``, of complete rows, and a note of how many others were."""
    lengths = [len(side[0]) for side in columns]
    if len({*lengths}) > 1:
        raise ValueError(
            "x and y must have equally many rows: row i of both is one pair. Received: "
            f"{lengths[0]} rows of x, {lengths[1]} of y"
            + "".join(f", {number} of z" for number in lengths[2:])
            + "."
        )
    missing = np.zeros(lengths[0], bool)
    infinite = missing.copy()
    for column in (column for side in columns for column in side):
        is_absent = is_missing(column)
        missing |= is_absent
        if _is_text(np.asarray(column)[~is_absent]):
            continue
        infinite[~is_absent] |= _is_infinite(_exact(column[~is_absent]))
    total = len(missing)
    if infinite.any():
        raise ValueError(
            f"Values must be finite. Received: infinite values in {infinite.sum()} of {total} "
            f"rows, the first in data row {int(infinite.argmax()) + 1}."
        )
    if missing.any() and not drop_missing:
        raise ValueError(
            "Every row needs all of its values; drop_missing leaves the others out. Received: "
            f"missing values in {missing.sum()} of {total} rows, the first in data row "
            f"{int(missing.argmax()) + 1}."
        )
    if total - missing.sum() < 2:
        raise ValueError(
            f"At least 2 pairs are needed. Received: {total - missing.sum()} pairs."
        )
    blocks = [
        np.stack([_exact(column[~missing]) for column in side], axis=1) for side in columns
    ]
    if not missing.any():
        return blocks, []
    return blocks, [f"{missing.sum()} of {total} rows were left out: they have missing values."]


def _is_text(column):
    return column.dtype == object and len(column) > 0 and isinstance(column[0], str)


def _exact(column):
    """float64 ``[N]``, or an object array: text, or numbers that float64 would round."""
    if _is_text(np.asarray(column)):
        return np.asarray(column, object)
    return exact_column(column)


def _is_infinite(column):
    if column.dtype != object:
        return np.isinf(column)
    return np.array([isinstance(value, float) and np.isinf(value) for value in column], bool)
