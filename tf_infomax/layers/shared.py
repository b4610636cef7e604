"""Layers that several encoders and critics share."""

import keras
import tensorflow as tf

from tf_infomax.naming.arguments import number, positive_integer
from tf_infomax.numerics.randomness import layer_seed

__all__ = [
    "JointLayerNormalization",
    "PairwiseDense",
    "activation_function",
    "apply_stack",
    "build_stack",
    "dense_stack",
    "glorot_uniform",
    "initializer_of",
    "keep_frozen",
]


def activation_function(identifier):
    """The activation that a Keras identifier names; ``ValueError`` if it names none."""
    try:
        return keras.activations.get(identifier)
    except (TypeError, ValueError):
        raise ValueError(
            "`activation` must be an activation of Keras by name, a function, or None. "
            f"Received: activation={identifier!r}."
        ) from None


def initializer_of(identifier, name="kernel_initializer"):
    """The initializer that a Keras identifier names; ``ValueError`` if it names none."""
    try:
        found = keras.initializers.get(identifier)
    except (TypeError, ValueError):
        found = None
    if found is None:
        raise ValueError(
            f"`{name}` must be an initializer of Keras, or its name. "
            f"Received: {name}={identifier!r}."
        )
    return found


def keep_frozen(layer):
    """Freezes the sublayers of ``layer`` if it is frozen itself; call it at the end of ``build``.

    Keras passes ``trainable = False`` to the sublayers that exist at that moment. Sublayers that
    are made later, in ``build`` or when the layer is loaded, would train, and their batch norm
    would change.
    """
    if not layer.trainable:
        # By the property itself: TensorFlow skips an assignment that changes nothing.
        type(layer).trainable.fset(layer, False)


def glorot_uniform(seed, position):
    """Glorot's uniform initializer for the layer at ``position`` of a network.

    Each layer needs an instance of its own: layers that share one get equal kernels in Keras 3.
    ``seed=None`` leaves the draw to Keras' global seed.
    """
    return keras.initializers.GlorotUniform(seed=layer_seed(seed, position))


def dense_stack(units, activation, *, seed, name, dtype, make_first=keras.layers.Dense):
    """Dense layers of the given widths; ``activation`` on all but the last, which is linear.

    Args:
        units: widths, the last one the output's.
        activation: any Keras identifier.
        seed: int or ``None``; layer i draws its kernel from ``seed + i``.
        name: prefix of the layers' names.
        dtype: Keras dtype policy.
        make_first: the class of the first layer.

    Returns:
        List of layers, to be called one after the other.
    """
    return [
        (make_first if position == 0 else keras.layers.Dense)(
            width,
            activation=activation if position < len(units) - 1 else None,
            kernel_initializer=glorot_uniform(seed, position),
            dtype=dtype,
            name=f"{name}_{position}",
        )
        for position, width in enumerate(units)
    ]


def build_stack(layers, input_shape):
    """Builds layers that are called one after the other, from the shape that the first one sees."""
    for layer in layers:
        layer.build(input_shape)
        input_shape = layer.compute_output_shape(input_shape)


def apply_stack(layers, values):
    """The output of layers that are called one after the other."""
    for layer in layers:
        values = layer(values)
    return values


@keras.saving.register_keras_serializable(package="tf_infomax")
class PairwiseDense(keras.layers.Layer):
    """A dense layer on the concatenation ``[x_i, y_j]`` of every pair, without the pairs.

    A dense layer is linear before its activation, so ``[x_i, y_j] W = x_i W_x + y_j W_y``: the two
    products cost ``(K Dx + M Dy) H`` multiplications where the tiled pairs cost
    ``K M (Dx + Dy) H``, and the ``K M (Dx + Dy)`` numbers are never stored.

    Args:
        units: output width H.
        activation: any Keras identifier.
        kernel_initializer: initializer of the kernel ``[Dx + Dy, H]``, x first.
        bias_initializer: initializer of the bias ``[H]``.

    Call arguments:
        x: ``[K, Dx]``.  y: ``[M, Dy]``.  Returns ``[K, M, H]``.
    """

    def __init__(
        self,
        units,
        activation=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = positive_integer(units, "units")
        self.activation = activation_function(activation)
        self.kernel_initializer = initializer_of(kernel_initializer)
        self.bias_initializer = initializer_of(bias_initializer, "bias_initializer")

    def build(self, x_shape, y_shape):
        self.x_dim = x_shape[-1]
        self.kernel = self.add_weight(
            shape=(x_shape[-1] + y_shape[-1], self.units),
            initializer=self.kernel_initializer,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.units,), initializer=self.bias_initializer, name="bias"
        )

    def call(self, x, y):
        from_x, from_y = self.project(x, y)
        return self.activation(from_x[:, tf.newaxis, :] + from_y[tf.newaxis, :, :])

    def project(self, x, y):
        """What each of x and y gives to the sum before the activation: ``[K, H]``, ``[M, H]``."""
        dtype = self.compute_dtype
        x, y, kernel, bias = (tf.cast(one, dtype) for one in (x, y, self.kernel, self.bias))
        return tf.matmul(x, kernel[: self.x_dim]) + bias, tf.matmul(y, kernel[self.x_dim :])

    def compute_output_shape(self, x_shape, y_shape):
        return (x_shape[0], y_shape[0], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }


@keras.saving.register_keras_serializable(package="tf_infomax")
class JointLayerNormalization(keras.layers.Layer):
    """Layer norm over height, width and channels together, scale and bias per channel.

    ``(h - mean) / (sd + epsilon) * scale + bias``: one mean and one population standard deviation
    a sample. Keras' own layer adds epsilon to the variance and has a scale per normalised
    entry, so it cannot give these numbers.

    Args:
        epsilon: added to the standard deviation.

    Call arguments:
        inputs: ``[K, H, W, C]``.  Returns the same shape.

    Reference: the ConvNet encoder of Tschannen et al. (2020), section 3.3, as in its code.
    """

    def __init__(self, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = number(epsilon, "epsilon")

    def build(self, input_shape):
        self.scale = self.add_weight(shape=input_shape[-1:], initializer="ones", name="scale")
        self.bias = self.add_weight(shape=input_shape[-1:], initializer="zeros", name="bias")

    def call(self, inputs):
        inputs = tf.cast(inputs, self.compute_dtype)
        mean, variance = tf.nn.moments(inputs, axes=[1, 2, 3], keepdims=True)
        # A constant map (a blank image) has variance 0, where the square root has no gradient.
        is_constant = tf.equal(variance, 0.0)
        deviation = tf.sqrt(tf.where(is_constant, tf.ones_like(variance), variance))
        deviation = tf.where(is_constant, tf.zeros_like(variance), deviation)
        return (inputs - mean) / (deviation + self.epsilon) * self.scale + self.bias

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
