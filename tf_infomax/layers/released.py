"""Dense, convolution and batch norm by the conventions of the Deep InfoMax release.

They differ from Keras' defaults in numbers that show: kernels *and biases* start uniform within
``1 / sqrt(fan_in)``, padding is explicit and symmetric, and batch norm stores the unbiased
variance.
"""

import math

import keras
import tensorflow as tf

from tf_infomax.layers import strided_convolution
from tf_infomax.layers.shared import initializer_of
from tf_infomax.naming.arguments import boolean, integer, number, positive_integer, seed_or_none
from tf_infomax.numerics import replicas
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["BatchNormalization", "Conv2D", "Dense", "fan_in_uniform"]


def fan_in_uniform(seed=None):
    """Initializer U(-b, b) with ``b = 1 / sqrt(fan_in)``, for kernels."""
    return keras.initializers.VarianceScaling(1.0 / 3.0, "fan_in", "uniform", seed=seed)


def _bias_of_fan_in(fan_in, seed):
    limit = 1.0 / math.sqrt(fan_in)
    # Another draw than the kernel's.
    return keras.initializers.RandomUniform(-limit, limit, seed=layer_seed(seed, 500_000_003))


def _given(initializer):
    """The initializer that was given for the kernel, if any."""
    return None if initializer is None else initializer_of(initializer)


def _serialized(initializer):
    """The kernel initializer for ``get_config``; ``None`` for the rule above."""
    return None if initializer is None else keras.initializers.serialize(initializer)


@keras.saving.register_keras_serializable(package="tf_infomax")
class Dense(keras.layers.Dense):
    """A dense layer whose kernel and bias start as U(-b, b), ``b = 1 / sqrt(fan_in)``.

    Args:
        units: output width.
        use_bias: whether there is a bias; the release has none before batch norm.
        seed: int for reproducible weights, or ``None``.
        kernel_initializer: ``None`` for the rule above, or any Keras identifier.
        **kwargs: as ``keras.layers.Layer``.

    Call arguments:
        inputs: ``[..., D]``.  Returns ``[..., units]``; no activation.
    """

    def __init__(self, units, use_bias=True, seed=None, kernel_initializer=None, **kwargs):
        seed, given = seed_or_none(seed), _given(kernel_initializer)
        super().__init__(
            positive_integer(units, "units"),
            use_bias=boolean(use_bias, "use_bias"),
            kernel_initializer=given or fan_in_uniform(seed),
            **kwargs,
        )
        self.seed = seed
        self._own_kernel_initializer = given

    def build(self, input_shape):
        self.bias_initializer = _bias_of_fan_in(input_shape[-1], self.seed)
        super().build(input_shape)

    def call(self, inputs, training=None):
        return super().call(tf.cast(inputs, self.compute_dtype), training=training)

    def get_config(self):
        return {
            **keras.layers.Layer.get_config(self),
            "units": self.units,
            "use_bias": self.use_bias,
            "seed": self.seed,
            "kernel_initializer": _serialized(self._own_kernel_initializer),
        }


@keras.saving.register_keras_serializable(package="tf_infomax")
class Conv2D(keras.layers.Conv2D):
    """A convolution with symmetric padding, kernel and bias as U(-b, b), ``b = 1 / sqrt(fan_in)``.

    Keras' "same" pads strided convolutions on one side only and cannot give these numbers.

    Args:
        filters: output channels.
        kernel_size: side of the square kernel.
        strides: the same along both axes.
        pad: zeros added on each of the four sides.
        use_bias: whether there is a bias; the release has none before batch norm.
        seed: int for reproducible weights, or ``None``.
        kernel_initializer: ``None`` for the rule above, or any Keras identifier.
        **kwargs: as ``keras.layers.Layer``.

    Call arguments:
        inputs: ``[K, H, W, C]``.  Returns ``[K, H', W', filters]``,
            ``H' = floor((H - kernel_size + 2 pad) / strides) + 1``; no activation.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        pad=0,
        use_bias=True,
        seed=None,
        kernel_initializer=None,
        **kwargs,
    ):
        seed, given = seed_or_none(seed), _given(kernel_initializer)
        super().__init__(
            positive_integer(filters, "filters"),
            positive_integer(kernel_size, "kernel_size"),
            strides=positive_integer(strides, "strides"),
            padding="valid",
            # Not Keras' global setting, which says where *its* layers look for the channels.
            data_format="channels_last",
            use_bias=boolean(use_bias, "use_bias"),
            kernel_initializer=given or fan_in_uniform(seed),
            **kwargs,
        )
        self.pad = integer(pad, "pad", smallest=0)
        self.seed = seed
        self._own_kernel_initializer = given

    def _padded(self, shape):
        rows, columns = (None if side is None else side + 2 * self.pad for side in shape[1:3])
        return (shape[0], rows, columns, shape[3])

    def build(self, input_shape):
        fan_in = input_shape[-1] * math.prod(self.kernel_size)
        self.bias_initializer = _bias_of_fan_in(fan_in, self.seed)
        super().build(self._padded(input_shape))
        # Keras checks inputs against the shape for which it was built, which is the padded shape.
        self.input_spec = keras.layers.InputSpec(min_ndim=4, axes={-1: input_shape[-1]})

    def call(self, inputs):
        inputs = tf.cast(inputs, self.compute_dtype)
        if self.pad:
            inputs = tf.pad(inputs, [[0, 0], [self.pad] * 2, [self.pad] * 2, [0, 0]])
        return super().call(inputs)

    def convolution_op(self, inputs, kernel):
        if strided_convolution.is_faster(inputs, self.kernel_size, self.strides):
            return strided_convolution.few_products(inputs, tf.convert_to_tensor(kernel))
        return super().convolution_op(inputs, kernel)

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(self._padded(input_shape))

    def get_config(self):
        return {
            **keras.layers.Layer.get_config(self),
            "filters": self.filters,
            "kernel_size": self.kernel_size[0],
            "strides": self.strides[0],
            "pad": self.pad,
            "use_bias": self.use_bias,
            "seed": self.seed,
            "kernel_initializer": _serialized(self._own_kernel_initializer),
        }


@keras.saving.register_keras_serializable(package="tf_infomax")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch norm over all axes but the last: epsilon 1e-5, momentum 0.9, unbiased running variance.

    Batches are normalised by their biased variance, as everywhere; what is stored for inference is
    the unbiased one, ``n / (n - 1)`` times as large (n entries a channel), which Keras does not do.
    Under a distribution strategy the statistics are those of the batch of all replicas.
    Where ``trainable`` is false, inputs are normalised by the stored statistics, which do not move:
    so does Keras' own layer.

    Args:
        momentum, epsilon: as in Keras, where they are 0.99 and 1e-3.

    Call arguments:
        inputs: ``[..., C]``, rank 2 or more.  Returns the same shape.
    """

    def __init__(self, momentum=0.9, epsilon=1e-5, **kwargs):
        momentum, epsilon = number(momentum, "momentum"), number(epsilon, "epsilon")
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)

    def call(self, inputs, training=None):
        inputs = tf.cast(inputs, self.compute_dtype)
        if not (training and self.trainable):
            return super().call(inputs, training=False)
        flat = tf.reshape(inputs, [-1, 1, 1, inputs.shape[-1]])
        outputs, mean, unbiased = self._normalized(flat)
        for average, batch in ((self.moving_mean, mean), (self.moving_variance, unbiased)):
            # In the type of the statistics, float32 where the averages are in half precision.
            old = tf.cast(average, batch.dtype)
            moved = old * self.momentum + batch * (1.0 - self.momentum)
            average.assign(tf.cast(moved, average.dtype))
        return tf.reshape(outputs, tf.shape(inputs))

    def _normalized(self, flat):
        """(normalised ``[n, 1, 1, C]``, mean ``[C]``, unbiased variance ``[C]``)."""
        if flat.dtype != tf.float64 and replicas.number() == 1:
            # One fused kernel each way; its second statistic is unbiased already. Mixed precision
            # keeps scale, offset and statistics in float32.
            outputs, mean, unbiased, *_ = tf.raw_ops.FusedBatchNormV3(
                x=flat,
                scale=tf.cast(self.gamma, tf.float32),
                offset=tf.cast(self.beta, tf.float32),
                mean=[],
                variance=[],
                epsilon=self.epsilon,
                is_training=True,
            )
            return outputs, mean, unbiased
        values = flat if flat.dtype == tf.float64 else tf.cast(flat, tf.float32)
        count = replicas.total(tf.cast(tf.shape(values)[0], values.dtype))
        if replicas.number() == 1:
            mean, biased = tf.nn.moments(values, axes=[0, 1, 2])
        else:
            # The spread in a second pass: the mean of squares less the squared mean loses digits.
            mean = replicas.total(tf.reduce_sum(values, axis=[0, 1, 2])) / count
            biased = replicas.total(tf.reduce_sum((values - mean) ** 2, axis=[0, 1, 2])) / count
        beta, gamma = tf.cast(self.beta, values.dtype), tf.cast(self.gamma, values.dtype)
        outputs = tf.nn.batch_normalization(values, mean, biased, beta, gamma, self.epsilon)
        outputs = tf.cast(outputs, flat.dtype)
        return outputs, mean, biased * count / tf.maximum(count - 1.0, 1.0)
