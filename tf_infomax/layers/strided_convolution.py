"""Convolutions of 4 x 4 with stride 2, and their transposes, by 9/16 of the multiplications.

Winograd, "Arithmetic Complexity of Computations" (1980); Lavin and Gray, "Fast Algorithms for
Convolutional Neural Networks" (CVPR 2016). Squares of 2 x 2 pixels as one pixel of four times the
channels make the kernel 2 x 2 and the stride 1. Along an axis two neighbouring outputs of a kernel
(g0, g1) then need three products, not four::

    y0 = d0 g0 + d1 g1 = (d0 - d1) g0 + d1 (g0 + g1)
    y1 = d1 g0 + d2 g1 = d1 (g0 + g1) + (d2 - d1) g1

and four outputs in two dimensions nine products of matrices, not sixteen. What is added before and
after is the same number once or twice, so that the rounding stays that of a convolution. The
transposed convolution is the same scheme read backwards.
"""

import keras
import tensorflow as tf
from tensorflow.python.ops import control_flow_util

__all__ = ["Conv2DTranspose", "few_products", "few_products_transposed", "is_faster"]

_SIDE, _STRIDE = 4, 2
# An output is a sum over so many inputs at least, or the additions cost what the products save.
_FEWEST_CHANNELS = 16


class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras' layer for 4 x 4, stride 2 and "same" padding, without bias: maps of twice the side.

    Not registered, as the decoder makes it. It has the name of Keras' layer because files say it.

    Args:
        filters: output channels.
        **kwargs: as ``keras.layers.Layer``, and Keras' ``kernel_initializer``.

    Call arguments:
        inputs: ``[K, H, W, C]``.  Returns ``[K, 2 H, 2 W, filters]``; no activation.
    """

    def __init__(self, filters, **kwargs):
        super().__init__(
            filters, _SIDE, strides=_STRIDE, padding="same", data_format="channels_last",
            use_bias=False, **kwargs,
        )

    def call(self, inputs):
        _, *sides, channels = inputs.shape
        if _can_be_tiled(sides) and _pays(channels, inputs.dtype):
            return few_products_transposed(inputs, tf.convert_to_tensor(self.kernel))
        return super().call(inputs)


def is_faster(inputs, kernel_size, strides):
    """Whether ``few_products`` is the faster way for a layer that is being traced.

    It is where XLA compiles for a CPU (there by 1.2 to 1.8 times, forward and backward together).
    Without XLA its many small operations cost more than they save, and GPUs have kernels of their
    own. Half precision is left out, where kernels are rounded once more as they are added.

    Args:
        inputs: ``[K, H, W, C]``, padded.
        kernel_size, strides: of rows and columns.
    """
    if tuple(kernel_size) != (_SIDE, _SIDE) or tuple(strides) != (_STRIDE, _STRIDE):
        return False
    _, *sides, channels = inputs.shape
    outputs = [None if side is None or side % 2 else side // 2 - 1 for side in sides]
    return _can_be_tiled(outputs) and _pays(channels, inputs.dtype)


def few_products(inputs, kernel):
    """The convolution of stride 2, without padding.

    Args:
        inputs: ``[K, H, W, C]``, H and W 6, 10, 14, ...
        kernel: ``[4, 4, C, F]``.

    Returns:
        ``[K, H / 2 - 1, W / 2 - 1, F]``, equal to ``tf.nn.conv2d(inputs, kernel, 2, "VALID")``.
    """
    _, height, width, channels = inputs.shape
    rows, columns = height // 2, width // 2
    squares = tf.reshape(inputs, [-1, rows, 2, columns, 2, channels])
    squares = tf.reshape(
        tf.transpose(squares, [0, 1, 3, 2, 4, 5]), [-1, rows, columns, 4 * channels]
    )
    parts = [_factors_of_inputs(part, axis=2) for part in _factors_of_inputs(squares, axis=1)]
    products = _products(parts, _weights(kernel))
    outputs = _neighbours([_neighbours(line, axis=3) for line in products], axis=2)
    return tf.reshape(outputs, [-1, rows - 1, columns - 1, kernel.shape[-1]])


def few_products_transposed(inputs, kernel):
    """The transposed convolution of stride 2 with "same" padding: what doubles the side of maps.

    Args:
        inputs: ``[K, H, W, C]``, H and W even.
        kernel: ``[4, 4, F, C]``.

    Returns:
        ``[K, 2 H, 2 W, F]``, equal to ``tf.nn.conv2d_transpose(inputs, kernel, ..., 2, "SAME")``.
    """
    _, rows, columns, channels = inputs.shape
    filters = kernel.shape[2]
    tiles = tf.reshape(inputs, [-1, rows // 2, 2, columns // 2, 2, channels])
    parts = [
        _with_sum(*tf.unstack(part, axis=3)) for part in _with_sum(*tf.unstack(tiles, axis=2))
    ]
    products = _products(parts, _weights(kernel), transposed=True)
    squares = _places([_places(line, axis=2) for line in products], axis=1)
    squares = tf.reshape(squares, [-1, rows + 1, columns + 1, 2, 2, filters])
    outputs = tf.reshape(
        tf.transpose(squares, [0, 1, 3, 2, 4, 5]), [-1, 2 * rows + 2, 2 * columns + 2, filters]
    )
    return outputs[:, 1:-1, 1:-1]


def _weights(kernel):
    """The three times three matrices of a kernel ``[4, 4, C, F]``, each ``[4 C, F]``."""
    *_, channels, filters = kernel.shape
    kernel = tf.transpose(tf.reshape(kernel, [2, 2, 2, 2, channels, filters]), [0, 2, 1, 3, 4, 5])
    kernel = tf.reshape(kernel, [2, 2, 4 * channels, filters])
    return [_with_sum(*tf.unstack(part)) for part in _with_sum(*tf.unstack(kernel))]


def _products(parts, weights, transposed=False):
    """The nine products of maps ``[K, T, T', C]`` with matrices."""

    def product(part, weight):
        flat = tf.reshape(part, [-1, part.shape[-1]])
        found = tf.matmul(flat, weight, transpose_b=transposed)
        return tf.reshape(found, [-1, *part.shape[1:3], found.shape[-1]])

    return [list(map(product, *pair)) for pair in zip(parts, weights, strict=True)]


def _factors_of_inputs(inputs, axis):
    """``d0 - d1, d1, d2 - d1`` of the tiles, which share their outer places."""
    last = inputs.shape[axis]
    before = (slice(None),) * axis
    first, middle, third = (
        inputs[(*before, slice(start, last - 2 + start, 2))] for start in range(3)
    )
    return first - middle, middle, third - middle


def _with_sum(first, second):
    """What the three products take of the two parts of a kernel, or of a transposed tile."""
    return first, first + second, second


def _neighbours(products, axis):
    """Both outputs of a tile along a new axis, from its three products."""
    first, both, second = products
    return tf.stack([first + both, both + second], axis)


def _places(products, axis):
    """The places of all tiles along an axis, one more than twice the tiles, which share the outer.

    The transpose of ``_factors_of_inputs``.
    """
    first, middle, third = products
    pads = [[[0, 0]] * axis + [pad] + [[0, 0]] * (3 - axis) for pad in ([0, 1], [1, 0])]
    outer = tf.pad(first, pads[0]) + tf.pad(third, pads[1])
    inner = tf.pad(middle - first - third, pads[0])
    both = tf.stack([outer, inner], axis + 1)
    shape = [-1, *both.shape[1:]]
    shape[axis : axis + 2] = [shape[axis] * 2]
    # Behind the last shared place there is no inner one.
    return tf.reshape(both, shape)[(slice(None),) * axis + (slice(None, -1),)]


def _can_be_tiled(sides):
    """Whether a map has squares of 2 x 2 places."""
    return all(side is not None and side and side % 2 == 0 for side in sides)


def _pays(channels, dtype):
    return (
        channels is not None
        and channels >= _FEWEST_CHANNELS
        and tf.as_dtype(dtype) in (tf.float32, tf.float64)
        and _is_compiled_for_cpu()
    )


def _is_compiled_for_cpu():
    # TensorFlow has no public way to ask this while it traces; Keras' ``fit`` is seen by it, too.
    if not control_flow_util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()):
        return False
    return all(device.device_type == "CPU" for device in tf.config.list_physical_devices())
