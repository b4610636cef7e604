"""The network with which Deep InfoMax embeds features before scoring them."""

import keras
import tensorflow as tf

from tf_infomax.layers.released import BatchNormalization, Dense
from tf_infomax.layers.shared import keep_frozen
from tf_infomax.naming.arguments import boolean, positive_integer, seed_or_none
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["MINetwork", "NearCopy"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class NearCopy(keras.initializers.Initializer):
    """Kernel ``[n, units]``, units >= n, that nearly copies its input to the first n outputs.

    U(-0.01, 0.01) except on the diagonal, which is exactly 1.

    Args:
        seed: int for a reproducible draw, or ``None``.
    """

    def __init__(self, seed=None):
        self.seed = seed_or_none(seed)

    def __call__(self, shape, dtype=None):
        noise = keras.initializers.RandomUniform(-0.01, 0.01, seed=self.seed)(shape, dtype=dtype)
        return tf.linalg.set_diag(noise, tf.ones(min(shape), noise.dtype))

    def get_config(self):
        return {"seed": self.seed}


@keras.saving.register_keras_serializable(package="tf_infomax")
class MINetwork(keras.layers.Layer):
    """``norm( dense_1(relu(batch_norm(dense_0(x)))) + shortcut(x) )``, place by place.

    The shortcut starts as a near copy of its input if ``units`` is large enough (``NearCopy``), so
    that at first the embedding contains the feature itself. Applied to a map it is
    the release's network of 1 x 1 convolutions; batch norm takes its statistics over all places.

    Args:
        units: output width, and that of the hidden layer.
        layer_norm: whether the sum is layer-normalised (epsilon 1e-5, scale and shift).
        shortcut_bias: whether the shortcut has a bias; the release's convolutional network,
            which is the network it trains, has none.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        inputs: ``[..., n]``, rank 2 or more.  Returns ``[..., units]``.
        training: whether batch norm uses, and updates from, the batch's statistics.

    Raises:
        ValueError: if ``units`` is not a positive integer, or the input width is unknown.

    Reference: Hjelm et al. (2019), tables 8 and 9, and its code.
    """

    def __init__(self, units, layer_norm=True, shortcut_bias=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.units = positive_integer(units, "units")
        self.layer_norm = boolean(layer_norm, "layer_norm")
        self.shortcut_bias = boolean(shortcut_bias, "shortcut_bias")
        self.seed = seed_or_none(seed)

    def build(self, input_shape):
        width = input_shape[-1]
        if len(input_shape) < 2 or width is None:
            raise ValueError(
                "MINetwork needs inputs of shape [..., n], n known. "
                f"Received: inputs of shape {tuple(input_shape)}."
            )
        seeds = [layer_seed(self.seed, layer) for layer in range(3)]
        policy = self.dtype_policy
        self.dense_0 = Dense(
            self.units, use_bias=False, seed=seeds[0], dtype=policy, name="dense_0"
        )
        self.batch_norm = BatchNormalization(dtype=policy, name="batch_norm")
        self.dense_1 = Dense(self.units, seed=seeds[1], dtype=policy, name="dense_1")
        self.shortcut = Dense(
            self.units,
            use_bias=self.shortcut_bias,
            seed=seeds[2],
            kernel_initializer=NearCopy(seeds[2]) if self.units >= width else None,
            dtype=policy,
            name="shortcut",
        )
        self.norm = (
            keras.layers.LayerNormalization(epsilon=1e-5, dtype=policy, name="norm")
            if self.layer_norm
            else None
        )
        self.dense_0.build((None, width))
        self.shortcut.build((None, width))
        for layer in (self.batch_norm, self.dense_1, self.norm):
            if layer is not None:
                layer.build((None, self.units))
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: width})
        keep_frozen(self)

    def call(self, inputs, training=False):
        inputs = tf.cast(inputs, self.compute_dtype)
        # Rows of a matrix: one product of matrices, whatever the rank.
        rows = tf.reshape(inputs, [-1, inputs.shape[-1]])
        hidden = tf.nn.relu(self.batch_norm(self.dense_0(rows), training=training))
        outputs = self.dense_1(hidden) + self.shortcut(rows)
        if self.norm is not None:
            outputs = self.norm(outputs)
        outputs = tf.reshape(outputs, tf.concat([tf.shape(inputs)[:-1], [self.units]], axis=0))
        outputs.set_shape([*inputs.shape[:-1], self.units])
        return outputs

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "layer_norm": self.layer_norm,
            "shortcut_bias": self.shortcut_bias,
            "seed": self.seed,
        }
