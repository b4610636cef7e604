"""Tags as tables and figures read them: a tag that should be a number is one, or is unknown."""

import pandas as pd

from tf_infomax.results.tags import numeric

__all__ = ["settled_tags"]

_NUMBERS = frozenset((
    "alpha", "beta", "epochs", "kl_weight", "level", "mutual_information", "negative_images",
    "rows", "share", "size", "standard_error", "target",
))
_POSITIVE = frozenset(("batch_size", "examples", "samples"))
# Read as they are: numbers, a picture, and what a picture shows.
_KEPT = frozenset(("values", "png", "entries"))


def settled_tags(frame):
    """``frame`` with tags that can be compared and grouped.

    Args:
        frame: from ``results.to_frame``.
    Returns:
        DataFrame. Where a tag that should be a number is none (or not above 0, as a batch size
        must be), it is None; a list or dict is its text.
    """
    changed = {}
    for name in frame.columns:
        if frame[name].dtype != object or name in _KEPT:
            continue
        before = frame[name].tolist()
        after = [_settled(name, value) for value in before]
        if any(one is not other for one, other in zip(before, after, strict=True)):
            changed[name] = after
    if not changed:
        return frame
    frame = frame.copy()
    for name, values in changed.items():
        # dtype object, as ``to_frame`` has it: floats would turn None into NaN.
        frame[name] = pd.Series(values, index=frame.index, dtype=object)
    return frame


def _settled(name, value):
    if name in _NUMBERS or name in _POSITIVE:
        number = numeric(value)
        return None if number is None or (name in _POSITIVE and number <= 0) else value
    return str(value) if isinstance(value, list | tuple | dict) else value
