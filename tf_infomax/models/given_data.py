"""The data given to ``fit``, ``evaluate`` and ``predict``, as far as known before the first step.

That is the structure of a batch, its number of rows, and that of the last batch. Nothing is read
except the first batch of a generator or a ``keras.utils.PyDataset``, and that only on demand.
"""

import dataclasses
import math
import types
from typing import Any

import keras
import tensorflow as tf

from tf_infomax.models.batches import given_parts

__all__ = ["GivenData", "given_data"]

# Nodes of a tf.data pipeline that leave the rows of each element as they are.
_ROWS_KEPT = {
    "_CacheDataset",
    "_MapDataset",
    "_OptionsDataset",
    "_ParallelMapDataset",
    "_PrefetchDataset",
    "_RepeatDataset",
    "_ShuffleDataset",
    "CacheDataset",
}
_BATCHING = {"_BatchDataset", "_PaddedBatchDataset", "_ParallelBatchDataset"}
# Nodes whose elements are slices of arrays if those of their inputs are.
_SLICES_KEPT = _ROWS_KEPT | {
    "_ConcatenateDataset",
    "_FilterDataset",
    "_ShardDataset",
    "_SkipDataset",
    "_TakeDataset",
    "_ZipDataset",
}


@dataclasses.dataclass(frozen=True)
class GivenData:
    """What is known of the data.

    Attributes:
        x: what to pass to Keras in place of ``x``.
        batch: the structure of one batch, with specifications or arrays as leaves, or ``None``.
        batch_rows: rows of all batches but the last, or ``None``.
        last_rows: rows of the last batch, or ``None``.
        is_never_batched: whether the elements of a tf.data set are single slices of arrays.
        is_empty: whether there is no batch at all.
    """

    x: Any
    batch: Any = None
    batch_rows: int | None = None
    last_rows: int | None = None
    is_never_batched: bool = False
    is_empty: bool = False


def given_data(x, y=None, sample_weight=None, batch_size=None, share=1.0, peek=False):
    """``GivenData`` of the arguments of ``fit``.

    Args:
        x, y, sample_weight, batch_size: as for ``keras.Model.fit``.
        share: fraction of the rows of arrays that is used, from the start; if negative, the
            fraction that is left out, as ``validation_split`` divides them.
        peek: whether the first batch of data without a specification is read.
    """
    if isinstance(x, tf.data.Dataset):
        rows, last = _rows_of_batches(x)
        is_empty = int(x.cardinality()) == 0
        return GivenData(x, x.element_spec, rows, last, _is_never_batched(x), is_empty)
    if isinstance(x, keras.utils.PyDataset):
        return GivenData(x, x[0] if peek and len(x) else None)
    if isinstance(x, types.GeneratorType):
        return _given_generator(x) if peek else GivenData(x)
    # Weights without labels stay in the third place.
    parts = given_parts((x, y, sample_weight))
    arrays = [part for part in tf.nest.flatten(parts) if part is not None]
    if not arrays or not all(_is_array(part) for part in arrays):
        # Keras' own message, or a loader of another library.
        return GivenData(x)
    return _given_arrays(x, parts, arrays, batch_size, share)


def _given_arrays(x, parts, arrays, batch_size, share):
    rows = len(arrays[0])
    taken = math.floor(rows * abs(share))
    rows = taken if share > 0 else rows - taken
    # Keras' default.
    size = min(batch_size or 32, rows)
    structure = tf.nest.map_structure(
        lambda part: part
        if part is None
        else tf.TensorSpec([len(part), *part.shape[1:]], part.dtype),
        parts,
    )
    last = (rows % size or size) if size else 0
    return GivenData(x, structure, size, last, is_empty=not rows)


def _is_array(part):
    has_shape = hasattr(part, "shape") and hasattr(part, "dtype")
    return has_shape and len(part.shape) > 0 and hasattr(part, "__len__")


def _given_generator(generator):
    try:
        first = next(generator)
    except StopIteration:
        return GivenData(generator)

    def whole():
        yield first
        yield from generator

    return GivenData(whole(), first)


def _rows_of_batches(dataset):
    """(rows of a batch, rows of the last batch) of a tf.data set, ``None`` where not known."""
    # TensorFlow has no public interface for this; if its internal names change, nothing is known.
    while type(dataset).__name__ in _ROWS_KEPT:
        (dataset,) = dataset._inputs()
    if type(dataset).__name__ not in _BATCHING:
        return None, None
    try:
        size = int(dataset._batch_size)
        rows = int(dataset._inputs()[0].cardinality())
        drop_remainder = bool(dataset._drop_remainder)
    except (AttributeError, TypeError, ValueError):
        return None, None
    if rows < 0 or drop_remainder:
        return size, size if drop_remainder else None
    return min(size, rows), rows % size or min(size, rows)


def _is_never_batched(dataset):
    """Whether the pipeline only slices arrays of numbers and iterates over the slices."""
    name = type(dataset).__name__
    if name == "_TensorSliceDataset":
        # Integers may be indices, from which a map makes batches.
        return all(
            getattr(spec, "dtype", tf.int64).is_floating or spec.dtype == tf.uint8
            for spec in tf.nest.flatten(dataset.element_spec)
        )
    if name not in _SLICES_KEPT:
        return False
    inputs = dataset._inputs()
    return bool(inputs) and all(map(_is_never_batched, inputs))
