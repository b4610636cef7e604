"""Tables of text as people export them: detects the separator of columns and the names.

Pandas reads the table with the options that are detected here. Supported are commas, semicolons,
tabs, vertical bars and spaces as separators, decimal commas with all separators but the first,
quoted entries (of several lines, too), Excel's first line ``sep=;``, blank lines and ``#`` comments
at the top (the last comment may hold the names, as ``numpy.savetxt`` writes them), row labels under
an empty name or none at all (pandas and R), separators at the ends of lines, UTF-8, UTF-16 with a
byte order mark and Windows-1252, all of them perhaps compressed by gzip.

Below the first line of the table, a line that begins with ``#`` is a row if it has as many entries
as the others. Otherwise it is a comment, and a note says how many of those were left out.
"""

import collections
import dataclasses
import io
import re
import warnings

import pandas as pd

from tf_infomax.pair_files import exact_texts
from tf_infomax.pair_files.text_lines import (
    SPACES,
    comments_above,
    entries_of,
    first_lines,
    is_comment,
    text_of,
    without_comments,
)

__all__ = ["read"]

# The first wins if two give equally many numbers and columns.
_DIALECTS = (
    (",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", "."), ("|", ","),
    (SPACES, "."), (SPACES, ","),
)  # fmt: skip
_LOOKED_AT = 200  # lines
_MISSING = {"", "na", "n/a", "nan", "-nan", "null", "none", "#n/a", "#na", "<na>"}
_WORDS = {"true", "false", "inf", "-inf", "+inf", "infinity", "-infinity"}
# What an integer with separated thousands counts: less than a number, since it will be refused,
# and more than text, since "1.234" beside "0,10" tells that the comma is decimal.
_INTEGER_OF_THOUSANDS = 0.9
_SEPARATOR_LINE = re.compile(r'\A"?sep=(.)"?[;,\t]*[ ]*\n', re.IGNORECASE)
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_NUMBER = re.compile(r"\s*[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?\s*")
# Pandas' name of a column without a name, which it writes into files that it has read.
_UNNAMED = re.compile(r"\s*(Unnamed: (\d+)(\.\d+)?)?\s*")


def read(path, missing_values=(), decimal=None):
    """The table in a file.

    Args:
        path: ``pathlib.Path``.
        missing_values: entries that count as missing, besides the usual ones.
        decimal: ".", "," or None: chosen such that entries are numbers.

    Returns:
        (data frame whose types are pandas' nullable ones, tuple of notes, decimal mark). Columns of
        the frame may have equal names. Where float64 would make different numbers equal, a column
        holds objects, ``Fraction``.

    Raises:
        ValueError: on files without a table, lines longer than the first, commas that may or
            may not separate thousands.
    """
    text, notes = text_of(path)
    text = re.sub(r"\A([ \t\f\v]*\n)+", "", text)
    match = _SEPARATOR_LINE.match(text)
    separator = match[1] if match else None
    comments, text = comments_above(text[match.end() :] if match else text)
    # Some lines are enough, and blank lines are ignored.
    lines = first_lines(text, _LOOKED_AT)
    if not lines:
        raise ValueError("there is nothing in it")
    absent = _MISSING | {value.strip().lower() for value in missing_values}
    dialects = _DIALECTS if separator is None else ((separator, "."), (separator, ","))
    shape = max(
        (
            _Shape.of(lines, *dialect, absent)
            for dialect in dialects
            if decimal in (None, dialect[1])
        ),
        key=lambda shape: shape.quality,
    )
    text, count = without_comments(text, shape.separator, shape.widths)
    notes += _about_comments(path, shape, comments, count)
    if decimal is None and shape.decimal == ",":
        notes += [_about_commas(shape)]
    names = _names_in(comments, shape)
    if shape.has_header and names and _has_number(shape.rows[0]) and not _has_number(names):
        # A row of numbers and words, as in "# size,colour" above "1.5,red".
        shape = dataclasses.replace(shape, has_header=False, num_labels=0)
    names = None if shape.has_header else names
    if not shape.has_header and names is None:
        notes += [f"The first line of {path} was read as data, not as names."]
    frame = _frame(text, shape, names, missing_values)
    if shape.num_labels:
        notes += [_about_labels(shape.num_labels, path)]
    return frame, tuple(notes), shape.decimal


@dataclasses.dataclass(frozen=True)
class _Shape:
    """The first lines of a table, parsed with one dialect.

    Attributes:
        separator, decimal: the dialect.
        rows: entries, a list a line, without comments.
        width: number of entries of most lines below the first.
        quality: sorting key of dialects: fraction of entries that are numbers, whether the first
            line fits the others, ``width``.
        has_header: whether the first line holds names.
        num_labels: how many columns, from the first, hold labels of the rows.
        ends_empty: whether every line below the first ends with a separator.
    """

    separator: str
    decimal: str
    rows: list
    width: int
    quality: tuple
    has_header: bool
    num_labels: int
    ends_empty: bool

    @property
    def widths(self):
        """The numbers of entries that a row may have."""
        return {self.width, len(self.rows[0])}

    @classmethod
    def of(cls, lines, separator, decimal, absent):
        rows = entries_of(lines, separator)
        first, body = rows[0], rows[1:] or rows
        sure = [row for row in body if not row or not row[0].lstrip().startswith("#")] or body
        width = collections.Counter(map(len, sure)).most_common(1)[0][0]
        widths = {width, len(first)}
        body = [row for row in body if not row or not is_comment(row[0], row, separator, widths)]
        point, mark = re.escape(decimal), "." if decimal == "," else ","
        # A number with separated thousands counts as one here; its column is refused later.
        thousands = rf"\d{{1,3}}([{mark} ]\d{{3}})+"
        digits = rf"\d+{point}?\d*|{point}\d+|{thousands}{point}\d+"
        number = re.compile(rf"\s*[+-]?({digits})([eE][+-]?\d+)?\s*")
        integer_of_thousands = re.compile(rf"\s*[+-]?{thousands}\s*")

        def is_number(entry):
            return number.fullmatch(entry) is not None or entry.strip().lower() in _WORDS

        def is_absent(entry):
            return entry.strip().lower() in absent

        told = [entry for row in body for entry in row if not is_absent(entry)]
        credit = sum(map(is_number, told))
        credit += _INTEGER_OF_THOUSANDS * sum(
            integer_of_thousands.fullmatch(entry) is not None for entry in told
        )
        has_header = _holds_names(first, rows[1:2], is_number, is_absent)
        ends_empty = width > 1 and all(not row[-1].strip() for row in body if row)
        num_labels = 0
        if has_header and width > 1:
            labels = [row[0] for row in body if row]
            if len(first) == width:
                names = first[:-1] if ends_empty else first
                num_labels = _num_unnamed(names, labels, is_number)
            elif len(first) == width - 1:
                num_labels = int(_are_surplus_labels(labels, lines, body, is_number))
        fits = len(first) == width or (len(first) == width - 1 and (num_labels or ends_empty))
        quality = (credit / max(len(told), 1), bool(fits), width)
        rows = [first, *body] if len(rows) > 1 else rows
        return cls(separator, decimal, rows, width, quality, has_header, num_labels, ends_empty)


def _holds_names(first, second, is_number, is_absent):
    is_indented = len(first) > 1 and not first[0].strip()
    names = first[1:] if is_indented else first
    # A data frame without names is written with 0, 1, ... as names.
    if [name.strip() for name in names] == [str(place) for place in range(len(names))]:
        return is_indented or not (
            second and all(re.fullmatch(r"\s*-?\d+\s*", entry) for entry in second[0])
        )
    return not any(map(is_number, names)) or not all(
        is_number(name) or is_absent(name) for name in names
    )


def _num_unnamed(names, labels, is_number):
    """How many columns without a name, left of those with names, hold labels of the rows."""
    is_named = [_UNNAMED.fullmatch(name) is None for name in names]
    count = is_named.index(True) if any(is_named) else 0
    if count and all(is_named[count:]):
        return count
    # If others lack names as well, the values decide.
    if is_named[0] or not labels:
        return 0
    is_count = len({*labels}) == len(labels) and all(map(str.isdigit, labels))
    return int(is_count or not all(map(is_number, labels)))


def _are_surplus_labels(labels, lines, body, is_number):
    """Whether the first column, beyond all names, holds labels of the rows."""
    if not all(map(is_number, labels)):
        return True
    counts = [str(start + place) for start in (0, 1) for place in range(len(labels))]
    if labels in (counts[: len(labels)], counts[len(labels) :]):
        return True
    head, *below = [line for line in lines if not line.lstrip().startswith("#")]
    # As R writes the rows of a part of a table: quoted, though numbers are not.
    is_quoted = all(line.lstrip().startswith('"') for line in below)
    if is_quoted and sum(line.count('"') for line in below) < 2 * sum(map(len, body)):
        return True
    # As pandas prints a table: only the names are indented.
    return head[0] == " " and all(line[0] != " " for line in below)


def _has_number(entries):
    return any(map(_NUMBER.fullmatch, entries))


def _about_comments(path, shape, above, below):
    """Notes on comments that may have been meant as rows, which are ``below`` lines in number."""
    notes = []
    rows = [entries_of([comment], shape.separator) for comment in above if comment]
    alike = sum(len(row) == shape.width > 1 and _has_number(row) for (row,) in rows)
    if alike:
        notes.append(
            f"Comments above the table in {path}, {alike} in number, have as many entries as its "
            "rows: below a line of names they would be rows."
        )
    if below:
        notes.append(f"Comments below the first line of {path}, {below} in number, were left out.")
    return notes


def _about_labels(count, path):
    if count == 1:
        return f"The first column of {path}, which has no name, was taken for row labels."
    return f"The first {count} columns of {path}, which have no names, were taken for row labels."


def _names_in(comments, shape):
    """Names in the last comment, if there are as many as columns; else None."""
    if not comments:
        return None
    for separator in (shape.separator, ",", ";", "\t", SPACES):
        names = entries_of([comments[-1]], separator)[0]
        if len(names) == shape.width and all(name.strip() for name in names):
            return names
    return None


def _about_commas(shape):
    entries = [entry for row in shape.rows[shape.has_header :] for entry in row if "," in entry]
    if len(entries) > 1 and all(_AMBIGUOUS.fullmatch(entry.strip()) for entry in entries):
        raise ValueError(
            f"the commas, as in {entries[0].strip()}, may be decimal or separate thousands: "
            "decimal=',' says the former, and thousands are not to be separated"
        )
    return "Commas between digits were read as decimal points."


def _frame(text, shape, names, missing_values):
    """The table without labels of rows, with its names."""
    given = list(shape.rows[0]) if shape.has_header else names or []
    # If the names are fewer, they belong to the last columns after labels, else to the first.
    missing = max(shape.width - len(given), 0)
    if shape.has_header and missing > (shape.num_labels > 0 or shape.ends_empty):
        raise ValueError(
            f"the first line holds {len(given)} names, the others {shape.width} entries; "
            "row labels need an empty name"
        )
    is_left = shape.num_labels and missing
    given = [""] * missing + given if is_left else given + [""] * missing
    frame = _parsed(text, shape, len(given), missing_values)
    repeated = [
        place for place in frame.columns[shape.num_labels :]
        if exact_texts.has_repeated_floats(frame[place])
    ]  # fmt: skip
    if repeated and exact_texts.has_long_numbers(text):
        texts = _parsed(text, shape, len(given), missing_values, usecols=repeated, dtype=str)
        for place in repeated:
            column = texts[place].str.replace(shape.decimal, ".", regex=False)
            frame[place] = exact_texts.unrounded(column, frame[place])
    last = frame.columns[-1]
    if shape.ends_empty and not given[last].strip() and frame[last].isna().all():
        frame = frame.drop(columns=last)
    frame = frame.iloc[:, shape.num_labels :]
    given = given[shape.num_labels :][: frame.shape[1]]
    unnamed = map(_UNNAMED.fullmatch, given)
    return frame.set_axis([
        (match[2] or str(place)) if match else name.strip()
        for place, (name, match) in enumerate(zip(given, unnamed, strict=True))
    ], axis=1)  # fmt: skip


def _parsed(text, shape, width, missing_values, **options):
    """The table with 0, 1, ... for the names of all columns, labels included."""
    with warnings.catch_warnings():
        # A line longer than the header: pandas would drop its end.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            io.StringIO(text), sep=shape.separator, decimal=shape.decimal, names=range(width),
            header=0 if shape.has_header else None, index_col=False,
            # A blank line in a single column is a missing value, and keeps the rows of two files
            # aligned.
            skip_blank_lines=shape.width > 1, skipinitialspace=True, na_values=[*missing_values],
            **{"dtype_backend": "numpy_nullable", "low_memory": False, **options},
        )  # fmt: skip
