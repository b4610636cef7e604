"""Codes of a batch whose activations do not fit in memory: the gradient cache.

A bound needs the codes of the whole batch, but the activations of an encoder only for some rows at
a time. So codes are computed in chunks without keeping activations; then comes the bound's gradient
by the codes; and each chunk is encoded again to propagate it to the weights. The gradient is that
of one large batch, at the cost of one more forward pass.

Reference: Gao, Zhang, Han, Callan (2021), arXiv:2101.06983.
"""

import math

import keras
import tensorflow as tf

from tf_infomax.encoders.symbolic import code_shape
from tf_infomax.numerics.row_blocks import map_rows

__all__ = ["encode_in_chunks", "endpoints_in_chunks"]


def encode_in_chunks(encoder, x, chunk, training=True):
    """``encoder(x, training=training)``, ``chunk`` rows at a time, in value and in gradient.

    Args:
        encoder: Keras model with weights, ``[K, ...] -> [K, D]``, that encodes each row by itself.
        x: ``[K, ...]``.
        chunk: rows encoded at a time, positive.
        training: passed to the encoder.

    Returns:
        Codes ``[K, D]``.

    Raises:
        ValueError: on an encoder that changes variables when it encodes (statistics of batch norm,
            seeds of dropout): chunks would neither see the whole batch nor repeat their draws.
    """
    shape = code_shape(encoder, x.shape)
    return _in_chunks(encoder, lambda rows: encoder(rows, training=training), x, chunk, shape)


def endpoints_in_chunks(encoder, x, chunk, training=True):
    """``encoder.endpoints(x, training)``, as ``encode_in_chunks``: a dict of ``[K, ...]``.

    All endpoints of the whole batch are kept, and no other activations.
    """
    shapes = {name: tuple(shape) for name, shape in encoder.endpoint_shapes.items()}
    widths = [math.prod(shape) for shape in shapes.values()]

    def encode(rows):
        found = encoder.endpoints(rows, training=training)
        flat = [
            tf.reshape(found[name], [-1, width])
            for name, width in zip(shapes, widths, strict=True)
        ]
        return tf.concat(flat, axis=1)

    joined = _in_chunks(encoder, encode, x, chunk, (sum(widths),))
    parts = tf.split(joined, widths, axis=1)
    return {
        name: tf.reshape(part, [-1, *shape])
        for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }


def _in_chunks(encoder, encode, x, chunk, shape):
    """``encode(x)``, which runs ``encoder``; ``shape`` is that of a row of its result."""
    variables = encoder.trainable_variables

    def encoded(rows, weights):
        with keras.StatelessScope(list(zip(variables, weights, strict=True))) as scope:
            found = encode(rows[0])
        changed = [
            variable.path
            for variable in encoder.non_trainable_variables
            if scope.get_current_value(variable) is not None
        ]
        if changed:
            raise ValueError(
                "Only encoders that change nothing when they encode can do so in chunks. "
                f"Received: {encoder.name}, which changes {', '.join(changed)}."
            )
        return found

    return map_rows(
        encoded,
        [x],
        [variable.value for variable in variables],
        chunk,
        tf.TensorSpec(shape, encoder.compute_dtype),
    )
