"""What a tag of a row may hold, and how a tag that should be a number is read."""

import json
import math
import numbers

from tf_infomax.results import strict_json

__all__ = ["check_tags", "check_text", "numeric"]

# Of exactly these types every value can be written.
_ALWAYS = (int, bool, float, type(None))
_MIXED = "Every tag must have a name that is a string."
_NOT_JSON = "A tag must be text, a number, a truth value, None, or a list or dict of these"
_SURROGATE = "Text of a row must be Unicode without lone surrogates"


def check_text(text, name, metric):
    """Raises ``ValueError`` if ``text`` cannot be encoded, as of a file name that is not UTF-8."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{_SURROGATE}. Received: {name}={text!r} of {metric!r}.") from None


def check_tags(tags, metric):
    """Raises ``ValueError``, naming metric and tag, if JSON cannot hold a tag or its name.

    Args:
        tags: dict. ``values`` is left out: it is checked as numbers.
        metric: of the row, for messages.
    """
    for name, value in tags.items():
        if not isinstance(name, str):
            raise ValueError(f"{_MIXED} Received: name={name!r} of {metric!r}.")
        check_text(name, "name", metric)
        if type(value) in _ALWAYS or name == "values":
            continue
        if isinstance(value, str):
            check_text(value, name, metric)
            continue
        try:
            text = json.dumps(strict_json.encoded(value), allow_nan=False, ensure_ascii=False)
        except (RecursionError, TypeError, ValueError) as error:
            raise ValueError(
                f"{_NOT_JSON} ({error}). Received: {name}={value!r} of {metric!r}."
            ) from None
        check_text(text, name, metric)


def numeric(value):
    """``value`` if it is a finite number, else None: a tag may hold anything."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    return value if math.isfinite(value) else None
