"""All runs of an experiment in one work directory, in parallel, and their report."""

import contextlib
import dataclasses
import datetime
import platform
import shlex
import sys
from pathlib import Path

import joblib
import tensorflow as tf

from tf_infomax.experiments.spec import check_seeds
from tf_infomax.naming.files import remove_leftovers
from tf_infomax.naming.json_files import read_json, write_json
from tf_infomax.naming.version import commit
from tf_infomax.report import report
from tf_infomax.results.rows import read_rows, write_rows
from tf_infomax.running import board, inputs, remote, workers
from tf_infomax.running.backends import THIS_MACHINE
from tf_infomax.running.build import load_images
from tf_infomax.running.checks import check
from tf_infomax.running.execution import FINISHED, INTERRUPTED, NON_FINITE
from tf_infomax.running.fit_checks import check_fit
from tf_infomax.running.run import Run
from tf_infomax.running.run_directory import RunDirectory, check_workdir
from tf_infomax.running.run_study import check_study, is_study
from tf_infomax.running.sweep_pace import SweepPace
from tf_infomax.running.unlabelled import measurable
from tf_infomax.running.worker import REFUSED, carry_out, set_threads
from tf_infomax.training import strategies
from tf_infomax.training.interruption import Interruption
from tf_infomax.training.progress import duration, note

__all__ = ["Outcome", "plan", "run_all"]


_EXIT_CODES = {FINISHED: 0, INTERRUPTED: 0, NON_FINITE: 3, REFUSED: 2}
_FAILED = 1
# From good to bad.
_RANKS = (0, 3, 2, 1)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a work directory's runs ended.

    Attributes:
        statuses: run name -> ``FINISHED``, ``NON_FINITE``, or the traceback of a failure.
        report: path of the HTML report; ``None`` where nothing was measured.
        signal: number of the signal that stopped the sweep, or ``None``.
    """

    statuses: dict
    report: Path | None
    signal: int | None = None

    @property
    def exit_code(self):
        """0: all finished; 128 + n: stopped by signal n, and the same command goes on.

        Else the worst end of a run: 1, it failed; 2, it was refused, or could not write its files;
        3, its loss was not finite.
        """
        if self.signal is not None:
            return 128 + self.signal
        codes = (
            _EXIT_CODES.get(REFUSED if status.startswith(REFUSED) else status, _FAILED)
            for status in self.statuses.values()
        )
        return max(codes, key=_RANKS.index, default=0)


def plan(
    experiments, workdir, data_dir=None, download=False, accept_changed_inputs=False,
    strategy=strategies.ONE_DEVICE, train_further=False,
):  # fmt: skip
    """The runs of ``experiments``, after checking everything that can be checked beforehand.

    Args:
        experiments: sequence of ``Experiment`` and ``Study``.
        workdir: the work directory; made if missing.
        data_dir: where TFDS finds prepared data sets.
        download: whether TFDS may download a missing data set.
        accept_changed_inputs: whether runs may go on with other data or versions than those they
            were started with.
        strategy: ``strategies.Choice`` of the devices that share each step. Only the first worker
            looks into the work directory.
        train_further: whether runs that were begun with fewer ``train.steps``, all else being
            equal, go on to the number given now.

    Returns:
        List of ``Run``.

    Raises:
        ValueError: one sentence on the first mistake: in names, options, sizes or data, or a work
            directory that is foreign, damaged, not writable, or of other settings or inputs.
    """
    workdir = Path(workdir)
    devices = strategies.start(strategy)
    if devices.is_chief:
        check_workdir(workdir)
    runs, said = [], set()
    for experiment in experiments:
        # Without seeds there would be no run to check.
        check_seeds(experiment)
        for variant, seed, single in experiment.runs():
            _check_alone(single, data_dir, download, devices)
            if not is_study(single):
                # A data set is read once for all runs.
                single, without = measurable(single, load_images(single, data_dir, download))
                if without not in {None, *said}:
                    note(single.name, without)
                    said.add(without)
            directory = workdir / "runs" / experiment.name / variant / f"seed_{seed}"
            if any(run.directory == directory for run in runs):
                raise ValueError(
                    f"Every value of a sweep and every seed must have a name of its own. "
                    f"Received: {variant} with seed {seed} twice."
                )
            if devices.is_chief:
                claimed = RunDirectory(directory, single, train_further)
                claimed.check()
                claimed.check_resumable()
            runs.append(
                Run(
                    single, variant, directory, data_dir, accept_changed_inputs, strategy,
                    train_further,
                )
            )
    checked = set()
    for run in runs:
        # Seeds do not change shapes: one model a variant shows whether its parts fit.
        if (run.experiment.name, run.variant) not in checked and not is_study(run.experiment):
            checked.add((run.experiment.name, run.variant))
            check_fit(run.experiment, load_images(run.experiment, data_dir, download))
    for run in runs if devices.is_chief else ():
        _check_inputs(run)
    return runs


def _check_alone(experiment, data_dir, download, devices):
    """Checks what needs neither data nor weights, except of a study."""
    if not is_study(experiment):
        check(experiment)
        devices.check_batch(experiment.train.batch_size)
        return
    if devices.is_shared:
        raise ValueError(
            f"Devices share the steps of a training, and {experiment.name} trains nothing. "
            f"Received: --strategy={devices.name}."
        )
    check_study(experiment, data_dir, download)


def run_all(runs, workdir, jobs=0, threads=0, backend=THIS_MACHINE, patience=600.0):
    """Carries out ``runs``, ``jobs`` at a time; then writes ``rows.jsonl`` and ``report.html``.

    Ctrl-C, SIGTERM and SIGHUP stop it: every run finishes its step and saves, and the same call
    goes on from there.

    Args:
        runs: from ``plan``.
        workdir: the same work directory.
        jobs: runs at a time, each in a process of its own; 0 means one a core (one in all where
            there is a GPU; always one under a strategy, whose devices share every run). One job
            runs in this process, which from then on has deterministic operations and demands seeds
            for random ones.
        threads: for the operations of each run; 0 shares the cores among the jobs. Convolutions
            round differently with other numbers of threads; so a run that was begun goes on with
            its own number.
        backend: ``backends.Backend`` that the runs are handed to. Machines of a cluster share the
            work directory and the data; 0 threads mean 1, and a cluster with an address has its
            own number of jobs.
        patience: seconds to wait for a cluster.

    Returns:
        ``Outcome``. A run that fails, or whose process dies, does not stop the others.

    Raises:
        Interrupted: on a second Ctrl-C, which does not wait.
        WorkerLostError: if another worker of the strategy has ended.
        ClusterLostError: if the cluster cannot carry out the runs.
        ImportError, OSError: if the package of the cluster is missing, or it cannot be reached.
        ValueError: on a strategy of several devices together with a cluster.
    """
    workdir = Path(workdir)
    devices = strategies.start(runs[0].strategy if runs else strategies.ONE_DEVICE)
    if backend.is_cluster and devices.is_shared:
        raise ValueError(
            "The devices of a strategy share every run, and a cluster's workers have one each. "
            f"Received: strategy={devices.name}, backend={backend.name}."
        )
    if devices.is_chief:
        _describe(workdir, runs)
    # Cores that this process may use: a container or taskset can restrict them.
    cores = joblib.cpu_count()
    if devices.is_shared:
        jobs = 1
    elif jobs == 0:
        jobs = 1 if tf.config.list_physical_devices("GPU") else cores
    jobs = max(1, min(jobs, len(runs)))
    default = threads or (1 if backend.is_cluster else max(1, cores // jobs))
    if devices.is_chief and len(runs) > 1:
        note(
            ", ".join(dict.fromkeys(run.experiment.name for run in runs)),
            f"{len(runs)} runs, {jobs} at a time",
        )
    statuses, pace = {}, SweepPace(runs)
    with contextlib.ExitStack() as stack:
        # Before signals are caught: Ray would take them.
        cluster = stack.enter_context(backend.started(jobs, patience)) if runs else None
        interruption = stack.enter_context(Interruption())
        if devices.is_shared:
            carried_out = _shared(runs, devices, interruption)
        elif cluster is None:
            carried_out = _carried_out(runs, jobs, default, interruption)
        else:
            carried_out = remote.carried_out(
                runs, cluster, lambda run: _noted_threads(run) or default, interruption,
                workdir / "runs",
            )  # fmt: skip
        for run, status in carried_out:
            statuses[run.name] = status
            left = pace.ended(run)
            end = status.splitlines()[-1].rstrip(".")
            print(
                f"{run.name}: {end}. {len(statuses)} of {len(runs)} runs ended"
                + (f"; about {duration(left)} left." if left else ".")
            )
        stopped_by = devices.largest(interruption.signal or 0) or None
    if not devices.is_chief:
        return Outcome(statuses, None, stopped_by)
    # Whoever interrupts is waiting.
    return Outcome(statuses, _merged(workdir, runs, with_report=stopped_by is None), stopped_by)


def _merged(workdir, runs, with_report):
    """Merges the rows of the runs; path of the report on them, if there is one."""
    remove_leftovers(workdir)
    rows = read_rows(workdir) if any(run.directory.is_dir() for run in runs) else []
    write_rows(workdir / "rows.jsonl", rows)
    if not (rows and with_report):
        return None
    page = report.make_report([workdir], workdir / "report.html")
    board.write_figures(workdir, max(row.step for row in rows))
    return page


def _shared(runs, devices, interruption):
    """(run, status) of each run, one after the other, until a worker is asked to stop."""
    for run in runs:
        if devices.largest(interruption.signal or 0):
            return
        yield run, carry_out(run)[1]


def _carried_out(runs, jobs, default, interruption):
    """(run, status) of each run, in this process if that makes no difference."""

    def threads_of(run):
        return _noted_threads(run) or default

    if jobs == 1:
        set_threads(default)
        if {threads_of(run) for run in runs} == {inputs.threads()}:
            for run in runs:
                yield run, carry_out(run)[1]
            return
    # Threads and determinism are settings of a whole process.
    yield from workers.carried_out(runs, jobs, threads_of, interruption)


def _noted_threads(run):
    noted = RunDirectory(run.directory, run.experiment).inputs or {}
    threads = noted.get("threads")
    return threads if isinstance(threads, int) and threads > 0 else None


def _check_inputs(run):
    """Raises ``ValueError`` if a run was begun with other data, or cannot go on as it was begun."""
    directory = RunDirectory(run.directory, run.experiment)
    if directory.inputs is None:
        return
    devices = strategies.start(run.strategy)
    found = inputs.inputs_of(load_images(run.experiment, run.data_dir), devices)
    # It will get its own number of threads.
    del found["threads"]
    inputs.check_inputs(directory, found, run.accept_changed_inputs)


def _command(argv):
    """What was typed, as a line for a shell; ``argv[0]`` is "tf-infomax run", or a file."""
    started = ["python", argv[0]] if argv[0].endswith(".py") else argv[0].split()
    return shlex.join([*started, *argv[1:]])


def _describe(workdir, runs):
    """Writes what was run, by which command, on which machine; the first start's time stays."""
    path = workdir / "experiment.json"
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    if path.is_file():
        # Nothing depends on this description, and a damaged file is written anew.
        with contextlib.suppress(ValueError):
            started = read_json(path).get("started", started)
    description = {
        "command": _command(sys.argv),
        "started": started,
        "machine": f"{platform.machine()}, {joblib.cpu_count()} cores, {platform.system()}",
        "versions": {
            **inputs.versions(), "commit": commit(),
        },
        "runs": [run.name for run in runs],
    }
    write_json(path, description)
