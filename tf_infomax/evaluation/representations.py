"""Encoding of a whole data set."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.encoders import as_encoder
from tf_infomax.naming import arguments
from tf_infomax.numerics.tensors import tensor, wide

__all__ = ["NonFiniteError", "encode", "encode_endpoints"]


class NonFiniteError(ValueError):
    """The encoder has diverged: its codes or derivatives are not finite."""


def encode(encoder, views, preprocess=None, batch_size=1_000):
    """Codes of all views, as a NumPy array.

    Args:
        encoder: Keras model (its compiled prediction is used) or function, ``[K, ...] -> [K, D]``.
        views: array ``[N, ...]`` of any dtype ``preprocess`` takes.
        preprocess: TensorFlow function (batch ``[K, ...]``, index of its first example) -> floats
            for the encoder; ``None`` feeds the batches as they are.
        batch_size: examples in a pass of the encoder.

    Returns:
        ``[N, D]``.

    Raises:
        ValueError: if there is nothing to encode.
        NonFiniteError: a ``ValueError``, if a code is not finite (with how many).
    """
    arguments.function(encoder, "encoder", "a Keras model or a function")
    codes_of = encoder.predict_on_batch if isinstance(encoder, keras.Model) else encoder
    return _encode(lambda batch: {"": codes_of(batch)}, views, preprocess, batch_size)[""]


def encode_endpoints(encoder, names, images, preprocess=None, batch_size=500):
    """Several endpoints of all images, in one pass of the encoder.

    Args:
        encoder: anything that ``encoders.as_encoder`` accepts.
        names: of endpoints.
        images, preprocess, batch_size: as ``encode``, images for its ``views``.

    Returns:
        Dict of name -> ``[N, D]``, maps flattened.

    Raises:
        ValueError: on unknown endpoints, or as ``encode``.
    """
    if isinstance(names, str):
        raise ValueError(f"`names` must be a tuple of endpoints. Received: names={names!r}.")
    images = _as_array(images, "images")
    encoder = as_encoder(encoder, tf.TensorShape(images.shape).as_list())
    unknown = [name for name in names if name not in encoder.endpoint_shapes]
    if unknown:
        raise ValueError(
            f"The encoder's endpoints are {', '.join(encoder.endpoint_shapes)}. "
            f"Received: {', '.join(unknown)}."
        )

    @tf.function(reduce_retracing=True)
    def chosen(batch):
        endpoints = encoder.endpoints(batch, training=False)
        return {
            name: tf.reshape(endpoints[name], [tf.shape(endpoints[name])[0], -1])
            for name in names
        }

    return _encode(chosen, images, preprocess, batch_size)


def _encode(codes_of, views, preprocess, batch_size):
    """Name -> codes of all views, each checked."""
    views = _as_array(views, "views")
    if not len(views.shape) or len(views) == 0:
        raise ValueError(
            "There must be at least one view to encode. "
            f"Received: views of shape {tuple(views.shape)}."
        )
    batch_size = arguments.positive_integer(batch_size, "batch_size")
    if preprocess is not None:
        arguments.function(preprocess, "preprocess", "a function of a batch and its place, or None")
    parts = {}
    for start in range(0, len(views), batch_size):
        batch = tensor(views[start : start + batch_size], "views")
        found = codes_of(batch if preprocess is None else preprocess(batch, start))
        for name, codes in found.items():
            parts.setdefault(name, []).append(_floats(codes))
    result = {}
    for name in list(parts):
        # Popped, so that a large endpoint is not held twice while the next is concatenated.
        codes = np.concatenate(parts.pop(name))
        num_bad = int(np.sum(~np.isfinite(codes).reshape(len(codes), -1).all(axis=1)))
        if num_bad:
            raise NonFiniteError(
                "Codes must be finite to be evaluated. "
                f"Received: {num_bad} of {len(codes)} codes with NaN or infinite entries."
            )
        result[name] = codes
    return result


def _as_array(views, name):
    """``views`` as they are if they have a shape, such as a memory map; lists become tensors."""
    arguments.unmasked(views, name)
    return views if hasattr(views, "shape") else tensor(views, name)


def _floats(codes):
    """Codes as an array, those of half precision in float32: NumPy has no bfloat16."""
    return wide(tensor(codes, "codes")).numpy()
