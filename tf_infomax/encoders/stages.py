"""The layers of the released encoders as Keras layers: blocks, residual stages, crops."""

import math

import keras
import tensorflow as tf

from tf_infomax.encoders import configurations
from tf_infomax.layers import released as released_layers
from tf_infomax.layers.dropout import Dropout, SpatialDropout2D
from tf_infomax.naming.arguments import positive_integer

__all__ = ["Chain", "FoldCrops", "UnfoldCrops", "make_output", "make_stage", "run_stage"]


class Chain(keras.layers.Layer):
    """Consecutive layers, some of which behave differently in training.

    Not registered: stages are made again from the configuration's name when a model is loaded.
    """

    def __init__(self, parts, **kwargs):
        super().__init__(**kwargs)
        self.parts = parts

    def build(self, input_shape):
        shape = tuple(input_shape)
        for part in self.parts:
            part.build(shape)
            shape = tuple(part.compute_output_shape(shape))

    def call(self, inputs, training=False):
        for part in self.parts:
            inputs = run_stage(part, inputs, training)
        return inputs

    def compute_output_shape(self, input_shape):
        shape = tuple(input_shape)
        for part in self.parts:
            shape = tuple(part.compute_output_shape(shape))
        return shape


class ResidualBlock(keras.layers.Layer):
    """``relu(branch(x) + shortcut(x))``; the shortcut is a chain, or the identity.

    Not registered, as ``Chain``.
    """

    def __init__(self, branch, shortcut, **kwargs):
        super().__init__(**kwargs)
        self.branch = branch
        self.shortcut = shortcut

    def build(self, input_shape):
        self.branch.build(input_shape)
        if self.shortcut is not None:
            self.shortcut.build(input_shape)

    def call(self, inputs, training=False):
        shortcut = inputs
        if self.shortcut is not None:
            shortcut = self.shortcut(inputs, training=training)
        return tf.nn.relu(self.branch(inputs, training=training) + shortcut)

    def compute_output_shape(self, input_shape):
        return self.branch.compute_output_shape(input_shape)


_DIFFER_IN_TRAINING = (
    Chain,
    ResidualBlock,
    released_layers.BatchNormalization,
    Dropout,
    SpatialDropout2D,
)


def run_stage(layer, inputs, training):
    """``layer(inputs)``, with ``training`` passed if the layer accepts it."""
    if isinstance(layer, _DIFFER_IN_TRAINING):
        return layer(inputs, training=training)
    return layer(inputs)


@keras.saving.register_keras_serializable(package="tf_infomax")
class UnfoldCrops(keras.layers.Layer):
    """Half-overlapping square crops of images, image after image, row after row.

    Pixels at the right and the bottom that fill no crop are left out.

    Args:
        crop: side; the stride is half of it.

    Call arguments:
        inputs: ``[K, S, S, C]``.  Returns ``[K n n, crop, crop, C]``, n the crops along a side:
            ``floor((S - crop) / (crop / 2)) + 1``.
    """

    def __init__(self, crop, **kwargs):
        super().__init__(**kwargs)
        self.crop = positive_integer(crop, "crop")

    def call(self, inputs):
        inputs = tf.cast(inputs, self.compute_dtype)
        _, height, width, channels = inputs.shape
        rows, columns = (self._positions(size) for size in (height, width))
        crops = tf.gather(tf.gather(inputs, rows, axis=1), columns, axis=3)
        crops = tf.transpose(crops, [0, 1, 3, 2, 4, 5])
        return tf.reshape(crops, [-1, self.crop, self.crop, channels])

    def _positions(self, size):
        stride = self.crop // 2
        starts = tf.range(0, size - self.crop + 1, stride)
        return starts[:, tf.newaxis] + tf.range(self.crop)

    def compute_output_shape(self, input_shape):
        return (None, self.crop, self.crop, input_shape[3])

    def get_config(self):
        return {**super().get_config(), "crop": self.crop}


@keras.saving.register_keras_serializable(package="tf_infomax")
class FoldCrops(keras.layers.Layer):
    """Features of crops -> a map with one cell per crop; inverts the order of ``UnfoldCrops``.

    Args:
        per_side: crops along a side, n.

    Call arguments:
        inputs: ``[K n n, C]``, or ``[K n n, h, w, C]``, whose cells are merged into channels, each
            channel's h x w values together.  Returns ``[K, n, n, C h w]``.
    """

    def __init__(self, per_side, **kwargs):
        super().__init__(**kwargs)
        self.per_side = positive_integer(per_side, "per_side")

    def call(self, inputs):
        inputs = tf.cast(inputs, self.compute_dtype)
        if len(inputs.shape) == 4:
            inputs = tf.transpose(inputs, [0, 3, 1, 2])
        width = math.prod(inputs.shape[1:])
        return tf.reshape(inputs, [-1, self.per_side, self.per_side, width])

    def compute_output_shape(self, input_shape):
        return (None, self.per_side, self.per_side, math.prod(input_shape[1:]))

    def get_config(self):
        return {**super().get_config(), "per_side": self.per_side}


def make_stage(spec, width, input_shape, seed, name, dtype):
    """The Keras layer of one entry of a configuration, not built.

    Args:
        spec: entry of ``configurations``.
        width: its width, which may differ from the configuration's.
        input_shape: without the batch axis.
        seed: function from a position within the stage to an int or ``None``.
        name, dtype: of the layer.
    """
    if isinstance(spec, configurations.Conv):
        return Chain(_conv(spec, width, seed(0), dtype), name=name, dtype=dtype)
    if isinstance(spec, configurations.Dense):
        return Chain(_dense(spec, width, seed(0), input_shape, dtype), name=name, dtype=dtype)
    if isinstance(spec, configurations.Flatten):
        parts = [keras.layers.Flatten("channels_last", dtype=dtype)]
        if spec.layer_norm:
            parts.append(keras.layers.LayerNormalization(epsilon=1e-5, dtype=dtype))
        return Chain(parts, name=name, dtype=dtype)
    if isinstance(spec, configurations.Unfold):
        return UnfoldCrops(spec.crop, name=name, dtype=dtype)
    return _residual(spec, width, input_shape, seed, name, dtype)


def make_output(units, input_shape, seed, dtype):
    """The last layer of an encoder, dense and linear, on vectors or flattened maps; not built."""
    spec = configurations.Dense(units, batch_norm=False, relu=False)
    return Chain(_dense(spec, units, seed, input_shape, dtype), name="output", dtype=dtype)


def _normal(stddev, seed):
    return None if stddev is None else keras.initializers.RandomNormal(0.0, stddev, seed=seed)


def _conv(spec, width, seed, dtype):
    parts = [
        released_layers.Conv2D(
            width,
            spec.kernel,
            strides=spec.stride,
            pad=spec.pad,
            use_bias=not spec.batch_norm if spec.bias is None else spec.bias,
            seed=seed,
            kernel_initializer=_normal(spec.stddev, seed),
            dtype=dtype,
        )
    ]
    if spec.dropout:
        parts.append(SpatialDropout2D(spec.dropout, "channels_last", seed=seed, dtype=dtype))
    if spec.batch_norm:
        parts.append(released_layers.BatchNormalization(dtype=dtype))
    if spec.relu:
        parts.append(keras.layers.ReLU(dtype=dtype))
    if spec.pool:
        parts.append(keras.layers.MaxPooling2D(3, 2, "valid", "channels_last", dtype=dtype))
    return parts


def _dense(spec, width, seed, input_shape, dtype):
    parts = []
    if len(input_shape) > 1:
        parts.append(keras.layers.Flatten("channels_last", dtype=dtype))
    parts.append(
        released_layers.Dense(
            width,
            use_bias=not spec.batch_norm if spec.bias is None else spec.bias,
            seed=seed,
            kernel_initializer=_normal(spec.stddev, seed),
            dtype=dtype,
        )
    )
    if spec.dropout:
        parts.append(Dropout(spec.dropout, seed=seed, dtype=dtype))
    if spec.batch_norm:
        parts.append(released_layers.BatchNormalization(dtype=dtype))
    if spec.relu:
        parts.append(keras.layers.ReLU(dtype=dtype))
    return parts


def _residual(spec, width, input_shape, seed, name, dtype):
    blocks = []
    channels, position = input_shape[-1], 0

    def chain(*convolutions):
        nonlocal position
        parts = []
        for one in convolutions:
            parts += _conv(one, one.width, seed(position), dtype)
            position += 1
        return Chain(parts, dtype=dtype)

    for block in range(spec.blocks):
        stride = spec.stride if block == 0 else 1
        if spec.kind == "bottleneck":
            outputs = 4 * width
            branch = chain(
                configurations.Conv(width, 1),
                configurations.Conv(width, 3, stride=stride, pad=1),
                configurations.Conv(outputs, 1, relu=False),
            )
        else:
            outputs = width
            first = configurations.Conv(width, spec.kernel, stride=stride)
            branch = chain(first, configurations.Conv(width, 1))
        if spec.kind == "plain" and spec.project:
            shortcut = chain(first)
        elif stride > 1 or channels != outputs:
            shortcut = chain(configurations.Conv(outputs, 1, stride=stride, relu=False))
        else:
            shortcut = None
        blocks.append(ResidualBlock(branch, shortcut, dtype=dtype))
        channels = outputs
    return Chain(blocks, name=name, dtype=dtype)
