"""Trials of the package's experiments on images of noise: what a step costs needs no data set."""

import numpy as np

from tf_infomax.data.datasets import ImageData
from tf_infomax.experiments import catalog
from tf_infomax.experiments.build import build
from tf_infomax.experiments.overrides import override

__all__ = ["training_step", "trial_on_noise"]


def trial_on_noise(experiment, settings, number, image_shape):
    """The first run of ``experiment``, on ``number`` training images ``[H, W, C]`` of noise."""
    chosen = override(catalog.get(experiment)[0], settings)
    ((_, _, single),) = chosen.runs()
    pixels = np.random.default_rng(0).integers(0, 256, (number, *image_shape), np.uint8)
    labels = np.arange(number) % 10
    names = tuple(map(str, range(10)))
    return build(
        single, ImageData("noise", pixels, labels, pixels[:256], labels[:256], 255.0, 10, names)
    )


def training_step(train, steps, found):
    """A step for ``measure``: ``train(start)`` makes ``steps`` more a call; it gives ``found``."""
    done = 0

    def step():
        nonlocal done
        train(done)
        done += steps
        return found

    return step
