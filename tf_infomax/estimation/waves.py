"""Cosines of ranks: features of a coordinate that a network finds hard to learn by itself."""

import math

import numpy as np
import tensorflow as tf
from scipy.special import ndtr

__all__ = ["NUMBER", "correlated_pairs", "number_for", "significant", "wave_features"]

# Half-periods over the range of the ranks, 1 to this; an orthonormal basis but for the constant.
NUMBER = 32
# Waves are used at all if one with at least so many half-periods is correlated with one at most a
# third as fast, by more than so many standard errors. Monotone and other simple dependences, which
# a network learns, correlate waves of nearby numbers only.
_FAST, _RATIO, _CLEAR = 5, 3, 9.0
# Coordinates of a side, at most: in more, waves of one coordinate alone are too many inputs.
_MOST_COORDINATES = 4
# Waves of each of two coordinates whose dependence is tested, and by how many standard deviations
# the sum of their squared correlations must be above that of independent coordinates.
_SLOW, _CLEAR_SUM = 6, 4.0


def number_for(dim):
    """The number of waves that each of ``dim`` coordinates gets."""
    return NUMBER if dim <= _MOST_COORDINATES else 0


def wave_features(values, number):
    """``sqrt(2) cos(pi j u)`` with u the standard normal's distribution function, j = 1..number.

    Args:
        values: floating tensor ``[K, D]``, normal scores, so that u is a rank.
        number: of waves.

    Returns:
        ``[K, D * number]``, those of the first coordinate first; of mean 0 and variance 1.
    """
    ranks = 0.5 * tf.math.erfc(-values / math.sqrt(2.0))
    angles = ranks[..., tf.newaxis] * tf.cast(math.pi * np.arange(1, number + 1), values.dtype)
    return tf.reshape(math.sqrt(2.0) * tf.cos(angles), [-1, values.shape[1] * number])


def significant(x, y, number_x, number_y):
    """Which waves of x and of y are correlated with some feature of the other side, if any is fast.

    Features are waves or, of a side without them, the values and their squares.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, arrays of normal scores; row i of both is one pair.
        number_x, number_y: of waves of each coordinate.

    Returns:
        Two arrays of bool: ``[Dx * number_x]`` and ``[Dy * number_y]``.
    """
    both = [_features(values, number) for values, number in ((x, number_x), (y, number_y))]
    products = np.abs(both[0].T @ both[1]) / math.sqrt(len(x))
    # The largest of so many standard normals stays below the root; two more for good measure.
    is_large = products > math.sqrt(2.0 * math.log(products.size)) + 2.0
    fast, other = (
        np.tile(np.arange(1, number + 1), values.shape[1]) if number
        else np.ones(2 * values.shape[1])
        for values, number in ((x, number_x), (y, number_y))
    )  # fmt: skip
    fast, other = np.meshgrid(fast, other, indexing="ij")
    is_fast = np.maximum(fast, other) >= np.maximum(_FAST, _RATIO * np.minimum(fast, other))
    if not (is_fast & (products > _CLEAR)).any():
        is_large[:] = False
    return [
        is_large.any(axis=axis)[: values.shape[1] * number]
        for axis, values, number in ((1, x, number_x), (0, y, number_y))
    ]


def _features(values, number):
    if number:
        angles = ndtr(values)[..., np.newaxis] * (math.pi * np.arange(1, number + 1))
        features = np.cos(angles).reshape(len(values), -1)
    else:
        features = np.concatenate([values, values**2], axis=1)
    features = features - features.mean(axis=0)
    return features / np.maximum(features.std(axis=0), 1e-12)


def correlated_pairs(x, y):
    """Pairs of coordinates (of x, of y) with correlated slow waves, each in one pair at most.

    The most strongly dependent pairs come first.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, arrays of normal scores; row i of both is one pair.

    Returns:
        List of (int, int).
    """
    features = [_features(values, _SLOW) for values in (x, y)]
    scores = (features[0].T @ features[1]) ** 2 / len(x)
    blocks = scores.reshape(x.shape[1], _SLOW, y.shape[1], _SLOW).sum(axis=(1, 3))
    found = []
    # A sum of squares of independent standard normals, against its standard deviation.
    least = _SLOW**2 + _CLEAR_SUM * math.sqrt(2.0) * _SLOW
    while blocks.size and blocks.max() > least:
        one, other = np.unravel_index(blocks.argmax(), blocks.shape)
        found.append((int(one), int(other)))
        blocks[one], blocks[:, other] = 0.0, 0.0
    return found
