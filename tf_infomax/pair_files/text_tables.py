"""Tables of text as people export them: detects the separator of columns and the names.

Pandas reads the table with the options that are detected here. Supported are commas, semicolons,
tabs, vertical bars and spaces as separators, decimal commas with all separators but the first,
quoted entries, Excel's first line ``sep=;``, blank lines and ``#`` comments at the top (the last
comment may hold the names, as ``numpy.savetxt`` writes them), row labels under an empty name or
none at all (pandas and R), separators at the ends of lines, UTF-8, UTF-16 and Windows-1252.
"""

import collections
import csv
import dataclasses
import io
import re
import warnings

import pandas as pd

__all__ = ["read"]

_SPACES = r"\s+"
# The first wins if two give equally many numbers and columns.
_DIALECTS = (
    (",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", "."), ("|", ","),
    (_SPACES, "."), (_SPACES, ","),
)  # fmt: skip
_LOOKED_AT = 200  # lines
_MISSING = {"", "na", "n/a", "nan", "-nan", "null", "none", "#n/a", "#na", "<na>"}
_WORDS = {"true", "false", "inf", "-inf", "+inf", "infinity", "-infinity"}
# Excel's "#N/A", "#DIV/0!" are entries.
_COMMENT = re.compile(r"(?m)^[ \t]*#(?!N/?A\b|[A-Z/0]+[!?])(.*)\n?")
_SEPARATOR_LINE = re.compile(r'\A"?sep=(.)"?[;,\t]*[ ]*\n', re.IGNORECASE)
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def read(path, missing_values=(), decimal=None):
    """The table in a file.

    Args:
        path: ``pathlib.Path``.
        missing_values: entries that count as missing, besides the usual ones.
        decimal: ".", "," or None: chosen such that entries are numbers.

    Returns:
        (data frame whose types are pandas' nullable ones, tuple of notes).

    Raises:
        ValueError: on files without a table, lines longer than the first, commas that may or
            may not separate thousands.
    """
    text, notes = _text(path)
    text = text.lstrip("\n \t\f\v") if not text[:1].strip() else text
    match = _SEPARATOR_LINE.match(text)
    separator = match[1] if match else None
    text = text[match.end() :].lstrip("\n") if match else text
    comments = _leading_comments(text)
    text = _COMMENT.sub("", text).strip("\n")
    # Some lines are enough, and blank lines are ignored.
    lines = [line for line in text.split("\n", _LOOKED_AT)[:_LOOKED_AT] if line.strip()]
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
    if decimal is None and shape.decimal == ",":
        notes += [_about_commas(shape)]
    names = None if shape.has_header else _names_in(comments, shape)
    if not shape.has_header and names is None:
        notes += [f"The first line of {path} was read as data, not as names."]
    frame = _frame(text, shape, names, missing_values)
    if shape.has_labels:
        notes += [f"The first column of {path}, which has no name, was taken for row labels."]
    return frame, tuple(notes)


@dataclasses.dataclass(frozen=True)
class _Shape:
    """The first lines of a table, parsed with one dialect.

    Attributes:
        separator, decimal: the dialect.
        rows: entries, a list a line.
        width: number of entries of most lines below the first.
        quality: sorting key of dialects: fraction of entries that are numbers, whether the first
            line fits the others, ``width``.
        has_header: whether the first line holds names.
        has_labels: whether the first column holds labels of the rows.
        ends_empty: whether every line below the first ends with a separator.
    """

    separator: str
    decimal: str
    rows: list
    width: int
    quality: tuple
    has_header: bool
    has_labels: bool
    ends_empty: bool

    @classmethod
    def of(cls, lines, separator, decimal, absent):
        rows = _entries(lines, separator)
        body = rows[1:] or rows
        width = collections.Counter(map(len, body)).most_common(1)[0][0]
        point = re.escape(decimal)
        # A number with separated thousands counts as one here; its column is refused later.
        thousands = rf"\d{{1,3}}([{'.' if decimal == ',' else ','}' ]\d{{3}})+{point}\d+"
        digits = rf"\d+{point}?\d*|{point}\d+|{thousands}"
        number = re.compile(rf"\s*[+-]?({digits})([eE][+-]?\d+)?\s*")

        def is_number(entry):
            return number.fullmatch(entry) is not None or entry.strip().lower() in _WORDS

        def is_absent(entry):
            return entry.strip().lower() in absent

        told = [entry for row in body for entry in row if not is_absent(entry)]
        part = sum(map(is_number, told)) / max(len(told), 1)
        first = rows[0]
        has_header = _holds_names(first, rows[1:2], is_number, is_absent)
        labels = [row[0] for row in body if row]
        has_labels = has_header and width > 1 and _are_labels(
            labels, len(first) == width and not first[0].strip(), len(first) == width - 1, is_number
        )  # fmt: skip
        ends_empty = width > 1 and all(not row[-1].strip() for row in body if row)
        fits = len(first) == width or (len(first) == width - 1 and (has_labels or ends_empty))
        quality = (part, fits, width)
        return cls(separator, decimal, rows, width, quality, has_header, has_labels, ends_empty)


def _text(path):
    content = path.read_bytes()
    notes = []
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
            notes.append(f"{path} is no UTF-8, and was read as Windows-1252.")
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _leading_comments(text):
    """The comments above the first line of the table, without their signs."""
    found = []
    for line in text.split("\n", _LOOKED_AT):
        match = _COMMENT.fullmatch(line)
        if match:
            found.append(match[1].strip())
        elif line.strip():
            break
    return found


def _entries(lines, separator):
    if separator == _SPACES:
        lines, separator = [" ".join(line.split()) for line in lines], " "
    return list(csv.reader(lines, delimiter=separator, skipinitialspace=True))


def _holds_names(first, second, is_number, is_absent):
    names = first[1:] if len(first) > 1 and not first[0].strip() else first
    # A data frame without names is written with 0, 1, ... as names.
    if [name.strip() for name in names] == [str(place) for place in range(len(names))]:
        return not (second and all(re.fullmatch(r"\s*-?\d+\s*", entry) for entry in second[0]))
    return not any(map(is_number, names)) or not all(
        is_number(name) or is_absent(name) for name in names
    )


def _are_labels(entries, is_unnamed, is_surplus, is_number):
    """Whether the first column, without a name or beyond all names, holds labels."""
    if not (is_unnamed or is_surplus):
        return False
    if not all(map(is_number, entries)):
        return True
    if is_surplus:
        counts = [str(start + place) for start in (0, 1) for place in range(len(entries))]
        return entries in (counts[: len(entries)], counts[len(entries) :])
    return len({*entries}) == len(entries) and all(map(str.isdigit, entries))


def _names_in(comments, shape):
    """Names in the last comment, if there are as many as columns; else None."""
    if not comments:
        return None
    for separator in (shape.separator, ",", ";", "\t", _SPACES):
        (names,) = _entries([comments[-1]], separator)
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
    with warnings.catch_warnings():
        # A line longer than the header: pandas would drop its end.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        # If lines end with a separator and there are no labels, names belong to the first columns.
        is_surplus = len(shape.rows[0]) == shape.width - 1
        if is_surplus and shape.ends_empty and not shape.has_labels:
            warnings.simplefilter("ignore", pd.errors.ParserWarning)
        frame = pd.read_csv(
            io.StringIO(text), sep=shape.separator, decimal=shape.decimal,
            header=0 if shape.has_header else None, index_col=0 if shape.has_labels else False,
            # A blank line in a single column is a missing value, and keeps the rows of two files
            # aligned.
            skip_blank_lines=shape.width > 1, skipinitialspace=True, na_values=[*missing_values],
            dtype_backend="numpy_nullable", low_memory=False,
        )  # fmt: skip
    if names is not None:
        frame.columns = [name.strip() for name in names]
    elif shape.ends_empty and len(frame.columns) == shape.width and frame.iloc[:, -1].isna().all():
        last = str(frame.columns[-1])
        if not shape.has_header or last.startswith("Unnamed: "):
            frame = frame.iloc[:, :-1]
    return frame.rename(columns=lambda name: re.sub(r"^Unnamed: (\d+)$", r"\1", str(name)))
