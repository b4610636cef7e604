"""Random views of whole images, two of which are a positive pair in contrastive learning.

Unlike ``augmentation``, which moves stored pixels, these interpolate and recolour float images;
they are made inside the training step, under XLA as well.
"""

import dataclasses
import math

import tensorflow as tf

from tf_infomax.numerics import replicas

__all__ = ["RandomView"]

# Weights of red, green and blue in the luma (ITU-R BT.601), from which grey images are made.
_LUMA = (0.299, 0.587, 0.114)
_ASPECT_RATIO = 4.0 / 3.0


def _is_fraction(value):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0.0 <= value <= 1.0


@dataclasses.dataclass(frozen=True)
class RandomView:
    """A function ``(images, seed) -> images``: crop and resize, mirror, recolour, each at random.

    Args:
        crop_area: smallest fraction of the image's area in a crop, in (0, 1]; areas are uniform
            from it to 1, aspect ratios log-uniform from 3/4 to 4/3, crops resized linearly to the
            image's own size. 1 keeps the whole image.
        flip: whether each image is mirrored (left for right) with probability 1/2.
        colour_jitter: brightness, contrast and saturation are multiplied by factors from
            ``[1 - colour_jitter, 1 + colour_jitter]``, in this order; in [0, 1].
        grey: probability that an image loses its colours; in [0, 1].

    Call arguments:
        images: floating ``[K, H, W, C]`` in [-1, 1]; K may be unknown.
        seed: int ``[2]``; the same seed gives the same views.
        Returns ``[K, H, W, C]`` in [-1, 1]. Values beyond white are clipped.

    Raises:
        ValueError: on options out of their range.

    Reference: Wang and Isola (2020), code, by the sheet: crops of 0.08 to 1, flips, jitter of 0.4,
    grey in a fifth of the images. Hue is not changed here.
    """

    crop_area: float = 0.25
    flip: bool = True
    colour_jitter: float = 0.4
    grey: float = 0.2

    def __post_init__(self):
        if not _is_fraction(self.crop_area) or not self.crop_area:
            raise ValueError(
                f"`crop_area` must be in (0, 1]. Received: crop_area={self.crop_area!r}."
            )
        for name in ("colour_jitter", "grey"):
            value = getattr(self, name)
            if not _is_fraction(value):
                raise ValueError(f"`{name}` must be in [0, 1]. Received: {name}={value!r}.")

    def __call__(self, images, seed):
        images = tf.convert_to_tensor(images)
        seeds = tf.random.split(seed, 3, alg="philox")
        if self.crop_area < 1.0 or self.flip:
            images = self._cropped(images, seeds[0])
        if self.colour_jitter:
            images = self._recoloured(images, seeds[1])
        if self.grey and images.shape[-1] == 3:
            chosen = _uniform(images, 1, seeds[2])[0] < self.grey
            images = tf.where(chosen, _luma(images), images)
        return images

    def _cropped(self, images, seed):
        height, width = images.shape[1:3]
        area, aspect, top, left, mirror = tf.unstack(_uniform(images, 5, seed))
        area = self.crop_area + (1.0 - self.crop_area) * area
        if self.crop_area < 1.0:
            stretch = tf.exp((aspect - 0.5) * math.log(_ASPECT_RATIO))
        else:
            stretch = tf.ones_like(area)
        rows = height * tf.minimum(tf.sqrt(area) * stretch, 1.0)
        columns = width * tf.minimum(tf.sqrt(area) / stretch, 1.0)
        mirrored = mirror < 0.5 if self.flip else None
        down = _interpolation(height, top * (height - rows), rows, images.dtype)
        along = _interpolation(width, left * (width - columns), columns, images.dtype, mirrored)
        return tf.einsum("kjn,kinc->kijc", along, tf.einsum("kim,kmnc->kinc", down, images))

    def _recoloured(self, images, seed):
        factors = 1.0 + self.colour_jitter * (2.0 * _uniform(images, 3, seed) - 1.0)
        brightness, contrast, saturation = tf.unstack(factors)
        pixels = tf.clip_by_value(brightness * (images + 1.0) / 2.0, 0.0, 1.0)
        mean = tf.reduce_mean(_luma(pixels), axis=(1, 2, 3), keepdims=True)
        pixels = tf.clip_by_value(mean + contrast * (pixels - mean), 0.0, 1.0)
        luma = _luma(pixels)
        return tf.clip_by_value(luma + saturation * (pixels - luma), 0.0, 1.0) * 2.0 - 1.0


def _uniform(images, number, seed):
    """``number`` uniform draws in [0, 1) of every image, ``[number, K, 1, 1, 1]``.

    Under a distribution strategy the images are this replica's, and their draws those that one
    device with the whole batch would make.
    """
    shape = [number, tf.shape(images)[0] * replicas.number(), 1, 1, 1]
    drawn = tf.random.stateless_uniform(shape, seed, dtype=images.dtype, alg="philox")
    return replicas.own(drawn, axis=1)


def _luma(images):
    """Brightness ``[K, H, W, 1]``; of grey images, the images themselves."""
    if images.shape[-1] != 3:
        return tf.reduce_mean(images, axis=-1, keepdims=True)
    return tf.reduce_sum(images * tf.constant(_LUMA, images.dtype), axis=-1, keepdims=True)


def _interpolation(size, start, length, dtype, mirrored=None):
    """Matrices ``[K, size, size]`` that resize ``length`` pixels from ``start`` on to a whole axis.

    Row i weighs the two pixels between whose centres the centre of pixel i falls.
    """
    pixels = tf.range(size, dtype=dtype)
    start, length = (tf.reshape(value, [-1, 1]) for value in (start, length))
    places = start + (pixels + 0.5) * length / size - 0.5
    if mirrored is not None:
        places = tf.where(tf.reshape(mirrored, [-1, 1]), places[:, ::-1], places)
    places = tf.clip_by_value(places, 0.0, size - 1.0)
    return tf.nn.relu(1.0 - tf.abs(places[..., tf.newaxis] - pixels))
