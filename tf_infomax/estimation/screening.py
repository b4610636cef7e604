"""Which coordinates of x depend on some coordinate of y, and the other way round."""

import math

import numpy as np

__all__ = ["informative_coordinates"]


def informative_coordinates(x, y):
    """Coordinates that are significantly correlated with one of the other side.

    Both the values and their squares are correlated, so that even dependences count too, and
    products: ``y = x_1 x_2`` has ``y**2`` correlated with both squares.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, arrays; row i of both is one pair.

    Returns:
        Two arrays of bool, ``[Dx]`` and ``[Dy]``.
    """
    both = [np.concatenate([_standardized(z), _standardized(_standardized(z) ** 2)], 1)
            for z in (x, y)]  # fmt: skip
    tests = both[0].shape[1] * both[1].shape[1]
    limit = math.sqrt(2.0 * math.log(tests)) + 0.5
    is_large = np.abs(both[0].T @ both[1]) / math.sqrt(len(x)) > limit
    return [
        is_large.any(axis=other).reshape(2, -1).any(axis=0) for other in (1, 0)
    ]


def _standardized(values):
    values = values - values.mean(axis=0)
    return values / np.maximum(values.std(axis=0), 1e-12)
