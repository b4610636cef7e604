"""The text of a file, its lines and entries, and which of its lines are comments."""

import csv
import gzip
import io
import itertools
import re
import zlib

__all__ = ["SPACES", "comments_above", "entries_of", "first_lines", "is_comment", "text_of",
           "without_comments"]  # fmt: skip

SPACES = r"\s+"
_GZIP = b"\x1f\x8b"
# Excel's "#N/A", "#DIV/0!" are entries.
_COMMENT = re.compile(r"[ \t]*#(?!N/?A\b|[A-Z/0]+[!?])([^\n]*)\n?")
_BLANK = re.compile(r"[ \t\f\v]*(\n|\Z)")


def text_of(path):
    """The text in a file, which may be compressed by gzip, with ``\\n`` at the ends of lines.

    Returns:
        (text, list of notes).

    Raises:
        ValueError: on broken archives and on bytes that are no text.
    """
    content, notes = path.read_bytes(), []
    if content[:2] == _GZIP:
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"it is compressed by gzip, and broken ({error})") from None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
            notes.append(f"{path} is no UTF-8, and was read as Windows-1252.")
    if "\0" in text:
        raise ValueError(
            "text was expected, and it holds NUL bytes, as binary files do and UTF-16 without a "
            "byte order mark: saved as UTF-8, a table can be read"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def first_lines(text, most):
    """At most ``most`` lines, ends included, without blank ones."""
    return [line for line in itertools.islice(io.StringIO(text), most) if line.strip()]


def entries_of(lines, separator):
    """The entries of every record, lists. A quoted entry may go over several lines."""
    return list(_reader(lines, separator))


def comments_above(text):
    """The comments above the first line of the table, without their signs, and the text below."""
    found, place = [], 0
    while place < len(text):
        match = _COMMENT.match(text, place)
        if match:
            found.append(match[1].strip())
        elif not (match := _BLANK.match(text, place)):
            break
        place = match.end()
    return found, text[place:].rstrip("\n")


def is_comment(line, entries, separator, widths):
    """Whether a line below the first is a comment: it begins with ``#`` and is not a row.

    It is a row if it has as many entries as a row has, as in ``#ff0000,0.5``. In tables of one
    column or with spaces between columns, where any words could be a row, a space after the sign
    makes it a comment.

    Args:
        line: text.
        entries: of the record that begins with this line.
        separator: of columns.
        widths: numbers of entries that a row may have.
    """
    match = _COMMENT.match(line)
    if not match:
        return False
    if len(entries) not in widths:
        return True
    return (separator == SPACES or 1 in widths) and not match[1][:1].strip()


def without_comments(text, separator, widths):
    """The text without the comments below its first line, and how many they were.

    What is quoted is no comment, though a line of it may begin with ``#``.
    """
    if not re.search(r"\n[ \t]*#", text):
        return text, 0
    lines = text.split("\n")
    reader, start, comments = _reader(lines, separator), 0, set()
    for entries in reader:
        if is_comment(lines[start], entries, separator, widths):
            comments.add(start)
        start = reader.line_num
    return "\n".join(line for n, line in enumerate(lines) if n not in comments), len(comments)


def _reader(lines, separator):
    if separator == SPACES:
        lines, separator = (" ".join(line.split()) for line in lines), " "
    return csv.reader(lines, delimiter=separator, skipinitialspace=True)
