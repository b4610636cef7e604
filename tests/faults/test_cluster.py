"""Sweeps on clusters of two workers, Dask's and Ray's, whose processes are killed or asked to stop.

Afterwards the rows are those of a sweep on one machine, bit for bit.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from tests.faults import test_processes
from tests.faults.test_processes import Sweep, environment, rows_of, status_of

pytestmark = pytest.mark.slow

whole = test_processes.whole


class Cluster:
    """A scheduler and two workers of one run each, as they are started on machines.

    Attributes:
        processes: of the scheduler, which for Ray is the first machine, and of every other machine.
    """

    def __init__(self, folder):
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.processes = []

    def _start(self, *arguments):
        self.processes.append(
            subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=self._folder, env=environment(),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )
        )  # fmt: skip

    def close(self):
        for process in self.processes:
            lose(process)


class Dask(Cluster):
    package, name = "distributed", "dask"

    def __init__(self, folder):
        super().__init__(folder)
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._start(
            "dask", "scheduler", "--host=127.0.0.1", f"--port={self._port}", "--no-dashboard"
        )
        for _ in range(2):
            self._start(
                "dask", "worker", self.address, "--nthreads=1", f"--local-directory={folder}",
                "--no-dashboard",
            )  # fmt: skip


class Ray(Cluster):
    package, name = "ray", "ray"

    def __init__(self, folder):
        super().__init__(folder)
        self.address = f"127.0.0.1:{self._port}"
        # Paths of sockets have at most 107 bytes.
        self._files = tempfile.mkdtemp(prefix="ray")
        self._start_ray(
            "raylet", "--head", f"--port={self._port}", f"--temp-dir={self._files}",
            "--include-dashboard=false",
        )  # fmt: skip
        # Which refuses others until it is complete.
        self._start_ray("raylet.1", f"--address={self.address}")

    def _start_ray(self, name, *arguments):
        """Starts a machine, and waits for its socket."""
        self._start(
            "ray.scripts.scripts", "start", "--num-cpus=1", "--disable-usage-stats", "--block",
            *arguments,
        )  # fmt: skip
        end = time.monotonic() + 120
        while not os.path.exists(f"{self._files}/session_latest/sockets/{name}"):
            assert time.monotonic() < end and self.processes[-1].poll() is None
            time.sleep(0.2)

    def close(self):
        super().close()
        shutil.rmtree(self._files, ignore_errors=True)


def lose(process):
    """Kills a machine of the cluster: its process, and all that it has started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(params=[Dask, Ray], ids=lambda kind: kind.name)
def cluster(request, tmp_path, monkeypatch):
    pytest.importorskip(request.param.package)
    # Otherwise Ray gives its workers the lowest priority.
    monkeypatch.setenv("RAY_worker_niceness", "0")
    # A password of its own, whatever the machine has.
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = request.param(folder)
    yield found
    found.close()


def sweep_on(cluster, workdir):
    flags = ("--seeds=2", f"--backend={cluster.name}", f"--cluster={cluster.address}")
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


def test_a_machine_is_lost_and_its_run_goes_on_at_another(whole, cluster, tmp_path):
    workdir = tmp_path / "work"
    sweep = sweep_on(cluster, workdir)
    for seed in (0, 1):
        wait_for_steps(workdir, sweep, seed)
    lose(cluster.processes.pop())
    assert sweep.end() == 0, sweep.said()
    assert rows_of(workdir) == whole
    assert "Traceback" not in sweep.said()


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


def test_a_lost_scheduler_is_one_sentence(cluster, tmp_path):
    sweep = sweep_on(cluster, tmp_path / "work")
    wait_for_steps(tmp_path / "work", sweep, 0)
    lose(cluster.processes.pop(0))
    assert sweep.end() == 4, sweep.said()
    (line,) = [one for one in sweep.lines if one.startswith("run_experiment: ")]
    assert f"The {cluster.name} cluster cannot go on" in line
    assert "the same command continues" in line and "Traceback" not in sweep.said()


@pytest.mark.parametrize(("kind", "address"), [(Dask, "tcp://127.0.0.1:9"), (Ray, "127.0.0.1:9")])
def test_a_cluster_that_does_not_answer_is_one_sentence(kind, address, tmp_path):
    pytest.importorskip(kind.package)
    sweep = Sweep(
        tmp_path, "--seeds=1", f"--backend={kind.name}", f"--cluster={address}", "--patience=2"
    )
    assert sweep.end() == 2, sweep.said()
    (line,) = [one for one in sweep.lines if one.startswith("run_experiment: ")]
    assert "127.0.0.1:9" in line and "Traceback" not in sweep.said()
