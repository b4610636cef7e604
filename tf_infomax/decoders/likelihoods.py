"""Likelihoods of decoded images: ``log p(x | decoded)`` in nats, normalised over the pixels.

Every likelihood is a product over the entries of an image (its pixels' channels), so that a bound
on ``log p(x)`` made of it is a density of images in nats, which may be positive.
"""

import math

import tensorflow as tf

from tf_infomax.decoders.likelihood_names import LIKELIHOODS

__all__ = ["get", "names"]

# Nearer to -1 or 1 float32 does not resolve the logarithms of the continuous Bernoulli.
_LARGEST = 1.0 - 1e-6


def _gaussian(images, decoded, noise_sd):
    """Normal noise of one standard deviation around the decoded image."""
    squares = ((images - decoded) / noise_sd) ** 2
    return -0.5 * squares - tf.math.log(noise_sd) - 0.5 * math.log(2.0 * math.pi)


def _laplace(images, decoded, noise_sd):
    """Laplace noise of one standard deviation: absolute instead of squared errors."""
    scale = noise_sd / math.sqrt(2.0)
    return -tf.abs(images - decoded) / scale - tf.math.log(2.0 * scale)


def _continuous_bernoulli(images, decoded, noise_sd):
    """The cross-entropy of pixels in [-1, 1], normalised over them (Loaiza-Ganem & Cunningham).

    With ``b = (1 + decoded) / 2`` the density of ``x`` is ``C(b) b^s (1 - b)^(1 - s) / 2``,
    ``s = (1 + x) / 2``, ``C(b) = 2 atanh(decoded) / decoded``.
    """
    del noise_sd
    decoded = tf.clip_by_value(decoded, -_LARGEST, _LARGEST)
    share = 0.5 * (1.0 + images)
    cross = share * tf.math.log1p(decoded) + (1.0 - share) * tf.math.log1p(-decoded)
    # Both logarithms are of twice the probability: log 2 less, of which C(b) gives one back, and
    # the interval of length 2 takes another.
    return cross - math.log(2.0) + _log_atanh_ratio(decoded)


def _log_atanh_ratio(values):
    """``log(atanh(t) / t)``, by its series near 0."""
    near = tf.abs(values) < 0.05
    safe = tf.where(near, tf.fill(tf.shape(values), tf.cast(0.5, values.dtype)), values)
    squares = values**2
    series = squares * (1.0 / 3.0 + squares * (13.0 / 90.0 + squares * 251.0 / 2835.0))
    return tf.where(near, series, tf.math.log(tf.math.atanh(safe) / safe))


for _name, _function in (
    ("gaussian", _gaussian),
    ("laplace", _laplace),
    ("continuous_bernoulli", _continuous_bernoulli),
):
    LIKELIHOODS.add(_name, _function)


def get(name):
    """The likelihood called ``name``; ``ValueError`` with the nearest names if unknown.

    Returns:
        Function (images, decoded, noise_sd) -> log density of every entry in nats, of the shape of
        ``images``. "gaussian" and "laplace" have noise of the standard deviation ``noise_sd``
        around ``decoded``; "continuous_bernoulli" takes images and ``decoded`` in [-1, 1], and
        ignores ``noise_sd``.
    """
    return LIKELIHOODS.get(name)


def names():
    """All names."""
    return LIKELIHOODS.names()
