"""Errors as one sentence, for people at a command line."""

import errno

__all__ = ["sentence"]


def sentence(error):
    """The message of an error on one line, with a full stop; of an ``OSError`` with its files."""
    if isinstance(error, OSError) and error.strerror:
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        way_out = " Make room there, and start the same command again."
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        where = ", ".join(names) or "no file is named"
        return f"{error.strerror}: {where}.{way_out if is_full else ''}"
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."
