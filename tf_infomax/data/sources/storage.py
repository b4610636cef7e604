"""Where the arrays of a data set are made: in memory, or in files that are mapped into it."""

import contextlib
import contextvars
import mmap
import os
import tempfile

import numpy as np

__all__ = ["empty", "in_files", "is_mapped"]

_FOLDER: contextvars.ContextVar = contextvars.ContextVar("folder", default=None)


def empty(shape, dtype):
    """An array to be filled, as ``np.empty`` makes it; within ``in_files``, a mapped file."""
    folder = _FOLDER.get()
    if folder is None:
        return np.empty(shape, dtype)
    handle, path = tempfile.mkstemp(dir=folder, suffix=".npy")
    os.close(handle)
    return np.lib.format.open_memmap(path, "w+", dtype, shape)


@contextlib.contextmanager
def in_files(folder):
    """Within it, ``empty`` makes files in ``folder``."""
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


def is_mapped(array):
    """Whether an array, or what it is a view of, is a mapped file."""
    while array is not None:
        if isinstance(array, mmap.mmap):
            return True
        array = getattr(array, "base", None)
    return False
