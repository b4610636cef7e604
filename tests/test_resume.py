"""A run that is killed, at whatever moment, goes on and gives the very rows it would have given.

First within this process, where the moment of death can be chosen between any two writes, and the
tail of the rows file and a half-written checkpoint can be lost as a power cut loses them. Then for
real: SIGKILL to a training process and to its workers, and the same command again.
"""

import dataclasses
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.tiny import TINY, determinism_undone, plan_tiny
from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.results.rows import RowWriter
from tf_infomax.running.run import FINISHED, execute
from tf_infomax.training.checkpoints import Checkpoints
from tf_infomax.training.loop import StepLoop

ROOT = Path(__file__).parents[1]


class Killed(BaseException):
    """Not an Exception: nothing in the package may catch it."""


class Reaper:
    """Kills the run at the n-th of its moments: before or after any write, step or measurement."""

    def __init__(self, monkeypatch, rng):
        self._rng = rng
        self.moments = 0
        self.last = None
        self._wrap(monkeypatch, StepLoop, "run")
        self._wrap(monkeypatch, RowWriter, "append")
        self._wrap(monkeypatch, RowWriter, "truncate")
        self._wrap(monkeypatch, Checkpoints, "restore")
        self._wrap(monkeypatch, Checkpoints, "note_measured")
        self._wrap(monkeypatch, RowWriter, "flush", after=self._note_synced)
        self._wrap(monkeypatch, Checkpoints, "save", before=self._half_a_checkpoint)
        monkeypatch.setattr(RowWriter, "__exit__", lambda *arguments: self._exit(*arguments))
        get = evaluators.get

        def measured(snapshot, evaluator, options):
            for measurement in evaluator(snapshot, **options):
                yield measurement
                self._tick()

        monkeypatch.setattr(
            evaluators,
            "get",
            lambda name: lambda snapshot, **options: measured(snapshot, get(name), options),
        )

    def strike_at(self, moment):
        """The next run dies at its ``moment``-th moment; ``None`` lets it live."""
        self.moments, self.last = 0, moment

    def _tick(self, parting=None):
        self.moments += 1
        if self.moments == self.last:
            if parting is not None:
                parting()
            raise Killed

    def _wrap(self, monkeypatch, owner, name, before=None, after=None):
        original = getattr(owner, name)

        def wrapped(this, *arguments):
            self._tick(before and (lambda: before(this, *arguments)))
            result = original(this, *arguments)
            if after is not None:
                after(this, result)
            self._tick()
            return result

        monkeypatch.setattr(owner, name, wrapped)

    def _half_a_checkpoint(self, checkpoints, step, row_bytes):
        folder = checkpoints.directory
        folder.mkdir(exist_ok=True)
        for end in ("index", "data-00000-of-00001", "json"):
            (folder / f"unfinished-{step}.{end}").write_bytes(self._rng.randbytes(40))

    @staticmethod
    def _note_synced(writer, length):
        writer.synced = length

    def _exit(self, writer, kind, *_):
        if kind is not Killed:
            return writer.close()
        # What was not synced may be on the disk wholly, in part, or not at all.
        writer._file.flush()
        length = os.fstat(writer._file.fileno()).st_size
        kept = min(getattr(writer, "synced", length), length)
        os.truncate(writer.path, self._rng.randint(kept, length))
        writer._file.close()


def rows_of(workdir):
    """Relative path -> bytes, of all rows files of runs."""
    found = sorted(workdir.glob("runs/**/rows.jsonl"))
    return {str(path.relative_to(workdir)): path.read_bytes() for path in found}


def weights_of(run):
    reader = tf.train.load_checkpoint(str(run.directory / "checkpoints"))
    names = [name for name in reader.get_variable_to_shape_map() if "OBJECT_GRAPH" not in name]
    return {name: np.asarray(reader.get_tensor(name)).tobytes() for name in names}


# Periods without a common divisor: a death between two boundaries of any kind.
PERIODS = (
    "steps=11", "log_every=3", "checkpoint_every=4", "evaluate.linear_probe.every=5",
)


@pytest.mark.parametrize(
    ("name", "settings", "deaths"),
    [
        # With noise; the bound on pairs has more moments than the Jacobian, and takes less time.
        ("non_invertible", (*PERIODS, "evaluate.bound.every=2"), 2),
        pytest.param(
            "non_invertible", (*PERIODS, "evaluate.bound.every=2"), 5, marks=pytest.mark.slow
        ),
        # Killed in the warm-up, too.
        pytest.param(
            "adversarial", (*PERIODS, "evaluate.invertibility.every=50"), 4,
            marks=pytest.mark.slow,
        ),
        # Compiled anew after every death.
        pytest.param(
            "critic_impact", (*PERIODS, "evaluate.bound.every=50", "jit_compile=yes"), 4,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_killed_at_any_moment_it_gives_the_same_rows_and_weights(
    name, settings, deaths, tmp_path, monkeypatch
):
    rng = random.Random(f"{name} 1")
    reaper = Reaper(monkeypatch, rng)

    def run_in(folder):
        (run,) = plan_tiny(tmp_path / folder, name, *settings)
        kept = tuple(one for one in run.experiment.evaluate if one.name != "conditioning")
        return dataclasses.replace(
            run, experiment=dataclasses.replace(run.experiment, evaluate=kept)
        )

    with determinism_undone():
        unharmed = run_in("unharmed")
        assert execute(unharmed) == FINISHED
        expected, moments = rows_of(tmp_path / "unharmed"), reaper.moments
        assert moments > 60
        killed = run_in("killed")
        # One early death each, then anywhere; the last run is left alone.
        strikes = [rng.randint(1, 8), *(rng.randint(1, moments) for _ in range(deaths - 1)), None]
        died = 0
        for strike in strikes:
            reaper.strike_at(strike)
            try:
                assert execute(killed) == FINISHED
            except Killed:
                died += 1
                assert strike is not None
        assert died >= 2
    assert rows_of(tmp_path / "killed") == expected
    assert weights_of(killed) == weights_of(unharmed)


# ---- For real. -----------------------------------------------------------------------------------


class Training:
    """A real training process, its lines on standard error read as they come."""

    def __init__(self, workdir, name, settings, *flags):
        self.workdir = workdir
        self._process = subprocess.Popen(
            [
                sys.executable, str(ROOT / "launch/run_experiment.py"), f"--experiment={name}",
                f"--workdir={workdir}", *flags,
                *(f"--set={setting}" for setting in (*TINY[name], *settings)),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        )
        self.group = self._process.pid
        self.lines = []
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stderr:
            with self._grown:
                self.lines.append(line)
                self._grown.notify()

    def after_steps(self, count, delay):
        """Waits for ``count`` lines of progress and ``delay`` seconds more."""

        def is_due():
            return (
                sum("] step " in line for line in self.lines) >= count
                or self._process.poll() is not None
            )

        with self._grown:
            while not is_due():
                self._grown.wait(0.2)
        time.sleep(delay)

    def kill(self, whole_group):
        """SIGKILL; returns whether there was still something to kill."""
        was_alive = self._process.poll() is None
        if was_alive:
            (os.killpg if whole_group else os.kill)(self.group, signal.SIGKILL)
        self._process.wait()
        return was_alive

    def survivors(self, seconds=20):
        """Processes of its group that are neither gone nor zombies, ``seconds`` later at most."""
        deadline = time.monotonic() + seconds
        while self._running() and time.monotonic() < deadline:
            time.sleep(0.1)
        return self._running()

    def _running(self):
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(group) == self.group and state not in "ZX":
                found.append(int(stat.parent.name))
        return found

    def finish(self):
        """Waits for the end; returns the exit code."""
        code = self._process.wait(timeout=900)
        self._reader.join(timeout=20)
        return code


# Long enough for deaths in the midst of it: a boundary every other step or so.
LONG = (
    "steps=80", "log_every=5", "checkpoint_every=7", "evaluate.linear_probe.every=10",
)


@pytest.mark.slow
def test_killed_for_real_with_two_workers(tmp_path):
    """The parent dies; its workers follow; the sweep goes on. One of its three runs must fail."""
    settings = (*LONG, "evaluate.bound.every=5", "learning_rate=1e-3,1e-2,1e12")
    unharmed = Training(tmp_path / "unharmed", "critic_impact", settings, "--jobs=2")
    assert unharmed.finish() == 3, "".join(unharmed.lines)
    ends = [line for line in unharmed.lines if "stopped by a non-finite loss" in line]
    assert len(ends) == 1 and "learning_rate_1e+12" in ends[0]
    expected = rows_of(tmp_path / "unharmed")
    assert len(expected) == 3

    rng = random.Random(3)
    killed = Training(tmp_path / "killed", "critic_impact", settings, "--jobs=2")
    killed.after_steps(rng.randint(6, 30), rng.uniform(0, 0.3))
    assert killed.kill(whole_group=False), "the kill came too late"
    assert not killed.survivors(), "workers outlive their parent"
    left = rows_of(tmp_path / "killed")
    assert left != expected
    time.sleep(1)
    assert rows_of(tmp_path / "killed") == left

    again = Training(tmp_path / "killed", "critic_impact", settings, "--jobs=2")
    assert again.finish() == 3, "".join(again.lines)
    assert rows_of(tmp_path / "killed") == expected
    merged = [(tmp_path / name / "rows.jsonl").read_bytes() for name in ("unharmed", "killed")]
    assert merged[0] == merged[1] and merged[0].count(b"\n") > 80


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings", "flags", "deaths"),
    [
        ("critic_impact", (*LONG, "evaluate.bound.every=5", "bound=infonce,nwj"), ["--jobs=2"], 3),
        ("adversarial", (*LONG, "evaluate.invertibility.every=10"), ["--jobs=1"], 3),
        (
            "non_invertible",
            (
                # So long that three deaths find it alive, on fast machines, too.
                *LONG, "steps=400", "evaluate.bound.every=5", "evaluate.conditioning.every=50",
                "jit_compile=yes",
            ),
            ["--jobs=1"],
            3,
        ),
    ],
)
def test_killed_for_real_again_and_again(name, settings, flags, deaths, tmp_path):
    unharmed = Training(tmp_path / "unharmed", name, settings, *flags)
    assert unharmed.finish() == 0, "".join(unharmed.lines)
    expected = rows_of(tmp_path / "unharmed")
    rng = random.Random(name)
    hits = 0
    for death in range(deaths):
        killed = Training(tmp_path / "killed", name, settings, *flags)
        # The first death comes while things start, at a moment counted in seconds.
        killed.after_steps(0 if death == 0 else rng.randint(1, 12), rng.uniform(0, 0.3))
        time.sleep(rng.uniform(0, 15) if death == 0 else 0)
        hits += killed.kill(whole_group=True)
        assert not killed.survivors()
        if rows_of(tmp_path / "killed") == expected:
            break
    assert hits >= 2
    again = Training(tmp_path / "killed", name, settings, *flags)
    assert again.finish() == 0, "".join(again.lines)
    assert rows_of(tmp_path / "killed") == expected
