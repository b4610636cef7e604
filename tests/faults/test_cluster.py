"""Sweeps on a Dask cluster of two workers, whose processes are killed or asked to stop.

Afterwards the rows are those of a sweep on one machine, bit for bit.
"""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.faults import test_processes
from tests.faults.test_processes import Sweep, environment, rows_of, status_of

pytestmark = pytest.mark.slow
pytest.importorskip("distributed")

whole = test_processes.whole


class Cluster:
    """A scheduler and two workers of one run each, as ``dask`` starts them on machines."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.processes = [
            self._start(folder, "scheduler", "--host=127.0.0.1", f"--port={port}"),
            *(
                self._start(
                    folder, "worker", self.address, "--nthreads=1", f"--local-directory={folder}"
                )
                for _ in range(2)
            ),
        ]

    def _start(self, folder, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, "--no-dashboard"], cwd=folder,
            env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def close(self):
        for process in self.processes:
            # With the nannies' processes.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Cluster(folder)
    yield found
    found.close()


def sweep_on(cluster, workdir):
    flags = ("--seeds=2", "--backend=dask", f"--cluster={cluster.address}")
    return Sweep(workdir, *flags)


def wait_for_steps(workdir, sweep, seed):
    """Waits until a run has a checkpoint; returns the id of its process."""
    end = time.monotonic() + 600
    while time.monotonic() < end:
        if list(workdir.glob(f"runs/*/*/seed_{seed}/checkpoints/step-*.json")):
            return status_of(workdir, seed)["process"]["id"]
        assert sweep.process.poll() is None, sweep.said()
        time.sleep(0.05)
    raise AssertionError("no checkpoint")


def parent_of(process):
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def test_a_run_and_a_worker_are_killed_and_nothing_is_lost(whole, cluster, tmp_path):
    workdir = tmp_path / "work"
    sweep = sweep_on(cluster, workdir)
    # The process of a run, which is tried again where it was.
    os.kill(wait_for_steps(workdir, sweep, 0), signal.SIGKILL)
    # A worker, whose run is given to another one.
    worker = parent_of(wait_for_steps(workdir, sweep, 1))
    assert worker not in {one.pid for one in cluster.processes}
    os.kill(worker, signal.SIGKILL)
    assert sweep.end() == 0, sweep.said()
    assert rows_of(workdir) == whole
    (failure,) = status_of(workdir, 0)["failures"]
    assert "killed by SIGKILL" in failure["how"]
    assert (workdir / "report.html").is_file()
    assert not list((workdir / "runs").glob(".*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_runs_end_with_their_sweep_and_go_on_with_it(number, whole, cluster, tmp_path):
    workdir = tmp_path / "work"
    sweep = sweep_on(cluster, workdir)
    processes = [wait_for_steps(workdir, sweep, seed) for seed in (0, 1)]
    if number == signal.SIGTERM:
        sweep.process.send_signal(number)
        assert sweep.end() == 143, sweep.said()
        for seed in (0, 1):
            assert status_of(workdir, seed)["status"].startswith("interrupted")
    else:
        sweep.process.kill()
        sweep.process.wait()
        # As if the lease had expired, which takes three minutes.
        (lease,) = (workdir / "runs").glob(".sweep_*")
        lease.unlink()
    end = time.monotonic() + 60
    while any(os.path.exists(f"/proc/{one}") for one in processes):
        assert time.monotonic() < end
        time.sleep(0.1)
    again = sweep_on(cluster, workdir)
    assert again.end() == 0, again.said()
    assert rows_of(workdir) == whole


def test_a_cluster_that_does_not_answer_is_one_sentence(tmp_path):
    sweep = Sweep(
        tmp_path, "--seeds=1", "--backend=dask", "--cluster=tcp://127.0.0.1:9", "--patience=2"
    )
    assert sweep.end() == 2, sweep.said()
    (line,) = [one for one in sweep.lines if one.startswith("run_experiment: ")]
    assert "127.0.0.1:9" in line and "Traceback" not in sweep.said()
