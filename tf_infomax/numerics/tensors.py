"""Tensors as they are passed: checked, and in a format in which sums of them are stable.

Every error is a ``ValueError`` that ends with what was received, as in ``naming.arguments``.
"""

import tensorflow as tf

from tf_infomax.naming.arguments import unmasked

__all__ = ["images_of", "log_mean_exp", "seed_words", "tensor", "wide"]

_CONVERSION_ERRORS = (AttributeError, OverflowError, TypeError, ValueError, tf.errors.OpError)


def tensor(values, name, dtype=None):
    """``values`` as a tensor of numbers or booleans, none of them masked.

    Args:
        values: a tensor, a variable, an array, nested lists, or a number.
        name: of the argument.
        dtype: to convert to, or ``None`` to keep that of ``values``.
    """
    if tf.is_tensor(values) and dtype in (None, values.dtype):
        found = values
    else:
        unmasked(values, name)
        try:
            found = tf.convert_to_tensor(values, dtype)
        except _CONVERSION_ERRORS:
            raise _error(values, name) from None
    if found.dtype not in (tf.string, tf.variant, tf.resource):
        return found
    raise _error(values, name)


def seed_words(seed, name="seed"):
    """``seed`` as a tensor of two integers, which TensorFlow's stateless operations take."""
    words = tensor(seed, name)
    if not words.dtype.is_integer or not words.shape.is_compatible_with([2]):
        raise ValueError(
            f"`{name}` must be two integers. Received: {words.dtype.name} of shape {words.shape}."
        )
    return words


def images_of(images, name="images"):
    """``images`` as they are if their shape is ``[N, H, W, C]``; lists become tensors."""
    if not hasattr(images, "shape") or not hasattr(images, "dtype"):
        images = tensor(images, name)
    if len(images.shape) != 4 or None in tuple(images.shape)[1:]:
        raise ValueError(
            f"`{name}` must have shape [N, H, W, C]. Received: {name} of shape "
            f"{tuple(images.shape)}."
        )
    return images


def wide(values):
    """Half precision as float32, in which losses are computed; other types as they are."""
    is_half = values.dtype.is_floating and values.dtype.size < 4
    return tf.cast(values, tf.float32) if is_half else values


def log_mean_exp(values, axis=None):
    """``log mean exp(values)`` along ``axis``, or over all."""
    size = tf.size(values) if axis is None else tf.shape(values)[axis]
    return tf.reduce_logsumexp(values, axis=axis) - tf.math.log(tf.cast(size, values.dtype))


def _error(values, name):
    kind = getattr(values, "dtype", None)
    what = type(values).__name__ if kind is None else f"{type(values).__name__} of {kind}"
    return ValueError(f"`{name}` must be an array of numbers. Received: {name}: {what}.")
