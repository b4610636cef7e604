"""Training of a small network on arrays in memory, with one call to TensorFlow per epoch."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.layers.optimizers import Adam
from tf_infomax.naming import arguments
from tf_infomax.numerics.randomness import stream
from tf_infomax.training.step import gradient_step

__all__ = ["Epochs", "batches_of", "pixels", "staircase", "staircase_adam"]


def pixels(images):
    """uint8 pixels as float32 in [-1, 1], the release's scaling; floats as they are."""
    if images.dtype == tf.uint8:
        return tf.cast(images, tf.float32) / 127.5 - 1.0
    return images


def staircase(learning_rate, decay, decay_epochs, steps_per_epoch):
    """Learning rate multiplied by ``decay`` at the start of each of ``decay_epochs`` (from 0).

    Raises:
        ValueError: if ``decay_epochs`` do not ascend, or begin below 0.
    """
    learning_rate = arguments.number(learning_rate, "learning_rate", exclusive=True)
    decay = arguments.number(decay, "decay", exclusive=True)
    given = decay_epochs
    decay_epochs = np.ravel(arguments.array(decay_epochs, "decay_epochs")).tolist()
    if not decay_epochs:
        return learning_rate
    if not all(isinstance(epoch, int) for epoch in decay_epochs):
        raise ValueError(
            f"`decay_epochs` must be integers. Received: decay_epochs={given!r}."
        )
    if min(decay_epochs) < 0 or list(decay_epochs) != sorted(decay_epochs):
        raise ValueError(
            "`decay_epochs` must be 0 or more, in ascending order. "
            f"Received: decay_epochs={tuple(decay_epochs)}."
        )
    # Keras changes the rate after a boundary, that is from step boundary + 1 on.
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [epoch * steps_per_epoch - 1 for epoch in decay_epochs],
        [learning_rate * decay**power for power in range(len(decay_epochs) + 1)],
    )


def staircase_adam(learning_rate, decay, decay_epochs, steps_per_epoch):
    """Adam with the learning rates of ``staircase``, of the same name in every evaluation.

    TensorFlow keeps a kernel for every name of a variable, and Keras would number these on: a run
    of many evaluations would grow with each. So the networks that are trained here have names, too.
    """
    return Adam(staircase(learning_rate, decay, decay_epochs, steps_per_epoch), name="adam")


class Epochs:
    """Epochs of minibatch steps. Examples are shuffled anew in each; a partial batch is skipped.

    Epoch e of a seed is a pure function of both: order and draws come from their own streams.

    Args:
        loss_and_metrics: function ``(seed [2], *batches) -> (scalar loss, dict of scalars)``; the
            seed differs in each step, for stateless draws.
        variables: the trained variables, already built.
        optimizer: Keras optimizer.
        arrays: arrays ``[N, ...]`` of the same N; batches ``[batch_size, ...]`` are drawn from all.
        batch_size: examples in a step.
        seed: int.
        metric_names: keys of the metrics.

    Raises:
        ValueError: if there are fewer examples than a batch.
    """

    def __init__(
        self,
        loss_and_metrics,
        variables,
        optimizer,
        arrays,
        batch_size,
        seed,
        metric_names=(),
    ):
        arrays = [tf.convert_to_tensor(array) for array in arrays]
        count = int(arrays[0].shape[0])
        self.steps = check_batch_size(count, batch_size)
        self._seed = seed
        optimizer.build(variables)
        names = ("loss", *metric_names)

        @tf.function
        def run(seed):
            order = tf.random.experimental.stateless_shuffle(tf.range(count), seed)
            sums = {name: tf.zeros([]) for name in names}
            for step in tf.range(self.steps):
                rows = order[step * batch_size : (step + 1) * batch_size]
                rows = tf.ensure_shape(rows, [batch_size])
                batches = [tf.gather(array, rows) for array in arrays]
                step_seed = tf.random.fold_in(seed, step, alg="philox")
                metrics = gradient_step(
                    lambda: loss_and_metrics(step_seed, *batches),  # noqa: B023
                    variables,
                    optimizer,
                )
                sums = {name: sums[name] + tf.cast(metrics[name], tf.float32) for name in sums}
            return {name: total / float(self.steps) for name, total in sums.items()}

        self._run = run

    def run(self, epoch):
        """One epoch; returns the means of loss and metrics over its steps, as floats."""
        means = self._run(tf.constant(stream(self._seed, "epoch", epoch)))
        return {name: float(value) for name, value in means.items()}


def check_batch_size(count, batch_size):
    """Whole batches in ``count`` examples; ``ValueError`` if there is none."""
    wanted = f"from 1 to the number of examples, {count}"
    return count // arguments.integer(batch_size, "batch_size", 1, wanted, count)


def batches_of(function, arrays, batch_size=1_000):
    """A compiled function without arguments: the outputs for all examples, batch after batch.

    Args:
        function: ``(*batches) -> tensor [K, ...]``, each row by itself.
        arrays: arrays ``[N, ...]`` of the same N.
        batch_size: examples in a batch.

    Returns:
        Function ``() -> [N, ...]``.
    """
    arrays = [tf.convert_to_tensor(array) for array in arrays]
    count = int(arrays[0].shape[0])
    steps = -(-count // batch_size)

    @tf.function
    def run():
        first = function(*(array[:1] for array in arrays))
        outputs = tf.TensorArray(first.dtype, steps, infer_shape=False)
        for step in tf.range(steps):
            rows = slice(step * batch_size, (step + 1) * batch_size)
            outputs = outputs.write(step, function(*(array[rows] for array in arrays)))
        return tf.ensure_shape(outputs.concat(), [count, *first.shape[1:]])

    return run
