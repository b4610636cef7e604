"""Many steps in one call to TensorFlow, up to the next step at which something is measured."""

import contextlib
import dataclasses
import functools
import itertools

import tensorflow as tf

from tf_infomax.training.devices import STEPS

__all__ = ["Segment", "StepLoop", "boundaries"]


def boundaries(steps, *periods):
    """All steps up to ``steps`` that are a multiple of a period, the last step included."""
    due = {steps}
    for period in periods:
        due.update(range(period, steps + 1, period))
    return sorted(due)


@dataclasses.dataclass(frozen=True)
class Segment:
    """What happened between two boundaries.

    Attributes:
        means: metric -> mean over the segment's steps.
        non_finite_step: the step whose loss was not finite, after which the loop stopped, or
            ``None``.
        reached: the step that comes next; before the end of the segment if the loop was stopped.
        sums: metric -> sum over the segment's steps, with which the rest of it can go on.
    """

    means: dict
    non_finite_step: int | None
    reached: int | None = dataclasses.field(default=None, compare=False)
    sums: dict | None = dataclasses.field(default=None, compare=False)


class StepLoop:
    """Runs the steps of a task inside TensorFlow, so that Python is called once a segment.

    Args:
        task: has ``draw(t) -> batch`` (a structure of tensors, a pure function of t, an int64
            scalar tensor), ``update(batch) -> dict of scalars`` with "loss" among them, and
            ``metric_names``; see ``Task``.
        jit_compile: whether ``update`` is compiled by XLA. ``draw`` never is: it may hold
            what XLA cannot compile, such as index shuffling. Nor is anything under a strategy.
        devices: ``Devices`` that share every step; ``None`` means one device.
        kind: ``STEPS`` or ``WARM_UP``, as the other workers know the task.
    """

    def __init__(self, task, jit_compile, devices=None, kind=STEPS):
        self._names = tuple(task.metric_names)
        # Read at every step, because a signal comes while Python waits for TensorFlow.
        self._is_stopped = is_stopped = tf.Variable(False, trainable=False)
        self._devices = devices if devices is not None and devices.is_shared else None
        self._kind = kind
        if self._devices is None:
            step_on = _step_alone(tf.function(task.update, jit_compile=jit_compile))
        else:
            step_on = _step_shared(task, devices)
        draw = task.draw
        if self._devices is not None and devices.workers > 1:
            draw = functools.partial(task.draw, part=devices.part)

        @tf.function
        def run(step, stop, sums):
            # Workers that share steps leave the loop together: each asks only after a step.
            is_told = tf.identity(is_stopped) if self._devices is None else tf.constant(False)
            is_finite = tf.constant(True)
            batch = draw(step)
            while step < stop and is_finite and not is_told:
                # The draw does not depend on the update, so TensorFlow runs them at the same time.
                following = draw(step + 1)
                metrics, is_told = step_on(batch, is_stopped)
                batch = following
                is_finite = tf.math.is_finite(metrics["loss"])
                # A new dict: what a traced loop carries on must be assigned, not changed.
                sums = {name: sums[name] + metrics[name] for name in sums}
                step += 1
            return step, sums, is_finite, is_told

        self._run = run

    def trace(self):
        """Traces the steps, and takes none."""
        zero = tf.constant(0, tf.int64)
        sums = dict.fromkeys(self._names, tf.constant(0.0, tf.float64))
        self._run.get_concrete_function(zero, zero, sums)

    def stop(self):
        """Ends the loop after the step that it is at; may be called from another thread."""
        self._is_stopped.assign(True)

    def run(self, start, stop, first=None, sums=None, parts=None):
        """Steps ``start .. stop - 1``, at least one; returns their ``Segment``.

        Args:
            start, stop: numbers of steps.
            first, sums: where the segment began, and its sums up to ``start``; for the rest of a
                segment that was stopped.
            parts: function ``(start, stop) -> steps in ascending order`` between them at which
                Python takes over for a moment, for example to time the first steps
                (``pace.FirstSteps``); the numbers are the same bit for bit.

        Raises:
            ValueError: if there is no step, and therefore no mean.
        """
        if stop <= start:
            raise ValueError(
                "A segment holds the means of one step or more. "
                f"Received: start={start}, stop={stop}."
            )
        first = start if first is None else first
        before = dict.fromkeys(self._names, 0.0) if sums is None else sums
        # Sums are carried through the parts, so that their rounding does not depend on them.
        sums = {name: tf.constant(before[name], tf.float64) for name in self._names}
        reached, is_finite, is_told = start, True, False
        inner = () if parts is None else parts(start, stop)
        for end in itertools.chain(inner, (stop,)):
            reached, sums, is_finite, is_told = self._reach(reached, end, sums)
            # Told to stop, all workers do so at one step, even if it ends a part.
            if not is_finite or is_told or reached < end:
                break
        sums = {name: float(value) for name, value in sums.items()}
        # Stopped before its first step, a segment has no means.
        done = reached - first
        means = {name: value / done for name, value in sums.items()} if done else {}
        return Segment(means, None if is_finite else reached - 1, reached, sums)

    def _reach(self, start, end, sums):
        if self._devices is not None and self._devices.is_chief:
            self._devices.order(self._kind, start, end)
        with contextlib.nullcontext() if self._devices is None else self._devices.telling():
            reached, *rest = self._run(
                tf.constant(start, tf.int64), tf.constant(end, tf.int64), sums
            )
            return int(reached), *rest


def _step_alone(update):
    """Function of a batch -> (float64 metrics, whether to stop), on one device."""

    def step_on(batch, is_stopped):
        metrics = update(batch)
        # A signal during the step counts: it is not read before the step is done.
        with tf.control_dependencies([metrics["loss"]]):
            is_told = tf.identity(is_stopped)
        return {name: tf.cast(value, tf.float64) for name, value in metrics.items()}, is_told

    return step_on


def _step_shared(task, devices):
    """As ``_step_alone``, on several devices; all workers get the same."""

    def step_on(batch, is_stopped):
        return devices.update(task.update, batch, task.batches, tf.identity(is_stopped))

    return step_on
