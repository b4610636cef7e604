"""Means of blocks of pixels, which stand for the single pixels of large images."""

import math

import numpy as np

__all__ = ["block_means", "block_size"]

# Canonical correlations of more columns take too long, and show of few images little but noise.
_MOST_COLUMNS = 256


def block_size(grid):
    """Rows and columns of the smallest blocks of which an image has not too many.

    Args:
        grid: (height, width, channels).

    Returns:
        int; 1 for images of at most 256 values.
    """
    size = 1
    while _number(grid, size) > _MOST_COLUMNS and size < max(grid[:2]):
        size += 1
    return size


def _number(grid, size):
    height, width, channels = grid
    return math.ceil(height / size) * math.ceil(width / size) * channels


def block_means(pixels, grid, size):
    """Mean of each block of each channel; blocks at the last rows and columns may be smaller.

    Args:
        pixels: ``[N, height * width * channels]``.
        grid: (height, width, channels).
        size: rows and columns of a block.

    Returns:
        float64 ``[N, D]``.
    """
    means = pixels.reshape(-1, *grid)
    for axis in (1, 2):
        starts = np.arange(0, means.shape[axis], size)
        lengths = np.diff(starts, append=means.shape[axis])
        shape = [-1 if one == axis else 1 for one in range(4)]
        means = np.add.reduceat(means, starts, axis=axis) / lengths.reshape(shape)
    return means.reshape(len(means), -1)
