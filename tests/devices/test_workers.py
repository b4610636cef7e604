"""Worker processes: who writes, what happens when one dies or is asked to stop, and going on."""

import json
import signal
import time

import pytest

from tests.devices.loopback import Workers
from tests.devices.test_equalities import rows_of
from tests.tiny import TINY

pytestmark = pytest.mark.slow

_FLAGS = [
    "launch/run_experiment.py", "--experiment=critic_impact", "--strategy=multi_worker",
    *(f"--set={one}" for one in TINY["critic_impact"]),
    "--set=train.checkpoint_every=25", "--set=train.log_every=25",
    "--set=evaluate.linear_probe.every=1500", "--set=evaluate.bound.every=1500",
]  # fmt: skip
_LOST = "Another worker has ended or cannot be reached; start the same command on all workers"


def command(workdir, steps=1500):
    return [*_FLAGS, f"--set=train.steps={steps}", f"--workdir={workdir}"]


def wait_for_a_checkpoint(workdir, workers, least=50, seconds=200):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        steps = [int(path.stem.split("-")[1]) for path in workdir.rglob("step-*.json")]
        if max(steps, default=0) >= least:
            return
        assert all(one.poll() is None for one in workers.processes)
        time.sleep(0.05)
    raise AssertionError("no checkpoint")


def status_of(workdir):
    (path,) = workdir.rglob("status.json")
    return json.loads(path.read_text())["status"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("undisturbed")
    with Workers(2, command(workdir)) as workers:
        assert [code for code, _ in workers.ended()] == [0, 0]
    return rows_of(workdir)


@pytest.mark.parametrize(
    ("place", "number", "codes"),
    [
        pytest.param(1, signal.SIGKILL, [4, -9], id="the second is killed"),
        pytest.param(0, signal.SIGKILL, [-9, 4], id="the first is killed"),
        pytest.param(1, signal.SIGTERM, [143, 143], id="the second is asked to stop"),
    ],
)
def test_all_end_and_go_on_from_the_checkpoint(place, number, codes, undisturbed, tmp_path):
    with Workers(2, command(tmp_path)) as workers:
        wait_for_a_checkpoint(tmp_path, workers)
        began = time.monotonic()
        workers.processes[place].send_signal(number)
        ended = workers.ended()
        assert time.monotonic() - began < 60
    assert [code for code, _ in ended] == codes
    assert "Traceback" not in "".join(errors for _, errors in ended)
    if number == signal.SIGKILL:
        (line,) = [line for line in ended[1 - place][1].splitlines() if _LOST in line]
        assert line.startswith("run_experiment: ")
    assert status_of(tmp_path) != "finished"
    with Workers(2, command(tmp_path)) as workers:
        assert [code for code, _ in workers.ended()] == [0, 0]
    assert status_of(tmp_path) == "finished"
    assert rows_of(tmp_path) == undisturbed


def test_other_flags_or_a_foreign_directory_end_all(tmp_path):
    with Workers(2, command(tmp_path / "a"), {1: ["--set=learning_rate=0.5"]}) as workers:
        (first, _), (second, errors) = workers.ended()
    assert (first, second) == (4, 2)
    assert "All workers are started with the same flags, data and versions" in errors
    foreign = tmp_path / "b"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("important")
    with Workers(2, command(foreign)) as workers:
        (first, errors), (second, others) = workers.ended()
    assert (first, second) == (2, 4)
    assert "holds no runs of this package" in errors and _LOST in others


def test_a_worker_whose_siblings_do_not_come_ends(tmp_path):
    with Workers(2, [*command(tmp_path), "--patience=10"]) as workers:
        workers.processes[0].kill()
        _, (code, errors) = workers.ended()
    assert code == -signal.SIGALRM
    assert "Waits for the other workers, 10 seconds at most." in errors
