"""Codes of a batch whose activations do not fit in memory: the gradient cache.

A bound needs the codes of the whole batch, but the activations of an encoder only for some rows at
a time. So codes are computed in chunks without keeping activations; then comes the bound's gradient
by the codes; and each chunk is encoded again to propagate it to the weights. The gradient is that
of one large batch, at the cost of one more forward pass.

Reference: Gao, Zhang, Han, Callan (2021), arXiv:2101.06983.
"""

import keras
import tensorflow as tf

from tf_infomax.numerics.row_blocks import map_rows

__all__ = ["encode_in_chunks"]


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
    variables = encoder.trainable_variables
    codes = encoder.compute_output_shape(tuple(x.shape))

    def encode(rows, weights):
        with keras.StatelessScope(list(zip(variables, weights, strict=True))) as scope:
            found = encoder(rows[0], training=training)
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
        encode,
        [x],
        [variable.value for variable in variables],
        chunk,
        tf.TensorSpec(codes[1:], encoder.compute_dtype),
    )
