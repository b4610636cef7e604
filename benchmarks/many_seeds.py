"""Several seeds of one small experiment on one machine, a segment of training steps of each.

One after the other, each with all cores; in as many processes as there are cores, one thread each,
as ``run_experiment --jobs`` does; or stacked: one program whose variables hold all seeds, its
products of matrices batched. What must agree is the loss of every seed over its first steps.
"""

import atexit
import concurrent.futures
import multiprocessing
import os

import keras
import numpy as np
import tensorflow as tf

from benchmarks.trials import trial_on_noise
from tf_infomax.layers.optimizers import Adam
from tf_infomax.training.loop import StepLoop

_COMPARED = 5


def one_after_the_other(experiment, settings, seeds, steps):
    """``StepLoop`` after ``StepLoop``."""
    loops = _loops(experiment, settings, range(seeds))
    return _in_segments(lambda *which: [_loss(loop, *which) for loop in loops], steps)


def processes(experiment, settings, seeds, steps):
    """Every process holds its share of the seeds and one thread."""
    workers = min(len(os.sched_getaffinity(0)), seeds)
    context = multiprocessing.get_context("spawn")
    pools = [
        concurrent.futures.ProcessPoolExecutor(1, context, initializer=_one_thread)
        for _ in range(workers)
    ]
    atexit.register(lambda: [pool.shutdown() for pool in pools])
    shares = [range(first, seeds, workers) for first in range(workers)]

    def on_all(function, *arguments):
        futures = [pool.submit(function, *arguments) for pool in pools]
        return [future.result() for future in futures]

    for pool, share in zip(pools, shares, strict=True):
        pool.submit(_prepare, experiment, settings, share).result()

    def run(start, number):
        losses = np.empty(seeds)
        for share, found in zip(shares, on_all(_run_prepared, start, number), strict=True):
            losses[list(share)] = found
        return losses

    return _in_segments(run, steps)


def stacked(experiment, settings, seeds, steps):
    """The loss of a seed, vectorised over seeds; Adam is one by one already."""
    trials = [_trial(experiment, settings, seed) for seed in range(seeds)]
    model = trials[0].model
    own = model.trainable_variables
    together = [
        tf.Variable(tf.stack(values))
        for values in zip(
            *([v.value for v in trial.model.trainable_variables] for trial in trials), strict=True
        )
    ]
    optimizer = Adam(trials[0].experiment.train.learning_rate)
    optimizer.build(together)

    def loss_of(arguments):
        weights, x, y = arguments
        with keras.StatelessScope(list(zip(own, weights, strict=True))):
            return model.loss_and_metrics(x, y, True)[0]

    # Not by XLA, which has no fast batched product on a CPU.
    @tf.function
    def update(x, y):
        with tf.GradientTape() as tape:
            weights = [variable.value() for variable in together]
            losses = tf.vectorized_map(loss_of, (weights, x, y), fallback_to_while_loop=False)
            loss = tf.reduce_sum(losses)
        optimizer.apply(tape.gradient(loss, together), together)
        return losses

    @tf.function
    def train(start, stop):
        total = tf.zeros([seeds])
        for step in tf.range(start, stop):
            drawn = [trial.source.draw(step)["views"].values() for trial in trials]
            total += update(*(tf.stack(view) for view in zip(*drawn, strict=True)))
        return total / tf.cast(stop - start, tf.float32)

    def run(start, number):
        return train(tf.constant(start, tf.int64), tf.constant(start + number, tf.int64))

    return _in_segments(run, steps)


def _in_segments(run, steps):
    """A step for ``measure``: one segment more of every seed; gives the losses of the first steps.

    Args:
        run: (first step, number of steps) -> loss of every seed, a mean over these steps.
        steps: of a segment.
    """
    done, found = 0, None

    def step():
        nonlocal done, found
        if found is None:
            # Compared before rounding errors have grown.
            found, done = [np.asarray(run(0, _COMPARED))], _COMPARED
        run(done, steps)
        done += steps
        return found

    return step


def _loops(experiment, settings, seeds):
    trials = [_trial(experiment, settings, seed) for seed in seeds]
    return [StepLoop(trial.task, trial.jit_compile) for trial in trials]


def _trial(experiment, settings, seed):
    return trial_on_noise(experiment, [*settings, f"seeds=({seed},)"], 10_000, (28, 28, 1))


def _loss(loop, start, steps):
    return loop.run(start, start + steps).means["loss"]


# State of a worker of `processes`.
_prepared = []


def _one_thread():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _prepare(experiment, settings, seeds):
    _prepared.extend(_loops(experiment, settings, seeds))


def _run_prepared(start, steps):
    return [_loss(loop, start, steps) for loop in _prepared]
