"""Rows that occur more than once: a copy counts once, and a contradiction is an error."""

import json

from tf_infomax.results import strict_json

__all__ = ["first_occurrences"]

# What was measured; all else in a row says what it is a measurement of.
_MEASURED = ("value", "values", "png")


def first_occurrences(records, files=None):
    """Which of ``records`` are the first of those that are equal.

    Args:
        records: list of dicts, the fields and tags of rows; a tag that is None counts as absent.
        files: the file of each, for messages, or None.
    Returns:
        List of bool.
    Raises:
        ValueError: if two are of the same run, step, metric and tags, but hold different numbers.
    """
    found, kept = {}, []
    for position, record in enumerate(records):
        what = _text({name: value for name, value in record.items() if name not in _MEASURED})
        first = found.setdefault(what, position)
        kept.append(first == position)
        if first == position:
            continue
        for name in _MEASURED:
            if _text(records[first].get(name)) != _text(record.get(name)):
                raise _contradiction(name, first, position, records, files)
    return kept


def _text(value):
    """Equal for equal values: NaN equals NaN, and an absent tag None."""
    if isinstance(value, dict):
        value = {name: entry for name, entry in value.items() if entry is not None}
    return json.dumps(strict_json.encoded(value), sort_keys=True, default=repr)


def _contradiction(name, first, second, records, files):
    record = records[second]
    place = "/".join(
        str(record[part]) for part in ("experiment", "variant", "split", "metric") if part in record
    )
    differing = [_short(records[position].get(name)) for position in (first, second)]
    where = ""
    if files is not None:
        where = f", files={[str(files[position]) for position in (first, second)]}"
    return ValueError(
        "Rows of the same experiment, variant, seed, step, metric and tags must be equal, but two "
        f"of {place}, seed {record.get('seed')}, step {record.get('step')} differ in `{name}`. "
        f"Received: {name}={differing[0]} and {differing[1]}{where}."
    )


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
