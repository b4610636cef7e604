"""A sweep's runs as tasks of a cluster, each in a process of its own on the worker's machine."""

import dataclasses
import multiprocessing
import os
import signal

import joblib

from tf_infomax.running import lease, workers
from tf_infomax.running.execution import INTERRUPTED
from tf_infomax.running.inputs import versions
from tf_infomax.running.worker import REFUSED
from tf_infomax.training.interruption import Interruption

__all__ = ["carried_out", "carry_out"]


def carried_out(runs, carry_out_tasks, threads_of, interruption, folder):
    """Carries out runs on a cluster whose machines share the work directory.

    A run whose process dies is tried again there, as ``workers.carried_out`` says. A run whose
    worker is lost is given to another one by the cluster, and goes on from its checkpoint.

    Args:
        runs: sequence of ``Run``.
        carry_out_tasks: from ``Backend.started``.
        threads_of: run -> number of threads for its operations.
        interruption: the ``Interruption`` of this process, which reaches all runs.
        folder: of the work directory; holds the lease, without which runs save and end.

    Yields:
        (run, status) in the order in which results come.

    Raises:
        ClusterLostError: if the cluster cannot carry out all runs.
    """
    by_name = {run.name: run for run in runs}
    with lease.leased(folder) as (path, end), interruption.telling(end):
        tasks = (
            joblib.delayed(carry_out)(_located(run), threads_of(run), path, versions())
            for run in runs
        )
        for name, status in carry_out_tasks(tasks):
            yield by_name[name], status


def _located(run):
    """The run with absolute paths: a worker may have another current directory."""
    data_dir = run.data_dir or os.environ.get("TFDS_DATA_DIR")
    return dataclasses.replace(
        run,
        directory=run.directory.absolute(),
        data_dir=None if data_dir is None else os.path.abspath(os.path.expanduser(data_dir)),
    )


def carry_out(run, threads, path, expected):
    """Carries out a run on this machine, and tries it again if its process dies.

    Args:
        run: ``Run``.
        threads: for its operations.
        path: of the sweep's lease.
        expected: ``inputs.versions()`` of the sweep.

    Returns:
        (the run's name, its status).
    """
    if versions() != expected:
        return run.name, (
            f"{REFUSED}All machines of a cluster need the same versions. "
            f"Received: {versions()} on {os.uname().nodename}, {expected} where the sweep began."
        )
    # Dask's workers are daemons, which may not start processes.
    multiprocessing.current_process().daemon = False
    interruption = Interruption()
    with lease.watched(path, lambda: interruption.note(signal.SIGTERM)):
        # To its end, which closes the process.
        ended = list(workers.carried_out([run], 1, lambda _: threads, interruption))
    return run.name, ended[0][1] if ended else INTERRUPTED
