"""Files that hold one JSON object."""

import json

from tf_infomax.naming.files import write_text

__all__ = ["read_json", "write_json"]


def read_json(path):
    """The JSON object in the file ``path``, as a dict.

    Raises:
        ValueError: naming the file, if it holds anything else.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    # Brackets within brackets, thousands of them, are a RecursionError.
    except (RecursionError, ValueError) as error:
        reason = f"{error}".rstrip(".")
        raise ValueError(
            f"{path} is torn or damaged; bring it back from a copy, or delete its directory. "
            f"Received: no JSON ({reason})."
        ) from None
    if not isinstance(plain, dict):
        raise ValueError(
            f"{path} must hold a JSON object; bring it back from a copy, or delete its directory. "
            f"Received: {type(plain).__name__}."
        )
    return plain


def write_json(path, plain):
    """Writes in one move: readers see all of it or nothing."""
    write_text(path, json.dumps(plain, indent=1, allow_nan=False) + "\n")
