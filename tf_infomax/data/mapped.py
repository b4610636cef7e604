"""Data sets that do not fit in memory: read once, kept as files, and mapped from then on.

Of a mapped file, the system holds in memory what is read, for as long as there is room. Examples
are reached by their index as in memory, so that batches stay a pure function of seed and step.
"""

import dataclasses
import functools
import hashlib
import json
import pathlib
import shutil
import tempfile

import numpy as np
import tensorflow as tf

from tf_infomax.data.image_data import ImageData
from tf_infomax.data.sources import storage
from tf_infomax.naming.files import locked, write_text

__all__ = ["kept", "rows_of"]

_VERSION = 1  # of the files
_READING = "reading_"
_CHUNK = 1_024  # examples
_PATIENCE = 6 * 3_600.0  # seconds that another process may take to read the set


def kept(folder, source, args, stamp=None):
    """The ``ImageData`` of ``source(*args)``, its images as mapped files.

    At the first call the source is read, a stream of examples, into files of a folder of its own;
    later calls, by any number of processes, find them there. They may be deleted between runs:
    where a file is missing or damaged, the source is read again.

    Args:
        folder: where data sets are kept; made if missing.
        source: function, imported by its name, that returns ``ImageData`` and makes its arrays by
            ``storage.empty``.
        args: of ``source``; together with ``stamp`` they say which data set it is.
        stamp: changes whenever the files of the data set do.

    Raises:
        OSError: if the files cannot be written, or not be read though they are there.
        ValueError: as ``source``, or if the files do not fit when they have just been written.
    """
    folder = pathlib.Path(folder)
    name = f"{source.__module__}.{source.__qualname__}"
    key = hashlib.sha256(repr((_VERSION, name, args, stamp)).encode()).hexdigest()[:16]
    place = folder / key
    place.mkdir(parents=True, exist_ok=True)
    found = _found(place)
    if found is None:
        busy = f"{place} is being written by another process. Wait for its end, or delete it."
        with locked(place / ".lock", _PATIENCE, busy):
            found = _found(place)
            if found is None:
                _write(place, functools.partial(source, *args))
                found = _found(place)
    if found is None:
        raise ValueError(
            "The files of a data set must be those that set.json describes. Delete the folder "
            f"{place}, and look whether its disk is full or damaged. Received: folder={place}."
        )
    return found


def _found(place):
    """The ``ImageData`` in a folder; ``None`` if a file is missing, or has other contents."""
    try:
        facts = json.loads((place / "set.json").read_text(encoding="utf-8"))
        # Sets of earlier versions do not have them.
        for name, size in facts.pop("sizes", {}).items():
            if (place / name).stat().st_size != size:
                return None
        arrays = {
            field: np.load(place / f"{field}.npy", mmap_mode="r" if "images" in field else None)
            for field in facts.pop("arrays")
        }
        names = {field: tuple(facts.pop(field)) for field in ("label_names", "attribute_names")}
        return ImageData(**facts, **names, **arrays)
    except (FileNotFoundError, EOFError, AttributeError, KeyError, TypeError, ValueError):
        # Not every OSError: without the permission to read, reading the source again is no help.
        return None


def _write(place, read):
    # First: without it, what a process that is killed leaves is no data set.
    (place / "set.json").unlink(missing_ok=True)
    for left in place.glob(f"{_READING}*"):
        # By a process that was killed.
        shutil.rmtree(left)
    reading = tempfile.TemporaryDirectory(dir=place, prefix=_READING)
    with reading as temporary, storage.in_files(temporary):
        images = read()
        facts, arrays, sizes = {}, [], {}
        for field in dataclasses.fields(images):
            value = getattr(images, field.name)
            if not isinstance(value, np.ndarray):
                facts[field.name] = value
                continue
            arrays.append(field.name)
            path = place / f"{field.name}.npy"
            # Not written over: another process may have mapped what was there.
            path.unlink(missing_ok=True)
            file = np.lib.format.open_memmap(path, "w+", value.dtype, value.shape)
            for start in range(0, len(value), _CHUNK):
                file[start : start + _CHUNK] = value[start : start + _CHUNK]
            file.flush()
            sizes[path.name] = path.stat().st_size
    # Last: it says that all is there. What is absent is the default of ``ImageData``.
    facts = {name: value for name, value in facts.items() if value is not None}
    write_text(place / "set.json", json.dumps({**facts, "arrays": arrays, "sizes": sizes}) + "\n")


def rows_of(arrays, in_memory):
    """A function of indices ``[K]`` -> tensor of these rows, as if the arrays were one.

    Args:
        arrays: of rows of one shape and dtype.
        in_memory: function of the arrays -> one tensor, called unless one of them is a mapped file.
    """
    if not any(map(storage.is_mapped, arrays)):
        return functools.partial(tf.gather, in_memory(arrays))
    first = arrays[0]

    def rows(indices):
        found = tf.numpy_function(
            functools.partial(_read, arrays), [indices], first.dtype, stateful=False
        )
        return tf.ensure_shape(found, [indices.shape[0], *first.shape[1:]])

    return rows


def _read(arrays, indices):
    found = np.empty((len(indices), *arrays[0].shape[1:]), arrays[0].dtype)
    start = 0
    for array in arrays:
        stop = start + len(array)
        is_here = (indices >= start) & (indices < stop)
        found[is_here] = array[indices[is_here] - start]
        start = stop
    return found
