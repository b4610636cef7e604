"""Text that others named, such that Markdown shows it as it is and a table keeps its cells."""

__all__ = ["escaped", "row"]

_ESCAPES = {"&": "&amp;", "<": "&lt;", "|": "&#124;"}


def escaped(text):
    """``text`` on one line, without HTML of its own and without bars."""
    text = " ".join(str(text).splitlines())
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def row(cells):
    """A line of a Markdown table; the cells are escaped."""
    return f"| {' | '.join(map(escaped, cells))} |"
