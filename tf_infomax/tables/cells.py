"""Tables as data: cells with their role, which a template turns into HTML."""

import dataclasses

__all__ = ["Cell", "Line", "Row", "Table", "cell", "number", "table"]


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a cell: text, and a remark on it that stands back."""

    text: str
    mark: str = ""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        lines: of text.
        kind: of the text: "", "bad", "short", "mark", "seen", ...
        look: of the cell: "", "number" (right-aligned) or "prose" (may wrap).
    """

    lines: tuple
    kind: str = ""
    look: str = ""

    def __bool__(self):
        return any(line.text or line.mark for line in self.lines)


@dataclasses.dataclass(frozen=True)
class Row:
    """One row: its kind ("first" of a group, "failed") and its cells."""

    kind: str
    cells: tuple


@dataclasses.dataclass(frozen=True)
class Table:
    """Heads and rows; a head is aligned like the cells below it."""

    head: tuple
    rows: tuple


def cell(value="", kind="", mark="", look=""):
    """A cell of one line; a ``Cell`` stays as it is."""
    if isinstance(value, Cell):
        return value
    return Cell((Line(str(value), mark),), kind, look)


def number(value, kind="", mark=""):
    """A right-aligned cell of one line."""
    return cell(value, kind, mark, "number")


def table(head, body):
    """A ``Table``.

    Args:
        head: texts or cells.
        body: list of (row's kind, texts or cells).
    """
    rows = tuple(Row(kind, tuple(map(cell, cells))) for kind, cells in body)
    heads = []
    for place, one in enumerate(map(cell, head)):
        looks = {row.cells[place].look for row in rows if row.cells[place]}
        look = looks.pop() if len(looks) == 1 else ""
        heads.append(dataclasses.replace(one, look=look if look == "number" else ""))
    return Table(tuple(heads), rows)
