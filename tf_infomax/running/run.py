"""One run: build, train, evaluate, write rows. A killed run continues where it stopped."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_infomax.evaluation import NonFiniteError
from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.evaluators.snapshot import Snapshot
from tf_infomax.experiments.spec import Experiment, described
from tf_infomax.results import metrics
from tf_infomax.results.measurements import Measurement
from tf_infomax.results.rows import Row, RowWriter, read_rows
from tf_infomax.running.build import build, input_shape, load_images
from tf_infomax.running.hparams import write_hparams
from tf_infomax.running.pair_distributions import tags_of_law
from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.training.checkpoints import Checkpoints
from tf_infomax.training.loop import StepLoop, boundaries
from tf_infomax.training.progress import Progress

__all__ = ["FINISHED", "NON_FINITE", "Run", "execute", "restore", "tags_of"]

FINISHED = "finished"
NON_FINITE = "stopped by a non-finite loss"
_LARGEST_SCALAR = float(np.finfo(np.float32).max)


@dataclasses.dataclass(frozen=True)
class Run:
    """One variant and seed of an experiment, with its directory.

    Attributes:
        experiment: without a sweep, with one seed.
        variant: its name within the sweep.
        directory: the run directory.
        data_dir: where TFDS finds prepared data sets, or ``None``.
    """

    experiment: Experiment
    variant: str
    directory: Path
    data_dir: str | None = None

    @property
    def seed(self):
        """The run's seed."""
        return self.experiment.seeds[0]

    @property
    def name(self):
        """Name of the run in messages."""
        return f"{self.experiment.name} {self.variant} seed {self.seed}"


def execute(run):
    """Carries out ``run``, or the rest of it; returns ``FINISHED`` or ``NON_FINITE``.

    Batches, noise and evaluation are pure functions of (seed, step), and operations are made
    deterministic (a setting of the whole process), so a run that was killed and continued gives
    exactly the rows of an uninterrupted run.

    Raises:
        ValueError: if the directory belongs to another run, or the experiment cannot be built.
    """
    tf.config.experimental.enable_op_determinism()
    directory = RunDirectory(run.directory, run.experiment)
    with directory.locked(), RowWriter(directory.rows) as writer:
        if _has_failed(directory.rows):
            return NON_FINITE
        images = load_images(run.experiment, run.data_dir)
        trial = build(run.experiment, images)
        if images is not None:
            directory.note_inputs(input_shape(run.experiment, images), images.num_classes)
        checkpoints = Checkpoints(
            directory.checkpoints,
            trial.task.variables,
            note=lambda text: print(f"[{run.name}] {text}", file=sys.stderr, flush=True),
        )
        checkpoints.recover()
        return _Execution(run, trial, writer, checkpoints, directory).carry_out()


def restore(directory, data_dir=None):
    """The trained objects of a run directory, at its last checkpoint.

    Args:
        directory: of one run (holding ``experiment.json`` and ``checkpoints/``).
        data_dir: where TFDS finds prepared data sets.

    Returns:
        (``Trial`` with restored weights, its step).

    Raises:
        FileNotFoundError: if the directory holds no run, or no checkpoint.
    """
    opened = RunDirectory.open(directory)
    trial = build(opened.experiment, load_images(opened.experiment, data_dir))
    restored = Checkpoints(opened.checkpoints, trial.task.variables).restore()
    if restored is None:
        raise FileNotFoundError(f"Expected a checkpoint in {opened.checkpoints}. Received: none.")
    return trial, restored[0]


def _has_failed(path):
    return any(row.metric == metrics.NON_FINITE for row in read_rows(path))


class _Execution:
    def __init__(self, run, trial, writer, checkpoints, directory):
        self._run = run
        self._trial = trial
        self._writer = writer
        self._checkpoints = checkpoints
        self._events = tf.summary.create_file_writer(str(directory.events))
        with self._events.as_default():
            write_hparams(run.name, run.experiment)
        self._tags = tags_of(run.experiment)
        self._steps = run.experiment.train.steps

    def carry_out(self):
        restored = self._checkpoints.restore()
        if restored is None:
            self._check_no_rows()
        step, row_bytes = restored or (0, 0)
        self._writer.truncate(row_bytes)
        progress = Progress(self._run.name, step, self._steps)
        if restored is None:
            stopped_at = self._warm_up(progress)
            if stopped_at is not None:
                return self._stop(0, stopped_at)
            self._save(0)
        due = self._due(step)
        try:
            # Evaluations of this step that are not done: all at the start, else those after a kill.
            if due or restored is None:
                progress.report(step, self._measure(step, due))
        except NonFiniteError:
            return self._stop(step, step)
        loop = StepLoop(self._trial.task, self._trial.jit_compile)
        for boundary in self._boundaries():
            if boundary <= step:
                continue
            segment = loop.run(step, boundary)
            if segment.non_finite_step is not None:
                return self._stop(boundary, segment.non_finite_step)
            step = boundary
            means = [
                Measurement(metric, "train", segment.means[name], unit)
                for name, (metric, unit) in self._trial.task.reported.items()
            ]
            self._write(step, means)
            if self._is_saved(step):
                self._save(step)
            try:
                progress.report(step, [*means, *self._measure(step, self._due(step))])
            except NonFiniteError:
                # The last update diverged: the next loss, from these weights, cannot be finite.
                return self._stop(step, step)
        return FINISHED

    def _boundaries(self):
        train = self._run.experiment.train
        periods = [entry.every for entry in self._run.experiment.evaluate if entry.every]
        return boundaries(self._steps, train.log_every, train.checkpoint_every, *periods)

    def _warm_up(self, progress):
        warmup = self._trial.task.warmup
        if warmup is None:
            return None
        steps = self._trial.task.warmup_steps
        progress.note(f"{steps} warm-up steps")
        return StepLoop(warmup, self._trial.jit_compile).run(0, steps).non_finite_step

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
        snapshot = Snapshot(self._trial, step, self._run.experiment.evaluate)
        measurements = []
        for entry in due:
            found = list(evaluators.get(entry.name)(snapshot, **entry.options))
            measurements += found
            self._write(step, found)
            # The next evaluator may take an hour.
            self._events.flush()
            self._checkpoints.note_measured(entry.name, self._writer.flush())
        return measurements

    def _check_no_rows(self):
        """Where checkpoints were lost, a start from step 0 would cut the rows."""
        rows = read_rows(self._writer.path)
        if any(row.step > 0 for row in rows):
            raise ValueError(
                f"{self._writer.path} has rows up to step {max(row.step for row in rows)}, but "
                f"{self._checkpoints.directory} holds no checkpoint: bring the files back from a "
                f"copy, or delete {self._run.directory} to start again."
            )

    def _write(self, step, measurements):
        with self._events.as_default():
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
                # TensorBoard stores float32 and refuses larger values, as in float64 runs.
                if abs(one.value) <= _LARGEST_SCALAR:
                    suffix = one.tags.get("features", one.split)
                    tf.summary.scalar(f"{one.metric}/{suffix}", one.value, step)

    def _save(self, step):
        self._events.flush()
        self._checkpoints.save(step, self._writer.flush())

    def _stop(self, boundary, stopped_at):
        self._write(boundary, [Measurement(metrics.NON_FINITE, "train", stopped_at, "step")])
        self._writer.flush()
        return NON_FINITE


def tags_of(experiment):
    """Tags of every row of a run, besides variant and seed."""
    tags = {"dataset": Path(experiment.data.name).stem, "batch_size": experiment.train.batch_size}
    if experiment.encoder is not None:
        tags["encoder"] = experiment.encoder.name
    else:
        tags["sampling"] = "dependent" if experiment.data.dependent else "independent"
        tags.update(tags_of_law(experiment.data))
    of_pairs = ("mutual_information", "label_confusion")
    others = [term for term in experiment.objectives if term.name not in of_pairs]
    if others:
        tags.update(_term_tags(experiment.objectives))
    for term in experiment.objectives:
        if term.name == "mutual_information":
            tags.update(_bound_tags(term))
    return tags


def _bound_tags(term):
    tags = {"critic": term.critic.name, "bound": described(term.bound)}
    if term.baseline is not None:
        tags["baseline"] = term.baseline.name
    if term.target is not None:
        tags["target"] = term.target
    return tags


def _term_tags(terms):
    """Weights of Deep InfoMax's terms under the paper's letters, and how pairs are scored."""
    by_name = {term.name: term for term in terms}
    tags = {}
    for letter, name in (
        ("alpha", "global_information"), ("beta", "local_information"), ("gamma", "prior"),
    ):
        tags[letter] = by_name[name].weight if name in by_name else 0.0
    information = by_name.get("local_information") or by_name.get("global_information")
    if information is not None:
        tags.update(_bound_tags(information))
        if "units" in information.critic.options:
            tags["critic_units"] = information.critic.options["units"]
        tags["occluded"] = information.occluded
        if getattr(information, "negative_images", None) is not None:
            tags["negative_images"] = information.negative_images
    if "two_views" in by_name:
        loss = by_name["two_views"].loss
        tags["loss"] = loss.name
        if "temperature" in loss.options:
            tags["temperature"] = loss.options["temperature"]
    for name in ("coordinates", "relative_coordinates", "classification"):
        if name in by_name:
            tags[name] = by_name[name].weight
    return tags
