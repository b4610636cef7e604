"""Paths that people have: ``~``, wildcards in names, and names longer than a file system allows."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from tf_infomax.naming.files import write_text

__all__ = [
    "PathLike", "expanded", "has_wildcards", "short_name", "without_wildcards", "write_text",
]

# What public functions accept as a path.
PathLike = str | os.PathLike[str]

# TensorFlow reads a path with these characters as a pattern of several paths.
_WILDCARDS = frozenset("*?[]\\")
# Bytes of one name, on every common file system.
_LONGEST_NAME = 255
# Length to which longer names are cut: leaves room for endings.
_KEPT, _DIGITS = 200, 12


def expanded(path, name):
    """``path`` as text with ``~`` and ``~user`` replaced by the home directory.

    Args:
        path: text or path.
        name: of the flag or argument, for messages.

    Raises:
        ValueError: on an empty path, or a user that does not exist.
    """
    text = os.fspath(path)
    if not text:
        raise ValueError(f"{name} must not be empty. Received: {name}=''.")
    longest = max(text.split("/"), key=lambda part: len(part.encode()))
    if len(longest.encode()) > _LONGEST_NAME:
        raise ValueError(
            f"{name} holds a name that is longer than the {_LONGEST_NAME} bytes that file systems "
            f"take. Received: {longest[:40]}... of {len(longest.encode())} bytes."
        )
    home = os.path.expanduser(text)
    if home.startswith("~"):
        raise ValueError(
            f"{name} begins with ~, but there is no such user; write ./~ for a file of that name. "
            f"Received: {name}={text!r}."
        )
    return home


def short_name(name, room=0):
    """``name`` if a file system accepts it; else its beginning with a hash of the whole.

    Equal names are shortened to equal names, and different names to different names.

    Args:
        name: of a file or directory.
        room: bytes reserved for an ending.
    """
    encoded = name.encode()
    if len(encoded) + room <= _LONGEST_NAME:
        return name
    start = encoded[:_KEPT].decode(errors="ignore")
    return f"{start}-{hashlib.sha256(encoded).hexdigest()[:_DIGITS]}"


def has_wildcards(path):
    """Whether TensorFlow reads ``path`` as a pattern of several paths."""
    return bool(_WILDCARDS & set(os.fspath(path)))


@contextlib.contextmanager
def without_wildcards(directory):
    """A path of the existing ``directory`` that TensorFlow reads as it is written.

    TensorFlow's readers treat ``[``, ``*`` and ``?`` in a path as a pattern, and its writers do
    not. A directory whose path has any is given by a symbolic link, which ends with the context.
    """
    directory = Path(directory).absolute()
    if not has_wildcards(directory):
        yield directory
        return
    # TMPDIR may have wildcards of its own.
    place = tempfile.gettempdir()
    with tempfile.TemporaryDirectory(dir="/tmp" if has_wildcards(place) else place) as folder:
        link = Path(folder, "directory")
        link.symlink_to(directory, target_is_directory=True)
        yield link
