"""What is said to be left of a sweep, against the work that its runs have ahead."""

import pytest

from tests.tiny import plan_tiny
from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.running.sweep_pace import SweepPace


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def finish(run):
    directory = RunDirectory(run.directory, run.experiment)
    with directory.locked():
        directory.note_status("finished")


def plan(tmp_path, seeds):
    return plan_tiny(
        tmp_path, "critic_impact", "critic=bilinear", f"seeds={seeds}", "train.steps=40"
    )


def test_equal_runs_take_as_long_as_those_before(tmp_path, clock):
    runs = plan(tmp_path, "0,1,2,3")
    pace = SweepPace(runs, clock)
    left = []
    for run in runs:
        clock.now += 10.0
        left.append(pace.ended(run))
    assert left == [30.0, 20.0, 10.0, 0.0]


def test_runs_that_had_finished_before_say_nothing(tmp_path, clock):
    runs = plan(tmp_path, "0,1,2,3")
    finish(runs[0])
    pace = SweepPace(runs, clock)
    clock.now = 0.5
    assert pace.ended(runs[0]) is None
    clock.now = 10.0
    assert pace.ended(runs[1]) == 20.0


def test_a_run_that_goes_on_has_the_rest_of_its_steps_to_do(tmp_path, clock):
    runs = plan(tmp_path, "0,1,2")
    for step in (10, 30):
        path = runs[0].directory / "checkpoints" / f"step-{step}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    pace = SweepPace(runs, clock)
    clock.now = 5.0
    # A quarter of a run in five seconds, and two runs ahead.
    assert pace.ended(runs[0]) == 40.0


def test_several_at_a_time_are_done_as_many_times_faster(tmp_path, clock):
    runs = plan(tmp_path, "0,1,2,3")
    pace = SweepPace(runs, clock)
    clock.now = 10.0
    assert pace.ended(runs[1]) == 30.0
    assert pace.ended(runs[0]) == 10.0


def test_all_had_finished_before(tmp_path, clock):
    runs = plan(tmp_path, "0,1")
    for run in runs:
        finish(run)
    pace = SweepPace(runs, clock)
    assert [pace.ended(run) for run in runs] == [0.0, 0.0]
