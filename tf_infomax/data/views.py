"""Views of images: the two halves of Tschannen et al. (2020), section 3, and noise on them."""

import numbers

import tensorflow as tf

from tf_infomax.data.batches import WHOLE
from tf_infomax.naming import arguments
from tf_infomax.numerics.tensors import seed_words, tensor

__all__ = ["add_noise", "add_shared_noise", "half_shape", "halves", "to_pixels"]


def halves(images):
    """The top and the bottom half of every image.

    Args:
        images: ``[N, H, W, C]``, a NumPy array or a tensor, H even. N may be unknown.

    Returns:
        ``(top, bottom)``, each ``[N, H/2 * W * C]``, flattened row by row (the channels of a pixel
        together), of the kind (array or tensor) and dtype of ``images``.

    Raises:
        ValueError: if the rank is not 4, the height is odd, or the size of an image is unknown.
    """
    if not tf.is_tensor(images):
        images = arguments.array(images, "images")
    if len(images.shape) != 4:
        raise ValueError(
            f"`images` must have shape [N, H, W, C]. Received: images of shape {images.shape}."
        )
    rows, columns, channels = half_shape(images.shape[1:])
    size = rows * columns * channels
    top, bottom = images[:, :rows], images[:, rows:]
    if tf.is_tensor(images):
        return tf.reshape(top, [-1, size]), tf.reshape(bottom, [-1, size])
    return top.reshape(len(images), size), bottom.reshape(len(images), size)


def half_shape(image_shape):
    """The shape ``(H/2, W, C)`` of one half of an image of shape ``(H, W, C)``.

    Raises:
        ValueError: if there are not three known sizes, or H is odd.
    """
    sizes = tuple(image_shape) if hasattr(image_shape, "__len__") else (image_shape,)
    if len(sizes) != 3 or not all(isinstance(n, numbers.Integral) and n > 0 for n in sizes):
        raise ValueError(
            "`image_shape` must be three known, positive sizes (H, W, C). "
            f"Received: image_shape={sizes}."
        )
    height, width, channels = (int(size) for size in sizes)
    if height % 2:
        raise ValueError(
            "Images of odd height have no two halves of one size; crop or pad them. "
            f"Received: image_shape={(height, width, channels)}."
        )
    return height // 2, width, channels


def to_pixels(batch, pixel_max):
    """Stored pixels as float32 in [0, 1]: ``batch / pixel_max``, any shape."""
    pixel_max = arguments.number(pixel_max, "pixel_max", exclusive=True)
    return tf.cast(tensor(batch, "batch"), tf.float32) / pixel_max


def add_noise(x, sd, seed, part=WHOLE, batches=1):
    """Adds a draw from N(0, sd^2 I) to ``x``.

    Args:
        x: floating tensor of any shape.
        sd: standard deviation, a Python float >= 0, in the unit of ``x``. 0 returns ``x`` itself.
        seed: two ints, ``[2]``. The same seed gives the same noise, eagerly and in a graph; XLA
            makes other normals of the same random bits, the same ones every time.
        part, batches: the rows of ``x`` are this ``batches.Part`` of so many batches, and get the
            noise that they would get within them.

    Raises:
        ValueError: on a negative ``sd`` or an ``x`` that is not floating.
    """
    sd = arguments.number(sd, "sd")
    return x if sd == 0 else x + _normal(x, sd, seed, part, batches)


def add_shared_noise(x, y, sd, seed):
    """Adds the SAME draw from N(0, sd^2 I) to both views of each pair.

    The encoders of section 3.2 of Tschannen et al. (2020), which start near the identity, are
    trained with it: the noise fills the input space without making the two views differ.

    Args:
        x, y: floating tensors of one shape ``[K, D]``.
        sd, seed: as for ``add_noise``.

    Returns:
        ``(x + noise, y + noise)``.

    Raises:
        ValueError: as ``add_noise``, or if the shapes differ.
    """
    sd = arguments.number(sd, "sd")
    if sd == 0:
        return x, y
    x, y = tensor(x, "x"), tensor(y, "y")
    if not x.shape.is_compatible_with(y.shape) or x.dtype != y.dtype:
        raise ValueError(
            "Noise is shared by views of one shape and dtype. "
            f"Received: x={x.dtype.name}{x.shape}, y={y.dtype.name}{y.shape}."
        )
    noise = _normal(x, sd, seed)
    return x + noise, y + noise


def _normal(x, sd, seed, part=WHOLE, batches=1):
    x = tensor(x, "x")
    if not x.dtype.is_floating:
        raise ValueError(f"Noise needs floating views. Received: x of dtype {x.dtype.name}.")
    # Philox is named because by default TensorFlow's generator depends on the device.
    shape = tf.shape(x)
    if part.parts > 1:
        shape = tf.concat([part.parts * shape[:1], shape[1:]], axis=0)
    normal = tf.random.stateless_normal(shape, seed_words(seed), 0.0, sd, x.dtype, alg="philox")
    return part.of(normal, batches)
