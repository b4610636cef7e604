"""Sorting of names with numbers in them as people count: 2 before 10, 0.1 before 0.5."""

import re

__all__ = ["natural_key"]

_NUMBER = re.compile(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)")


def natural_key(text):
    """Sorting key of a name: its text and its numbers in turn.

    Args:
        text: any object; it is sorted by its ``str``.
    """
    # The odd parts of a split by a group are what the group matched, so types never mix.
    parts = _NUMBER.split(str(text))
    return tuple(float(part) if place % 2 else part for place, part in enumerate(parts))
