"""Gradients of a large batch by the encoders: at once, against chunk by chunk."""

import tensorflow as tf

from tf_infomax import InfoMax
from tf_infomax.critics import BilinearCritic
from tf_infomax.encoders import ConvNet


def one_batch(size, side, chunk):
    """All activations of the batch in memory."""
    del chunk
    return _step(size, side, None)


def in_chunks(size, side, chunk):
    """``InfoMax(encoder_chunk=chunk)``."""
    return _step(size, side, chunk)


def _step(size, side, chunk):
    encoders = [ConvNet(image_shape=(side, side, 1), seed=10 * k) for k in (0, 1)]
    width = encoders[0].compute_output_shape((None, side * side))[-1]
    model = InfoMax(*encoders, BilinearCritic(width, seed=20), encoder_chunk=chunk)
    model.build(((None, side * side),) * 2)
    x, y = (tf.random.stateless_uniform([size, side * side], [0, k]) for k in (0, 1))

    @tf.function
    def step():
        weights = [weight.value for weight in model.trainable_variables]
        with tf.GradientTape() as tape:
            value = model.bound_of(model((x, y), training=True))
        return [value, *tape.gradient(value, weights)]

    return step
