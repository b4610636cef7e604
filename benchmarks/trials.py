"""Runs of the package's experiments on images of noise, as the cost of a step needs no data set."""

import types

import numpy as np
import tensorflow as tf

from tf_infomax.data.image_data import ImageData
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.running.build import GAUSSIAN_PAIRS, build
from tf_infomax.training.loop import StepLoop

__all__ = ["loop_of", "loss_and_gradients", "traced_update", "training_step", "trial_on_noise"]

# Of data sets whose images are not 32 x 32 and coloured.
_SHAPES = {"mnist": (28, 28, 1), "stl10": (96, 96, 3), "celeb_a": (64, 64, 3)}


def trial_on_noise(experiment, settings, number, image_shape=None):
    """The first run of ``experiment``, on ``number`` training images ``[H, W, C]`` of noise.

    Without an ``image_shape`` they have the size of its data set's images. Experiments on Gaussian
    pairs draw their own.
    """
    chosen = override(catalog.get(experiment)[0], settings)
    _, _, single = chosen.runs()[0]
    if single.data.name == GAUSSIAN_PAIRS:
        return build(single, None)
    image_shape = image_shape or _SHAPES.get(single.data.name, (32, 32, 3))
    pixels = np.random.default_rng(0).integers(0, 256, (number, *image_shape), np.uint8)
    labels = np.arange(number) % 10
    names = tuple(map(str, range(10)))
    return build(
        single, ImageData("noise", pixels, labels, pixels[:256], labels[:256], 255.0, 10, names)
    )


def loop_of(trial, one_batch, steps):
    """``train(start)``, which makes ``steps`` steps of ``StepLoop``, as ``run_experiment`` does.

    Args:
        trial: ``Trial``.
        one_batch: whether batches are not drawn: all steps train on the same one.
        steps: of a call.
    """
    task = trial.task
    if one_batch:
        batch = task.draw(tf.constant(0, tf.int64))
        task = types.SimpleNamespace(
            draw=lambda step: batch, update=task.update, metric_names=task.metric_names
        )
    loop = StepLoop(task, trial.jit_compile)
    return lambda start: loop.run(start, start + steps)


def loss_and_gradients(loss, variables):
    """What ``loss()`` is, and its gradients by ``variables``: a list of arrays.

    In a graph, but not compiled by XLA, which draws other random numbers.
    """

    @tf.function
    def compute():
        values = [variable.value for variable in variables]
        with tf.GradientTape() as tape:
            value = loss()
        return [value, *tape.gradient(value, values)]

    return [np.asarray(one) for one in compute()]


def traced_update(trial, jit_compile=None):
    """The graph of one training step on a batch, a concrete function; for XLA if compiled."""
    batch = trial.task.draw(tf.constant(0, tf.int64))
    return tf.function(trial.task.update, jit_compile=jit_compile).get_concrete_function(batch)


def training_step(train, steps, found):
    """A step for ``measure``: ``train(start)`` makes ``steps`` more a call; it gives ``found``."""
    done = 0

    def step():
        nonlocal done
        train(done)
        done += steps
        return found

    return step
