"""What several evaluators do with their options and results."""

import base64

import numpy as np
import tensorflow as tf

from tf_infomax.evaluators.snapshot import OPTIONAL
from tf_infomax.naming.option_kinds import Real

__all__ = ["ALL", "RATE", "curve", "decay_epochs", "numbers", "png"]

# What probes read: the endpoints of the tables of Deep InfoMax. Those that an encoder lacks are
# left out; one without named endpoints has its code.
ALL = OPTIONAL

# A learning rate.
RATE = Real(0.0, 100.0)


def numbers(option):
    """An option that takes numbers as a tuple, which on a command line may be a single one."""
    return (option,) if isinstance(option, int) else tuple(dict.fromkeys(option))


def decay_epochs(epochs, *fractions):
    """Where the learning rate falls, in parts of all epochs; never before the first is over."""
    return tuple(sorted({int(fraction * epochs) for fraction in fractions} - {0}))


def curve(values):
    """Numbers as a tag holds them: six digits."""
    return [float(f"{value:.6g}") for value in values]


def png(images, columns):
    """Images ``[N, H, W, C]`` in [-1, 1], set in rows of ``columns``, as a base64 PNG."""
    images = np.clip(np.round((np.asarray(images) + 1.0) * 127.5), 0, 255).astype(np.uint8)
    rows = len(images) // columns
    _, height, width, channels = images.shape
    grid = images.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * height, columns * width, channels)
    return base64.b64encode(tf.io.encode_png(grid).numpy()).decode()
