"""Crops and mirror images of whole batches by integer indexing, which keeps pixels unchanged."""

import tensorflow as tf

from tf_infomax.data.batches import WHOLE
from tf_infomax.numerics.tensors import images_of, seed_words

__all__ = ["centre_crop", "check_crop", "random_crops", "random_flips", "random_windows"]


def check_crop(image_shape, side):
    """Refuses a square crop that does not fit into images of shape ``(H, W, C)``.

    Raises:
        ValueError: unless ``side`` is an int from 1 to the smaller of H and W.
    """
    height, width = image_shape[:2]
    if isinstance(side, bool) or not isinstance(side, int) or not 1 <= side <= min(height, width):
        raise ValueError(
            f"A crop must be a whole number of pixels from 1 to {min(height, width)}, the shorter "
            f"side of the images. Received: crop={side!r}, images of {height} x {width} pixels."
        )


def random_crops(images, side, seed, part=WHOLE):
    """A square window of every image, each at an independent random place.

    All ``(H - side + 1) (W - side + 1)`` places are equally likely, independently for each image.

    Args:
        images: ``[K, H, W, C]``, any dtype; K may be unknown.
        side: height and width of the windows in pixels.
        seed: int ``[2]``; the same seed gives the same windows.
        part: ``batches.Part`` of a batch that the images are; they get the windows that they would
            get within the whole batch.

    Returns:
        ``[K, side, side, C]`` of the dtype of ``images``.

    Raises:
        ValueError: if the window does not fit.
    """
    images = images_of(images)
    check_crop(images.shape[1:], side)
    return random_windows(images, (side, side), seed, part)


def random_windows(images, sides, seed, part=WHOLE):
    """As ``random_crops``, of height and width ``sides``, which must fit."""
    count, (_, height, width, _) = tf.shape(images)[0], images.shape
    seeds = tf.random.split(seed_words(seed), 2, alg="philox")
    return _take(
        _take(images, _places(count, height, sides[0], seeds[0], part), axis=1),
        _places(count, width, sides[1], seeds[1], part),
        axis=2,
    )


def _places(count, size, side, seed, part):
    """Positions ``[K, side]`` of windows along an axis of ``size`` pixels."""
    start = tf.random.stateless_uniform(
        [part.parts * count, 1], seed, 0, size - side + 1, dtype=tf.int32, alg="philox"
    )
    return part.of(start) + tf.range(side)


def _take(images, positions, axis):
    return tf.gather(images, positions, axis=axis, batch_dims=1)


def random_flips(images, seed, part=WHOLE):
    """Every image or its mirror image (left for right), each with probability 1/2.

    Args:
        images: ``[K, H, W, C]``, any dtype; K may be unknown.
        seed: int ``[2]``; the same seed flips the same images.
        part: as for ``random_crops``.

    Returns:
        ``[K, H, W, C]`` of the dtype of ``images``.
    """
    images = images_of(images)
    count = part.parts * tf.shape(images)[0]
    uniform = part.of(tf.random.stateless_uniform([count, 1], seed_words(seed), alg="philox"))
    columns = tf.range(images.shape[2])
    # Five times as fast as reversing all images and selecting.
    return _take(images, tf.where(uniform < 0.5, columns[::-1], columns), axis=2)


def centre_crop(images, side):
    """The square window in the middle of every image; odd margins are smaller at the top and left.

    Args:
        images: ``[K, H, W, C]``, an array or a tensor of any dtype.
        side: height and width of the window in pixels.

    Returns:
        ``[K, side, side, C]``, of the kind and dtype of ``images``.

    Raises:
        ValueError: if the window does not fit.
    """
    images = images_of(images)
    check_crop(images.shape[1:], side)
    top, left = (images.shape[1] - side) // 2, (images.shape[2] - side) // 2
    return images[:, top : top + side, left : left + side]
