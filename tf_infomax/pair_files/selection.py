"""Which columns of a table are x, and which are y."""

import re

import numpy as np

from tf_infomax.naming.registry import did_you_mean

__all__ = ["all_positions", "condition", "positions", "sides"]


def sides(table, x, y):
    """Positions of the columns of x and of y in the table that has both."""
    if x is None and y is None and {"x", "y"} <= {*table.names}:
        x, y = ["x"], ["y"]
    if len(table.names) == 2:
        if x is None:
            x = [1 - place for place in positions(table, y)] if y is not None else [0]
        if y is None:
            y = [1 - place for place in positions(table, x)]
    if x is None or y is None:
        raise ValueError(
            f"{table.path} has {len(table.names)} {table.noun}s: which of them are x, and which "
            f"are y? {table.listing()} Received: x={x!r}, y={y!r}."
        )
    chosen = [positions(table, columns) for columns in (x, y)]
    for place in chosen[0]:
        if place in chosen[1]:
            raise ValueError(
                f"No {table.noun} may be in both x and y: their mutual information would be "
                f"infinite. Received: {table.names[place]!r} in both."
            )
    return chosen


def condition(table, z, chosen):
    """Positions of the columns to condition on, none of which may be ``chosen`` for x or y."""
    places = positions(table, z)
    for side, others in zip("xy", chosen, strict=True):
        for place in places:
            if place in others:
                raise ValueError(
                    f"No {table.noun} may be in both {side} and z: given z, it is known. "
                    f"Received: {table.names[place]!r} in both."
                )
    return places


def all_positions(table):
    """Positions of all columns; an ``.npz`` of several arrays is an error, being ambiguous."""
    if table.noun == "array" and len(table.names) != 1:
        raise ValueError(
            f"{table.path} has {len(table.names)} arrays: which of them? {table.listing()}"
        )
    return list(range(len(table.names)))


def positions(table, columns):
    """Positions that text like ``"a,0:3"``, a position, or a sequence of both stands for."""
    if isinstance(columns, str):
        parts = [columns] if columns in table.names else columns.split(",")
    else:
        parts = list(columns) if np.iterable(columns) else [columns]
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
    occurrences = [place for place, name in enumerate(table.names) if name == part]
    if len(occurrences) > 1:
        raise ValueError(
            f"The name of a {table.noun} must occur once in {table.path}; rename them, or choose "
            f"by position. Received: {part!r}, the name at the positions "
            f"{', '.join(map(str, occurrences))}."
        )
    if occurrences:
        return occurrences
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
    hint = did_you_mean(str(part), table.names)
    raise ValueError(f"{table.path} has no {table.noun} {part!r}.{hint} {table.listing()}")
