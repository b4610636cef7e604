"""Real runs as processes: their workers are killed, they are asked to stop, the disk is full.

Afterwards the same command gives the very rows of a run that was left alone.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.tiny import TINY
from tf_infomax.running.run import Run
from tf_infomax.training.interruption import Interrupted, Interruption, current

ROOT = Path(__file__).parents[2]
NAME = "critic_impact"
# A boundary every few steps, and no compilation, so that a signal meets the run at work.
SETTINGS = (
    "steps=1200", "log_every=50", "checkpoint_every=150", "evaluate.bound.every=300",
    "evaluate.linear_probe.every=5000", "jit_compile=no",
)  # fmt: skip
STEP_MARK = "] step "


def command(launcher, *arguments):
    return [sys.executable, str(ROOT / "launch" / launcher), *map(str, arguments)]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}


class Doomed(Run):
    """A run whose process dies when it receives it, as one that needs all memory."""

    def __setstate__(self, state):
        os.kill(os.getpid(), signal.SIGKILL)


def _not_ignoring():
    """A shell's background jobs ignore Ctrl-C, and so would what the tests start from them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Sweep:
    """A sweep of two seeds as a process, whose lines on standard error are read as they come."""

    def __init__(self, workdir, *flags, settings=SETTINGS):
        self.lines = []
        self.process = subprocess.Popen(
            command(
                "run_experiment.py", f"--experiment={NAME}", f"--workdir={workdir}", *flags,
                *(f"--set={one}" for one in (*TINY[NAME], *settings)),
            ),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            env=environment(), start_new_session=True, preexec_fn=_not_ignoring,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def wait_for(self, text, count=1):
        deadline = time.monotonic() + 600
        while sum(text in line for line in self.lines) < count:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def workers(self):
        """Ids of the worker processes."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                stat = (path / "stat").read_text().rpartition(")")[2].split()
                line = (path / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(stat[1]) == self.process.pid and b"popen_loky" in line:
                found.append(int(path.name))
        return found

    def end(self):
        code = self.process.wait(timeout=900)
        self._reader.join(timeout=20)
        self.output = self.process.stdout.read()
        return code

    def said(self):
        return "".join(self.lines)


def rows_of(workdir):
    found = sorted(workdir.glob("runs/**/rows.jsonl"))
    return {path.parent.name: path.read_bytes() for path in found}


def status_of(workdir, seed):
    (path,) = workdir.glob(f"runs/*/*/seed_{seed}/status.json")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("whole")
    sweep = Sweep(workdir, "--seeds=2", "--jobs=2")
    assert sweep.end() == 0, sweep.said()
    return rows_of(workdir)


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_run_goes_on(whole, tmp_path):
    sweep = Sweep(tmp_path, "--seeds=2", "--jobs=2")
    for seed, victim in ((0, signal.SIGKILL), (1, signal.SIGSEGV)):
        sweep.wait_for(f"seed {seed}] step", 3)
        os.kill(status_of(tmp_path, seed)["process"]["id"], victim)
    assert sweep.end() == 0, sweep.said()
    assert rows_of(tmp_path) == whole
    assert (tmp_path / "report.html").is_file()
    failures = [one for seed in (0, 1) for one in status_of(tmp_path, seed).get("failures", ())]
    assert {one["how"].split()[5] for one in failures} == {"SIGKILL,", "SIGSEGV"}
    assert {status_of(tmp_path, seed)["status"] for seed in (0, 1)} == {"finished"}


@pytest.mark.slow
@pytest.mark.parametrize("moment", [2, 9, 16])
def test_a_sweep_of_one_job_that_is_killed_goes_on(moment, whole, tmp_path):
    flags = ("--seeds=2", "--jobs=1", "--threads=1")
    sweep = Sweep(tmp_path, *flags)
    sweep.wait_for(STEP_MARK, moment)
    sweep.process.kill()
    assert sweep.end() == -signal.SIGKILL
    again = Sweep(tmp_path, *flags)
    assert again.end() == 0, again.said()
    assert rows_of(tmp_path) == whole
    assert (tmp_path / "report.html").is_file()


@pytest.mark.slow
def test_a_run_that_dies_twice_alike_is_given_up_and_its_sibling_finishes(whole, tmp_path):
    code = (
        "import dataclasses, sys\n"
        "from tf_infomax.experiments import catalog\n"
        "from tf_infomax.experiments.overrides import override\n"
        "from tf_infomax.running import sweep\n"
        "from tests.faults.test_processes import Doomed\n"
        "(one,) = catalog.get(sys.argv[1])\n"
        "runs = sweep.plan([override(one, sys.argv[3:])], sys.argv[2])\n"
        "names = [field.name for field in dataclasses.fields(runs[0])]\n"
        "runs[0] = Doomed(**{name: getattr(runs[0], name) for name in names})\n"
        "outcome = sweep.run_all(runs, sys.argv[2], jobs=2)\n"
        "print(outcome.statuses)\n"
        "sys.exit(outcome.exit_code)\n"
    )
    settings = (*TINY[NAME], *SETTINGS, "seeds=0,1")
    done = subprocess.run(
        [sys.executable, "-c", code, NAME, str(tmp_path), *settings],
        capture_output=True, text=True, cwd=ROOT, env=environment(), timeout=900,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "killed by SIGKILL, as the system does when memory runs out" in done.stdout
    assert rows_of(tmp_path) == {"seed_1": whole["seed_1"]}
    assert (tmp_path / "report.html").is_file()
    assert len(status_of(tmp_path, 0)["failures"]) == 2
    # The same command without the cause of death.
    sweep = Sweep(tmp_path, "--seeds=2", "--jobs=2")
    assert sweep.end() == 0, sweep.said()
    assert rows_of(tmp_path) == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "jobs"),
    [(signal.SIGINT, 2), (signal.SIGTERM, 1), (signal.SIGHUP, 1), (signal.SIGTERM, 2)],
)
def test_signals_end_it_with_their_code_and_lose_nothing(number, jobs, whole, tmp_path):
    sweep = Sweep(tmp_path, "--seeds=2", f"--jobs={jobs}", "--threads=1")
    sweep.wait_for(STEP_MARK, 4)
    if number == signal.SIGINT and jobs > 1:
        # As a terminal does it: to the whole group.
        os.killpg(sweep.process.pid, number)
    else:
        sweep.process.send_signal(number)
    assert sweep.end() == 128 + number, sweep.said()
    assert "the same command goes on" in sweep.said() and "Traceback" not in sweep.said()
    assert status_of(tmp_path, 0)["status"].startswith("interrupted")
    assert not sweep.workers()
    again = Sweep(tmp_path, "--seeds=2", f"--jobs={jobs}", "--threads=1")
    assert again.end() == 0, again.said()
    assert rows_of(tmp_path) == whole


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB of its own; only root may make one."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(place)], capture_output=True
    )
    if made.returncode:
        pytest.skip("a file system cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("left", [2_000, 40_000])
def test_a_full_disk_is_one_sentence_and_nothing_is_lost(left, whole, small_disk, tmp_path):
    workdir, ballast = small_disk / "work", small_disk / "ballast"
    sweep = Sweep(workdir, "--seeds=1", "--jobs=1", "--threads=1")
    sweep.wait_for(STEP_MARK, 3)
    with open(ballast, "wb") as file:
        try:
            while True:
                free = os.statvfs(small_disk)
                size = free.f_bavail * free.f_bsize - left
                if size <= 0:
                    break
                file.write(bytes(min(size, 4096)))
                file.flush()
        except OSError:
            pass
    assert sweep.end() == 2, sweep.said()
    (line,) = [one for one in sweep.lines if one.startswith("run_experiment: ")]
    assert str(workdir) in line and "space" in line.lower(), line
    ballast.unlink()
    again = Sweep(workdir, "--seeds=1", "--jobs=1", "--threads=1")
    assert again.end() == 0, again.said()
    assert rows_of(workdir)["seed_0"] == whole["seed_0"]


@pytest.mark.slow
def test_evaluations_at_the_same_time_lose_no_rows(whole, tmp_path):
    sweep = Sweep(tmp_path, "--seeds=1", "--jobs=1", settings=("steps=12",))
    assert sweep.end() == 0
    (run,) = tmp_path.glob("runs/*/*/seed_0")
    names = ("bound", "linear_probe", "conditioning")
    started = [
        subprocess.Popen(
            command("evaluate.py", f"--run={run}", f"--evaluate={name}"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(),
        )
        for name in names
    ]  # fmt: skip
    said = [one.communicate(timeout=600) for one in started]
    assert [one.returncode for one in started] == [0, 0, 0], said
    expected = sum(len(output.strip().splitlines()) - 1 for output, _ in said)
    assert len((run / "evaluation.jsonl").read_text().splitlines()) == expected


@pytest.mark.slow
def test_a_second_process_on_the_same_run_is_refused(tmp_path):
    # So long that it is at work when it is stopped.
    settings = (*SETTINGS, "train.steps=200000")
    first = Sweep(tmp_path, "--seeds=1", "--jobs=1", "--threads=1", settings=settings)
    first.wait_for(STEP_MARK, 2)
    os.kill(first.process.pid, signal.SIGSTOP)
    second = Sweep(tmp_path, "--seeds=1", "--jobs=1", "--threads=1", settings=settings)
    assert second.end() == 2, second.said()
    assert "is being written by another process. Wait for its end" in second.said()
    os.kill(first.process.pid, signal.SIGCONT)
    os.kill(first.process.pid, signal.SIGTERM)
    assert first.end() == 143, first.said()


# ---- Within this process, for the default run. ---------------------------------------------------


def test_a_signal_is_noticed_while_python_waits_and_is_obeyed_once():
    told = []
    with Interruption() as interruption:
        assert current() is interruption
        with interruption.telling(lambda: told.append(threading.current_thread())):
            os.kill(os.getpid(), signal.SIGTERM)
            deadline = time.monotonic() + 5
            while not told and time.monotonic() < deadline:
                time.sleep(0.01)
        assert len(told) == 1 and interruption.signal == signal.SIGTERM
        assert interruption.exit_code == 143
        with pytest.raises(Interrupted), interruption.breakable():
            pytest.fail("work was begun after a signal")
        # Told at once, when it is late.
        with interruption.telling(lambda: told.append(None)):
            pass
        assert len(told) == 2
    assert current() is not interruption and current().signal is None
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.fixture
def caught_signals():
    """Signals as in a terminal: a shell lets its background jobs ignore Ctrl-C."""
    numbers = (signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("caught_signals")
def test_a_second_ctrl_c_does_not_wait_and_breakable_work_is_broken():
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
    with Interruption() as interruption, pytest.raises(Interrupted), interruption.breakable():
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(5)
    assert interruption.exit_code == 129
    # As C code does it that calls Python.
    with Interruption() as interruption, pytest.raises(Interrupted), interruption.breakable():
        try:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(5)
        except Interrupted:
            raise TypeError from None
    with Interruption() as interruption, pytest.raises(TypeError), interruption.breakable():
        raise TypeError


def test_ignored_signals_stay_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.05)
            assert interruption.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)
