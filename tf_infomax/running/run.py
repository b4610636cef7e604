"""One run: build, train, evaluate, write rows. A killed run continues where it stopped."""

import contextlib
import dataclasses
import functools
from pathlib import Path

import tensorflow as tf

from tf_infomax.experiments.spec import Experiment
from tf_infomax.results import metrics
from tf_infomax.results.rows import RowWriter, read_rows
from tf_infomax.running.build import build, input_shape, load_images, sizes_of
from tf_infomax.running.compilation import StepLoops
from tf_infomax.running.execution import FINISHED, INTERRUPTED, NON_FINITE, Execution
from tf_infomax.running.following import STATUSES, checksum_of, follow
from tf_infomax.running.inputs import check_inputs, inputs_of
from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.running.tags import tags_of
from tf_infomax.training import strategies
from tf_infomax.training.checkpoints import Checkpoints
from tf_infomax.training.devices import BUILD, COPY, END, WorkerLostError
from tf_infomax.training.interruption import Interrupted, current
from tf_infomax.training.progress import note

__all__ = [
    "FINISHED",
    "INTERRUPTED",
    "NON_FINITE",
    "RefusedError",
    "Run",
    "execute",
    "refusing",
    "restore",
    "tags_of",
]


class RefusedError(ValueError):
    """A run cannot start or go on: one sentence that names the file and the way out."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One variant and seed of an experiment, with its directory.

    Attributes:
        experiment: without a sweep, with one seed.
        variant: its name within the sweep.
        directory: the run directory.
        data_dir: where TFDS finds prepared data sets, or ``None``.
        accept_changed_inputs: whether it may go on with other data, versions, threads or devices
            than those it was started with; a row says so.
        strategy: which devices share its steps.
        train_further: whether it may have been begun with fewer steps; see ``RunDirectory``.
    """

    experiment: Experiment
    variant: str
    directory: Path
    data_dir: str | None = None
    accept_changed_inputs: bool = False
    strategy: strategies.Choice = strategies.ONE_DEVICE
    train_further: bool = False

    @property
    def seed(self):
        """The run's seed."""
        return self.experiment.seeds[0]

    @property
    def name(self):
        """Name of the run in messages."""
        return f"{self.experiment.name} {self.variant} seed {self.seed}"


def execute(run):
    """Carries out ``run``, or the rest of it.

    Batches, noise and evaluation are pure functions of (seed, step), and operations are made
    deterministic (a setting of the whole process), so a run that was killed and continued gives
    exactly the rows of an uninterrupted run.

    Returns:
        ``FINISHED``, ``NON_FINITE``, or ``INTERRUPTED`` if the ``Interruption`` whose context is
        entered has asked for it.

    Raises:
        RefusedError: if the directory belongs to another run or process, its files are damaged, its
            inputs have changed, or the experiment cannot be built.
        ValueError: on a worker besides the first; see ``follow``.
        OSError: naming the file, if one cannot be written.
        WorkerLostError: if another worker of the strategy has ended.
    """
    tf.config.experimental.enable_op_determinism()
    devices = strategies.start(run.strategy)
    if not devices.is_chief:
        return follow(run, devices)
    try:
        status = _led(run, devices)
    except WorkerLostError:
        with contextlib.suppress(OSError):
            RunDirectory(run.directory, run.experiment).note_status("stopped: a worker was lost")
        raise
    except BaseException:
        # The other workers go on with the next run, or end.
        devices.order(END, STATUSES.index(None))
        raise
    devices.order(END, STATUSES.index(status))
    return status


def _led(run, devices):
    """As ``execute``, on the first worker, which the others follow."""
    directory = RunDirectory(run.directory, run.experiment, run.train_further)
    with contextlib.ExitStack() as stack:
        with refusing():
            stack.enter_context(directory.locked())
            writer = stack.enter_context(RowWriter(directory.rows))
            if _has_failed(directory.rows):
                directory.note_status(NON_FINITE)
                return NON_FINITE
            execution = _prepared(run, writer, directory, devices)
            directory.note_status("running")
        try:
            status = execution.carry_out()
        except Interrupted:
            # Whatever it was doing is done again from the last checkpoint.
            status = INTERRUPTED
        directory.note_status(status)
        return status


@contextlib.contextmanager
def refusing():
    """Within it a ``ValueError`` is a ``RefusedError``."""
    try:
        yield
    except ValueError as error:
        if isinstance(error, OSError):
            raise
        raise RefusedError(str(error)) from error


def _prepared(run, writer, directory, devices):
    """The run's objects, as they were at its last checkpoint."""
    images = load_images(run.experiment, run.data_dir)
    inputs = inputs_of(images, devices)
    changed = check_inputs(directory, inputs, run.accept_changed_inputs)
    devices.check_batch(run.experiment.train.batch_size)
    devices.order(BUILD, checksum_of(run.experiment, inputs))
    with devices.scope():
        trial = build(run.experiment, images)
    if images is not None:
        directory.note_inputs(input_shape(run.experiment, images), **sizes_of(images))
    if directory.inputs is None:
        directory.write_inputs(inputs)
    checkpoints = Checkpoints(
        directory.checkpoints,
        trial.task.variables,
        note=functools.partial(note, run.name),
    )
    checkpoints.recover()
    # Evaluators see a model of one device; Keras would share their batches, too.
    measured = build(run.experiment, images) if devices.is_shared else trial
    loops = StepLoops(trial, directory, devices)
    execution = Execution(run, trial, writer, checkpoints, directory, current(), loops, measured)
    execution.restore()
    devices.order(COPY)
    devices.copy_from_chief(trial.task.variables)
    if changed:
        execution.note_changes(changed, inputs)
    return execution


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
