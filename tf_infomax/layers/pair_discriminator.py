"""The network that discriminates pairs of an image and a code, in bidirectional GANs."""

import math

import keras
import tensorflow as tf

from tf_infomax.layers.released import Conv2D, Dense
from tf_infomax.layers.shared import keep_frozen
from tf_infomax.naming.arguments import integers, seed_or_none
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["PairDiscriminator"]

_LEAK = 0.2


@keras.saving.register_keras_serializable(package="tf_infomax")
class PairDiscriminator(keras.Model):
    """A scalar score of a pair (image, code).

    The image goes through convolutions (4 x 4, stride 2), the code through a dense layer as wide as
    the first hidden one; both, flattened and concatenated, through dense layers to one linear unit.
    All have leaky ReLUs of slope 0.2, and there is no batch norm: it would let a row's score depend
    on the others, which a gradient penalty does not allow.

    Args:
        widths: channels of the convolutions; ``()`` for views that are vectors.
        hidden_units: widths of the dense layers.
        seed: int for reproducible weights, or ``None``; layer i draws from ``seed + i``.

    Call arguments:
        x: ``[K, H, W, C]``, or ``[K, N]`` where ``widths`` is empty.
        y: codes ``[K, D]``.  Returns scores ``[K, 1]`` (no unit).
    """

    def __init__(self, widths=(64, 128, 256), hidden_units=(1024,), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.widths = integers(widths, "widths", smallest_number=0)
        self.hidden_units = integers(hidden_units, "hidden_units")
        self.seed = seed = seed_or_none(seed)
        policy, count = self.dtype_policy, len(self.widths)
        self.convolutions = [
            Conv2D(
                width, 4, strides=2, pad=1, seed=layer_seed(seed, position), dtype=policy,
                name=f"conv_{position}",
            )
            for position, width in enumerate(self.widths)
        ]
        self.code_stage = Dense(
            self.hidden_units[0], seed=layer_seed(seed, count), dtype=policy, name="code"
        )
        self.stages = [
            Dense(units, seed=layer_seed(seed, position), dtype=policy, name=f"dense_{position}")
            for position, units in enumerate((*self.hidden_units, 1), start=count + 1)
        ]

    def build(self, x_shape, y_shape):
        shape = tuple(x_shape)
        if len(shape) != (4 if self.widths else 2):
            wanted = "images [K, H, W, C]" if self.widths else "vectors [K, N], without `widths`"
            raise ValueError(f"The discriminator reads {wanted}. Received: shape {shape}.")
        for convolution in self.convolutions:
            if min(shape[1:3]) < 2:
                raise ValueError(
                    f"{len(self.widths)} convolutions of stride 2 need larger images. "
                    f"Received: widths={self.widths}, images of shape {tuple(x_shape)[1:]}."
                )
            convolution.build(shape)
            shape = convolution.compute_output_shape(shape)
        self.code_stage.build((None, y_shape[-1]))
        width = math.prod(shape[1:]) + self.code_stage.units
        for stage in self.stages:
            stage.build((None, width))
            width = stage.units
        self.built = True
        keep_frozen(self)

    def call(self, x, y):
        hidden = tf.cast(x, self.compute_dtype)
        for convolution in self.convolutions:
            hidden = _leaky(convolution(hidden))
        hidden = tf.reshape(hidden, [tf.shape(x)[0], math.prod(hidden.shape[1:])])
        code = _leaky(self.code_stage(y))
        hidden = tf.concat([hidden, code], axis=1)
        for stage in self.stages[:-1]:
            hidden = _leaky(stage(hidden))
        return self.stages[-1](hidden)

    def compute_output_shape(self, x_shape, y_shape):
        return (x_shape[0], 1)

    def get_config(self):
        return {
            **super().get_config(),
            "widths": self.widths,
            "hidden_units": self.hidden_units,
            "seed": self.seed,
        }


def _leaky(values):
    # Not tf.nn.leaky_relu: fusing it with a bias, TensorFlow 2.21 logs an error of its optimizer.
    return tf.maximum(_LEAK * values, values)
