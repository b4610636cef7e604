"""One run at work: segments of steps, measurements, rows and checkpoints."""

import time

import numpy as np
import tensorflow as tf

from tf_infomax.evaluation import NonFiniteError
from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.evaluators.snapshot import Snapshot
from tf_infomax.results import metrics
from tf_infomax.results.measurements import Measurement
from tf_infomax.results.rows import Row
from tf_infomax.running import board
from tf_infomax.running.hparams import write_hparams
from tf_infomax.running.tags import tags_of
from tf_infomax.training.loop import boundaries
from tf_infomax.training.pace import FirstSteps, estimate, seconds_left
from tf_infomax.training.progress import Progress

__all__ = ["FINISHED", "INTERRUPTED", "NON_FINITE", "Execution"]

FINISHED = "finished"
INTERRUPTED = "interrupted; the same command goes on"
NON_FINITE = "stopped by a non-finite loss"
_LARGEST_SCALAR = float(np.finfo(np.float32).max)


class Execution:
    """The training and the measurements of one run, from its last checkpoint on.

    Args:
        run: ``Run``.
        trial: its objects.
        writer: ``RowWriter`` of its rows.
        checkpoints: ``Checkpoints`` of the trial's variables.
        directory: ``RunDirectory``.
        interruption: ``Interruption`` that may ask it to stop.
        loops: ``StepLoops`` of the trial.
        measured: the ``Trial`` that evaluators see, of this device alone: ``trial``, or another,
            which gets its values before each measurement.
    """

    def __init__(
        self, run, trial, writer, checkpoints, directory, interruption, loops, measured
    ):
        self._run = run
        self._trial = trial
        self._writer = writer
        self._checkpoints = checkpoints
        self._directory = directory
        self._interruption = interruption
        self._loops = loops
        self._measured = measured
        with self._writing_events():
            self._events = tf.summary.create_file_writer(str(directory.events))
            with self._events.as_default():
                write_hparams(run.name, run.experiment)
        self._tags = tags_of(run.experiment)
        self._steps = run.experiment.train.steps
        self._step = None
        self._changed_inputs = None
        self._seconds_of = {}

    def restore(self):
        """Reads the last checkpoint, if there is one, and cuts the rows back to it."""
        restored = self._checkpoints.restore()
        if restored is None:
            self._directory.check_no_rows()
            self._writer.truncate(0)
        else:
            self._step, row_bytes = restored
            self._writer.truncate(row_bytes, self._checkpoints.rows_checksum)

    def note_changes(self, changed, inputs):
        """A row says that from here on the inputs are others."""
        what = {"changed": "; ".join(changed)}
        step = self._step or 0
        self._write(step, [Measurement(metrics.INPUTS_CHANGED, "train", step, "step", what)])
        # The row is cut off, and written again, unless a checkpoint or its note includes it.
        self._changed_inputs = inputs

    def carry_out(self):
        """Trains and measures to the end, or until it is interrupted; returns the status."""
        restored, step = self._step is not None, self._step or 0
        progress = Progress(self._run.name, self._steps)
        with self._interruption.breakable():
            self._loops.choose(not restored, progress.note)
        if not restored:
            warmed_up = self._warm_up(progress)
            if warmed_up is not None and warmed_up.non_finite_step is not None:
                return self._stop(0, warmed_up.non_finite_step)
            if warmed_up is not None and warmed_up.reached < self._trial.task.warmup_steps:
                return INTERRUPTED
            self._save(0)
        due = self._due(step)
        self._announce(progress, step, due)
        try:
            # Evaluations of this step that are not done: all at the start, else those after a kill.
            if due or not restored:
                progress.report(step, self._measure(step, due))
        except NonFiniteError:
            return self._stop(step, step)
        return self._train(step, progress)

    def _train(self, step, progress):
        loop = self._loops.steps()
        begun = self._checkpoints.segment or {}
        start = step
        pace = FirstSteps(lambda seconds: progress.note(estimate(*self._left(seconds, start))))
        for boundary in self._boundaries():
            if boundary <= step:
                continue
            first = begun.get("first", step)
            began = time.monotonic()
            with self._interruption.telling(loop.stop):
                segment = loop.run(step, boundary, first, begun.get("sums"), pace)
            per_step = pace.seconds_per_step(step, boundary, began)
            begun = {}
            if segment.non_finite_step is not None:
                return self._stop(boundary, segment.non_finite_step)
            if segment.reached < boundary:
                # Without a step there may be nothing to save, and the notes of what was measured
                # must stay.
                if segment.reached > step or not self._is_saved(step):
                    self._save(segment.reached, {"first": first, "sums": segment.sums})
                return INTERRUPTED
            step = boundary
            means = [
                Measurement(metric, "train", segment.means[name], unit)
                for name, (metric, unit) in self._trial.task.reported.items()
            ]
            self._write(step, means)
            if self._is_saved(step):
                self._save(step)
            try:
                measured = self._measure(step, self._due(step))
            except NonFiniteError:
                # The last update diverged: the next loss, from these weights, cannot be finite.
                return self._stop(step, step)
            training, measuring = seconds_left(*self._left(per_step, step))
            left = training + sum(measuring.values())
            progress.report(step, [*means, *measured], per_step, left)
        return FINISHED

    def _announce(self, progress, step, due):
        """The first line of a run: what it begins with may take a minute."""
        begins = f"measures {', '.join(entry.name for entry in due)}" if due else "trains"
        if step < self._steps or due:
            progress.note(f"step {step}/{self._steps}: {begins} first")

    def _left(self, seconds_per_step, step):
        """What ``pace`` reckons the time from ``step`` to the end by."""
        counts = {entry.name: 0 for entry in self._run.experiment.evaluate}
        for boundary in self._boundaries():
            if boundary > step:
                for entry in self._listed(boundary):
                    counts[entry.name] += 1
        return seconds_per_step, self._steps - step, counts, self._seconds_of

    def _boundaries(self):
        train = self._run.experiment.train
        periods = [entry.every for entry in self._run.experiment.evaluate if entry.every]
        return boundaries(self._steps, train.log_every, train.checkpoint_every, *periods)

    def _warm_up(self, progress):
        """The warm-up's ``Segment``, or ``None`` if the run has none."""
        warmup = self._trial.task.warmup
        if warmup is None:
            return None
        steps = self._trial.task.warmup_steps
        progress.note(f"{steps} warm-up steps")
        loop = self._loops.warm_up()
        with self._interruption.telling(loop.stop):
            return loop.run(0, steps)

    def _listed(self, step):
        """The evaluations that the experiment lists for a step."""
        return [
            entry
            for entry in self._run.experiment.evaluate
            if step == self._steps or (entry.every and step % entry.every == 0)
        ]

    def _due(self, step):
        """The evaluations whose rows are not in the file; a checkpoint of this step exists."""
        measured = self._checkpoints.measured
        if measured is None:
            return []
        return [entry for entry in self._listed(step) if entry.name not in measured]

    def _is_saved(self, step):
        # Before measuring, which may take an hour, and may fail.
        every = self._run.experiment.train.checkpoint_every
        return step % every == 0 or step == self._steps or bool(self._listed(step))

    def _measure(self, step, due):
        is_last = step == self._steps
        if (due or is_last) and self._measured is not self._trial:
            values = zip(self._measured.task.variables, self._trial.task.variables, strict=True)
            for variable, shared in values:
                variable.assign(tf.convert_to_tensor(shared))
        snapshot = Snapshot(self._measured, step, self._run.experiment.evaluate)
        measurements = []
        for entry in due:
            # It may take an hour, and can be done again from the checkpoint of this step.
            began = time.monotonic()
            with self._interruption.breakable():
                found = list(evaluators.get(entry.name)(snapshot, **entry.options))
            self._seconds_of[entry.name] = time.monotonic() - began
            measurements += found
            self._write(step, found)
            self._flush_events()
            length = self._writer.flush()
            self._checkpoints.note_measured(entry.name, length, self._writer.checksum())
            self._note_inputs()
        if is_last:
            with self._interruption.breakable():
                board.write_embedding(self._directory.events, snapshot)
        return measurements

    def _write(self, step, measurements):
        with self._writing_events(), self._events.as_default():
            for one in measurements:
                self._writer.append(
                    Row(
                        experiment=self._run.experiment.name,
                        variant=self._run.variant,
                        seed=self._run.seed,
                        step=step,
                        split=one.split,
                        metric=one.metric,
                        value=one.value,
                        unit=one.unit,
                        tags={**self._tags, **one.tags},
                    )
                )
                tag = f"{one.metric}/{one.tags.get('features', one.split)}"
                # TensorBoard stores float32 and refuses larger values, as in float64 runs.
                if abs(one.value) <= _LARGEST_SCALAR:
                    tf.summary.scalar(tag, one.value, step)
                if "png" in one.tags:
                    # A tag is of one kind.
                    board.write_picture(f"pictures/{tag}", one.tags["png"], step)

    def _save(self, step, segment=None):
        self._flush_events()
        self._checkpoints.save(step, self._writer.flush(), self._writer.checksum(), segment)
        self._note_inputs()

    def _note_inputs(self):
        if self._changed_inputs is not None:
            self._directory.write_inputs(self._changed_inputs)
            self._changed_inputs = None

    def _flush_events(self):
        with self._writing_events():
            self._events.flush()

    def _writing_events(self):
        return board.writing_events(self._directory.events)

    def _stop(self, boundary, stopped_at):
        self._write(boundary, [Measurement(metrics.NON_FINITE, "train", stopped_at, "step")])
        self._writer.flush()
        return NON_FINITE
