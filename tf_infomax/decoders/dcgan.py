"""The decoder of the Deep InfoMax release: images from codes by transposed convolutions."""

import math

import keras
import tensorflow as tf

from tf_infomax.layers.own_layers import OwnLayers, network_seed
from tf_infomax.layers.released import BatchNormalization, Conv2D, Dense, fan_in_uniform
from tf_infomax.layers.strided_convolution import Conv2DTranspose
from tf_infomax.naming.arguments import integer, integers, positive_integer
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["Decoder", "decoder_stages"]

# Side of the smallest map may be up to this; 4 for images of 32 and 64 pixels, 7 for 28.
_LARGEST_BASE = 7


def decoder_stages(side):
    """(side of the smallest map, number of doublings) of the decoder of square images.

    The side is halved as long as it is even and above 7: 32 and 64 end at 4, 28 at 7, 96 at 6.

    Raises:
        ValueError: if halving ends at an odd number above 7, or the side is no positive integer.
    """
    side = integer(side, "side", wanted="a positive integer")
    base, doublings = side, 0
    while base > _LARGEST_BASE and base % 2 == 0:
        base, doublings = base // 2, doublings + 1
    if not 1 <= base <= _LARGEST_BASE or not doublings:
        raise ValueError(
            "The decoder doubles maps of 4 to 7 pixels, as for sides 8, 28, 32, 64 or 96. "
            f"Received: side={side}."
        )
    return base, doublings


@keras.saving.register_keras_serializable(package="tf_infomax")
class Decoder(OwnLayers, keras.Model):
    """Images from codes: dense 4x4x512, transposed convolutions, a convolution and tanh.

    ``dense BN ReLU -> (transposed conv 4x4, stride 2, BN ReLU) per doubling -> conv 3x3, tanh``.
    Channels halve from stage to stage: 512 - 256 - 128 - 64 at 32 pixels, as released; 64 pixels
    take one stage more, of 32 channels, and other sizes follow ``decoder_stages``.

    Args:
        image_shape: ``(H, W, C)`` of the images, square.
        base_channels: channels of the smallest map. The released 512 takes 0.2 GFLOP an image of 32
            pixels, thrice that in training; half the channels take a quarter.
        seed: int for reproducible weights, or ``None``; layer i draws from ``seed + i``.

    Call arguments:
        codes: ``[K, D]``.  Returns ``[K, H, W, C]`` in (-1, 1).

    Raises:
        ValueError: on arguments that do not fit.

    Reference: the decoder of the code of Hjelm et al. (2019), after DCGAN.
    """

    def __init__(self, image_shape=(32, 32, 3), base_channels=512, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.image_shape = integers(image_shape, "image_shape")
        if len(self.image_shape) != 3 or self.image_shape[0] != self.image_shape[1]:
            raise ValueError(
                "`image_shape` must be (side, side, channels). "
                f"Received: image_shape={self.image_shape}."
            )
        self.base_channels = base_channels = positive_integer(base_channels, "base_channels")
        self.seed = seed = network_seed(seed)
        side, doublings = decoder_stages(self.image_shape[0])
        widths = [base_channels // 2**stage for stage in range(doublings + 1)]
        if widths[-1] < 1:
            raise ValueError(
                f"`base_channels` must be at least {2**doublings}, as channels halve {doublings} "
                f"times. Received: base_channels={base_channels}."
            )
        policy = self.dtype_policy
        self.smallest = (side, side, base_channels)
        self.dense = Dense(
            math.prod(self.smallest), use_bias=False, seed=seed, dtype=policy, name="dense"
        )
        self.doublings = [
            Conv2DTranspose(
                width,
                kernel_initializer=fan_in_uniform(layer_seed(seed, stage)),
                dtype=policy,
                name=f"doubling_{stage}",
            )
            for stage, width in enumerate(widths[1:], 1)
        ]
        self.normalizations = [
            BatchNormalization(dtype=policy, name=f"batch_norm_{stage}")
            for stage in range(doublings + 1)
        ]
        last_seed = layer_seed(seed, doublings + 1)
        self.last = Conv2D(
            self.image_shape[2], 3, pad=1, seed=last_seed, dtype=policy, name="pixels"
        )

    def _build_layers(self, input_shape):
        self.dense.build(input_shape)
        self.normalizations[0].build((None, self.dense.units))
        shape = (None, *self.smallest)
        for doubling, normalization in zip(self.doublings, self.normalizations[1:], strict=True):
            doubling.build(shape)
            shape = doubling.compute_output_shape(shape)
            normalization.build(shape)
        self.last.build(shape)
        self.built = True

    def call(self, codes, training=False):
        hidden = tf.nn.relu(self.normalizations[0](self.dense(codes), training=training))
        hidden = tf.reshape(hidden, [-1, *self.smallest])
        for doubling, normalization in zip(self.doublings, self.normalizations[1:], strict=True):
            hidden = tf.nn.relu(normalization(doubling(hidden), training=training))
        return tf.tanh(self.last(hidden))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.image_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "image_shape": self.image_shape,
            "base_channels": self.base_channels,
            "seed": self.seed,
        }
