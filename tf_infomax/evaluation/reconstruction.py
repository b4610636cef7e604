"""How much of an image its code holds: a decoder trained on frozen codes."""

import dataclasses
import math

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.evaluation.fitting import Epochs, batches_of, check_batch_size, pixels, staircase
from tf_infomax.evaluation.labelled import checked_codes, checked_images, checked_pair
from tf_infomax.evaluation.structural_similarity import (
    MultiScale,
    multi_scale,
    multi_scale_ssim,
    released_ssim,
)
from tf_infomax.layers.optimizers import Adam
from tf_infomax.layers.released import BatchNormalization, Conv2D, Dense, fan_in_uniform
from tf_infomax.numerics.randomness import stream_seed

__all__ = ["Decoder", "Reconstruction", "decoder_stages", "reconstruction"]

# Side of the smallest map may be up to this; 4 for images of 32 and 64 pixels, 7 for 28.
_LARGEST_BASE = 7


def decoder_stages(side):
    """(side of the smallest map, number of doublings) of the decoder of square images.

    The side is halved as long as it is even and above 7: 32 and 64 end at 4, 28 at 7, 96 at 6.

    Raises:
        ValueError: if halving ends at an odd number above 7.
    """
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
class Decoder(keras.Model):
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

    Reference: the decoder of the code of Hjelm et al. (2019), after DCGAN.
    """

    def __init__(self, image_shape=(32, 32, 3), base_channels=512, seed=None, **kwargs):
        super().__init__(**kwargs)
        if len(image_shape) != 3 or image_shape[0] != image_shape[1]:
            raise ValueError(
                "`image_shape` must be (side, side, channels). "
                f"Received: image_shape={tuple(image_shape)}."
            )
        self.image_shape = tuple(int(size) for size in image_shape)
        self.base_channels = base_channels
        self.seed = seed
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
            keras.layers.Conv2DTranspose(
                width,
                4,
                strides=2,
                padding="same",
                data_format="channels_last",
                use_bias=False,
                kernel_initializer=fan_in_uniform(None if seed is None else seed + stage),
                dtype=policy,
                name=f"doubling_{stage}",
            )
            for stage, width in enumerate(widths[1:], 1)
        ]
        self.normalizations = [
            BatchNormalization(dtype=policy, name=f"batch_norm_{stage}")
            for stage in range(doublings + 1)
        ]
        last_seed = None if seed is None else seed + doublings + 1
        self.last = Conv2D(
            self.image_shape[2], 3, pad=1, seed=last_seed, dtype=policy, name="pixels"
        )

    def build(self, input_shape):
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


@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """What the decoder reached on the test images.

    Attributes:
        mse: mean squared error of a pixel's channel, pixels in [-1, 1].
        ms_ssim: mean multi-scale SSIM of the images as pictures in [0, 1]; in [0, 1].
        setting: its window and scales.
        released_ssim: mean of the single-scale score that the release calls "ms_ssim".
        train_mse: mean over the batches of each epoch, while training.
        images: float32 ``[shown, H, W, C]``, reconstructions of the first test images.
    """

    mse: float
    ms_ssim: float
    setting: MultiScale
    released_ssim: float
    train_mse: tuple
    images: np.ndarray


def reconstruction(
    train_codes,
    train_images,
    test_codes,
    test_images,
    *,
    base_channels=512,
    epochs=150,
    batch_size=64,
    learning_rate=1e-4,
    decay_epochs=(50, 100),
    decay=0.1,
    shown=16,
    seed=0,
):
    """Trains a ``Decoder`` on frozen codes by mean squared error, and scores it on test images.

    Args:
        train_codes, test_codes: ``[N, ...]``, ``[M, ...]``, finite; maps are flattened.
        train_images, test_images: ``[N, H, W, C]``, ``[M, H, W, C]``, square, uint8 (scaled to
            [-1, 1]) or floats in [-1, 1].
        base_channels: of the decoder.
        epochs: passes over the training codes.
        batch_size: rows in a step; what remains of an epoch is skipped.
        learning_rate, decay_epochs, decay: of Adam.
        shown: how many reconstructions are returned.
        seed: of weights and order.

    Returns:
        ``Reconstruction``.

    Raises:
        ValueError: on shapes or values that do not fit, or images of a size without a decoder.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 4.1 and Table 4; sizes and schedule by
    the released code.
    """
    train = _checked(train_codes, train_images, "train")
    test = _checked(test_codes, test_images, "test")
    checked_pair(train[0], test[0])
    checked_pair(train[1], test[1], "images")
    if epochs < 1:
        raise ValueError(f"`epochs` must be 1 or more. Received: epochs={epochs}.")
    steps = check_batch_size(len(train[0]), batch_size)
    image_shape = train[1].shape[1:]
    setting = multi_scale(*image_shape[:2])
    decoder_seed = stream_seed(seed, "reconstruction", "decoder")
    decoder = Decoder(image_shape, base_channels, decoder_seed, dtype="float32")
    decoder.build((None, train[0].shape[1]))

    def loss_and_metrics(_, codes, images):
        return _mean_squared_error(decoder(codes, training=True), images), {}

    fit = Epochs(
        loss_and_metrics,
        decoder.trainable_variables,
        Adam(staircase(learning_rate, decay, decay_epochs, steps)),
        train,
        batch_size,
        stream_seed(seed, "reconstruction", "order"),
    )
    train_mse = tuple(fit.run(epoch)["loss"] for epoch in range(epochs))

    def scores(codes, images):
        images, ours = pixels(images), decoder(codes, training=False)
        error = tf.reduce_mean((ours - images) ** 2, axis=[1, 2, 3])
        multi = multi_scale_ssim(images, ours, setting=setting)
        return tf.stack([error, multi, released_ssim(images, ours)], axis=1)

    mse, ms_ssim, released = batches_of(scores, test, batch_size=250)().numpy().mean(axis=0)
    images = np.asarray(decoder(test[0][:shown], training=False), np.float32)
    return Reconstruction(float(mse), float(ms_ssim), setting, float(released), train_mse, images)


def _mean_squared_error(ours, images):
    return tf.reduce_mean((ours - pixels(images)) ** 2)


def _checked(codes, images, split):
    codes, images = checked_codes(codes, split), checked_images(images, split)
    if len(codes) != len(images):
        raise ValueError(
            f"Row i of the {split} codes must be the code of {split} image i. "
            f"Received: {len(codes)} codes, {len(images)} images."
        )
    return codes, images
