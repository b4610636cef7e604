"""Hiding a part of every image (Hjelm et al. 2019, section 4.3)."""

import math

import tensorflow as tf

from tf_infomax.naming import arguments
from tf_infomax.numerics import replicas
from tf_infomax.numerics.tensors import images_of, seed_words

__all__ = ["occlude", "occlusion_masks"]


def occlusion_masks(count, height, width, block, seed):
    """One rectangle to hide for each image.

    The paper's rule: at least one block of ``block`` x ``block`` pixels is hidden completely, and
    at least one stays completely visible; only a figure shows how masks are drawn. Here a rectangle
    is hidden: along one axis (drawn for each image) its length is uniform in
    ``[block, size - block]`` and at least ``block`` pixels are left on one side of it; along the
    other axis its length is uniform in ``[block, size]`` and its place is uniform.

    Args:
        count: number of images K (int or scalar tensor); under a distribution strategy, of this
            replica.
        height, width: of the images, at least ``2 block``.
        block: side b in pixels, the receptive field of one local feature.
        seed: int ``[2]``; the same seed gives the same masks (inside XLA it gives others).

    Returns:
        bool ``[K, height, width]``, true where hidden.

    Raises:
        ValueError: if the images are too small for a hidden and a visible block.
    """
    block = arguments.positive_integer(block, "block")
    if min(height, width) < 2 * block:
        raise ValueError(
            "Images must be at least two blocks high and wide, one to hide and one to see. "
            f"Received: height={height}, width={width}, block={block}."
        )
    # Eight independent uniform numbers per image; the last axis tells their uses apart.
    drawn = [count * replicas.number(), 8]
    uniform = tf.random.stateless_uniform(drawn, seed_words(seed), alg="philox")
    uniform = replicas.own(uniform)
    split_rows, from_start = uniform[:, 0] < 0.5, uniform[:, 1] < 0.5

    def split(size, length_at, place_at):
        length = _integer(uniform[:, length_at], block, size - block)
        margin = _integer(uniform[:, place_at], 0, size - block - length)
        return tf.where(from_start, margin, size - margin - length), length

    def free(size, length_at, place_at):
        length = _integer(uniform[:, length_at], block, size)
        return _integer(uniform[:, place_at], 0, size - length), length

    rows = _chosen(split_rows, split(height, 2, 3), free(height, 4, 5))
    columns = _chosen(split_rows, free(width, 4, 5), split(width, 2, 3))
    return _inside(rows, height)[:, :, tf.newaxis] & _inside(columns, width)[:, tf.newaxis, :]


def occlude(images, block, seed, value=0.0):
    """``images`` with a rectangle of each set to ``value``; see ``occlusion_masks``.

    Args:
        images: ``[K, H, W, C]``, K may be unknown.
        block, seed: as for ``occlusion_masks``.
        value: what hidden pixels hold; 0 is mid-grey of images in [-1, 1].
    """
    images = images_of(images)
    _, height, width, _ = images.shape
    value = arguments.number(value, "value", -math.inf)
    masks = occlusion_masks(tf.shape(images)[0], height, width, block, seed)
    return tf.where(masks[..., tf.newaxis], tf.constant(value, images.dtype), images)


def _integer(uniform, low, high):
    """Integers in ``[low, high]`` from uniform numbers in [0, 1); ``high`` may be a tensor."""
    span = tf.cast(high - low + 1, tf.float32)
    # The product may round up to the span itself.
    return low + tf.cast(tf.minimum(tf.floor(uniform * span), span - 1.0), tf.int32)


def _chosen(condition, first, second):
    return tuple(tf.where(condition, one, other) for one, other in zip(first, second, strict=True))


def _inside(interval, size):
    start, length = (part[:, tf.newaxis] for part in interval)
    position = tf.range(size)[tf.newaxis, :]
    return (position >= start) & (position < start + length)
