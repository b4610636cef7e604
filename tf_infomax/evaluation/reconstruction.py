"""Reconstruction of images by a decoder that is trained on frozen codes."""

import dataclasses

import numpy as np
import tensorflow as tf

from tf_infomax.decoders import Decoder
from tf_infomax.evaluation.fitting import (
    Epochs,
    batches_of,
    check_batch_size,
    pixels,
    staircase_adam,
)
from tf_infomax.evaluation.labelled import checked_codes, checked_images, checked_pair
from tf_infomax.evaluation.structural_similarity import (
    MultiScale,
    multi_scale,
    multi_scale_ssim,
    released_ssim,
)
from tf_infomax.naming import arguments
from tf_infomax.numerics.randomness import stream_seed

__all__ = ["Reconstruction", "reconstruction"]

@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """Results of the decoder on the test images.

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
        batch_size: rows in a step; an incomplete last batch is skipped.
        learning_rate, decay_epochs, decay: of Adam.
        shown: number of reconstructions that are returned.
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
    epochs = arguments.integer(epochs, "epochs", wanted="1 or more")
    shown = arguments.integer(shown, "shown", 0, "0 or more")
    steps = check_batch_size(len(train[0]), batch_size)
    image_shape = train[1].shape[1:]
    setting = multi_scale(*image_shape[:2])
    decoder_seed = stream_seed(seed, "reconstruction", "decoder")
    decoder = Decoder(image_shape, base_channels, decoder_seed, dtype="float32", name="decoder")
    decoder.build((None, train[0].shape[1]))

    def loss_and_metrics(_, codes, images):
        return _mean_squared_error(decoder(codes, training=True), images), {}

    fit = Epochs(
        loss_and_metrics,
        decoder.trainable_variables,
        staircase_adam(learning_rate, decay, decay_epochs, steps),
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
