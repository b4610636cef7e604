"""Trains experiments in small, 20 steps each, on the devices of a strategy.

    python -m tests.devices.trained NUMBERS.npz STRATEGY DEVICES [NAME[:SETTING;...] ...]

A program of its own, because TensorFlow's devices cannot be changed once it has started. With
``multi_worker``, each worker is started so, with its ``TF_CONFIG``; the first one writes.
"""

import contextlib
import sys
import time
from unittest import mock

import numpy as np
import tensorflow as tf

from tf_infomax.data.random_views import RandomView
from tf_infomax.training import strategies

_STEPS = 20


def trained(name, devices, settings=()):
    """Name -> array: means over 20 steps, and all variables after them, optimizers' included."""
    from tests.devices.small import images_of, small
    from tf_infomax.running.build import build
    from tf_infomax.training.loop import StepLoop

    experiment = small(name, *settings)
    with devices.scope():
        task = build(experiment, images_of(experiment)).task
    found = {}
    with _views_as_precise(experiment.train.precision):
        for label, part, steps in (("warmup", task.warmup, 5), ("step", task, _STEPS)):
            if part is not None:
                loop = StepLoop(part, False, _Unled(devices))
                for name_, mean in loop.run(0, steps).means.items():
                    found[f"{label}/{name_}"] = np.asarray(mean)
    for number, variable in enumerate(task.variables):
        found[f"variable/{number:03}"] = np.asarray(variable)
    return found


@contextlib.contextmanager
def _views_as_precise(precision):
    """Within it random views are made in float64 for models in float64.

    Otherwise they are made in float32 and differ by 1e-7 on fewer rows, where a product of matrices
    adds in another order; and steps enlarge that (results/devices/README.md).
    """
    made = RandomView.__call__

    def precise(view, images, seed):
        return made(view, tf.cast(images, tf.float64), seed)

    if precision != "float64":
        yield
        return
    with mock.patch.object(RandomView, "__call__", precise):
        yield


class _Unled:
    """``Devices`` whose workers all know what they do: nobody orders steps."""

    is_chief = False

    def __init__(self, devices):
        self._devices = devices

    def __getattr__(self, name):
        return getattr(self._devices, name)


def main(path, strategy, number, *cases):
    """Trains, and writes ``NAME/...`` -> array."""
    from tests.devices.small import NAMES

    devices = strategies.start(strategies.Choice(strategy, int(number)))
    found = {}
    for case in cases or NAMES:
        name, _, settings = case.partition(":")
        began = time.monotonic()
        for key, value in trained(name, devices, filter(None, settings.split(";"))).items():
            found[f"{case}/{key}"] = value
        print(f"{case}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    if devices.is_chief:
        np.savez(path, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
