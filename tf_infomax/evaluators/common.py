"""Handling of options and results that several evaluators share."""

import base64

import numpy as np
import tensorflow as tf

from tf_infomax.evaluators.snapshot import OPTIONAL
from tf_infomax.naming.option_kinds import Real

__all__ = ["ALL", "RATE", "curve", "decay_epochs", "numbers", "png"]

# Endpoints that probes read by default, as in the tables of Deep InfoMax. Endpoints that an encoder
# lacks are left out; an encoder without named endpoints has its code.
ALL = OPTIONAL

# A learning rate.
RATE = Real(0.0, 100.0)


def numbers(option):
    """An option that takes a tuple of numbers, or a single number on a command line."""
    return (option,) if isinstance(option, int) else tuple(dict.fromkeys(option))


def decay_epochs(epochs, *fractions):
    """Epochs after which the learning rate drops, from fractions of all epochs; at least 1."""
    return tuple(sorted({int(fraction * epochs) for fraction in fractions} - {0}))


def curve(values):
    """Numbers for a tag, rounded to six digits."""
    return [float(f"{value:.6g}") for value in values]


def png(images, columns):
    """Images ``[N, H, W, C]`` in [-1, 1], tiled in rows of ``columns``, as a base64 PNG."""
    images = np.clip(np.round((np.asarray(images) + 1.0) * 127.5), 0, 255).astype(np.uint8)
    rows = len(images) // columns
    _, height, width, channels = images.shape
    grid = images.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * height, columns * width, channels)
    return base64.b64encode(tf.io.encode_png(grid).numpy()).decode()
