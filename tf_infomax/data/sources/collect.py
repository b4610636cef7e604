"""Collects a stream of batches into arrays."""

import numpy as np
import tensorflow as tf

from tf_infomax.data.sources import storage

__all__ = ["collect", "in_chunks"]

_CHUNK = 1024


def in_chunks(examples):
    """``examples`` in batches that ``collect`` takes; of one example where sizes may differ."""
    # Images of unknown size cannot be batched before they have been compared.
    is_known = examples.element_spec[0].shape.is_fully_defined()
    return examples.batch(_CHUNK if is_known else 1)


def collect(batches, count, where):
    """Fills one array, so that peak memory is the set itself and a few batches.

    Args:
        batches: ``tf.data.Dataset`` of (images ``[B, H, W, C]`` uint8, labels ``[B]`` int,
            attributes ``[B, A]`` uint8).
        count: expected number of examples.
        where: description of the examples, for messages.

    Returns:
        ``(images, labels, attributes)``: uint8 ``[count, H, W, C]``, int64 ``[count]``, uint8
        ``[count, A]``.

    Raises:
        ValueError: on images of different sizes, or an unexpected number of examples.
    """
    labels = np.empty(count, np.int64)
    attributes = np.empty((count, *batches.element_spec[2].shape[1:]), np.uint8)
    images, filled = None, 0
    prefetched = batches.prefetch(tf.data.AUTOTUNE)
    for batch, batch_labels, batch_attributes in prefetched.as_numpy_iterator():
        if images is None:
            images = storage.empty((count, *batch.shape[1:]), np.uint8)
        if batch.shape[1:] != images.shape[1:]:
            raise ValueError(
                f"All images must have one size ({where}). Received: example 0 of shape "
                f"{images.shape[1:]} and example {filled} of shape {batch.shape[1:]}."
            )
        images[filled : filled + len(batch)] = batch
        labels[filled : filled + len(batch)] = batch_labels
        attributes[filled : filled + len(batch)] = batch_attributes
        filled += len(batch)
    if images is None or filled != count:
        raise ValueError(f"{where} must hold {count} examples, at least 1. Received: {filled}.")
    return images, labels, attributes
