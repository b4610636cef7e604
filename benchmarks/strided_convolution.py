"""A convolution of 4 x 4 with stride 2 under XLA, forward and both backward, written in two ways.

As TensorFlow's convolution, and by fewer products (``tf_infomax.layers.strided_convolution``).
"""

import numpy as np
import tensorflow as tf

from tf_infomax.layers import strided_convolution

__all__ = ["few_products", "one_convolution"]


def one_convolution(images, side, channels, filters):
    """XLA's own convolution."""
    return _step(
        lambda inputs, kernel: tf.nn.conv2d(inputs, kernel, 2, "VALID"),
        images, side, channels, filters,
    )  # fmt: skip


def few_products(images, side, channels, filters):
    """Nine products of matrices in place of sixteen."""
    return _step(strided_convolution.few_products, images, side, channels, filters)


def _step(convolution, images, side, channels, filters):
    generator = np.random.default_rng(0)

    def draw(*shape):
        return tf.constant(generator.normal(size=shape) / np.sqrt(16 * channels), tf.float32)

    inputs = draw(images, side + 2, side + 2, channels)
    kernel = draw(4, 4, channels, filters)
    upstream = draw(images, side // 2, side // 2, filters)

    @tf.function(jit_compile=True)
    def outputs_and_gradients(inputs, kernel):
        with tf.GradientTape() as tape:
            tape.watch([inputs, kernel])
            outputs = convolution(inputs, kernel)
        return [outputs, *tape.gradient(outputs, [inputs, kernel], upstream)]

    return lambda: [one.numpy() for one in outputs_and_gradients(inputs, kernel)]
