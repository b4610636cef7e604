"""Whose a run directory is, and that one process at a time writes it."""

import fcntl
import json
import os

import pytest

from tests.tiny import tiny
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.naming.json_files import write_json
from tf_infomax.running import run_directory
from tf_infomax.running.run_directory import RunDirectory, differences


def directory(path, *settings):
    return RunDirectory(path / "seed_0", tiny("critic_impact", *settings).runs()[0][2])


def test_a_new_directory_is_claimed_and_found_again(tmp_path):
    made = directory(tmp_path)
    made.check()
    assert not made.path.exists()
    with made.locked():
        assert json.loads(made.description.read_text()) == made.experiment.to_dict()
    made.check()
    with made.locked():
        pass
    made.checkpoints.mkdir()
    assert RunDirectory.open(made.path).experiment == made.experiment


def test_no_run_cannot_be_opened(tmp_path):
    with directory(tmp_path).locked():
        pass
    for path in (tmp_path, tmp_path / "none", tmp_path / "seed_0"):  # the last: no checkpoints
        with pytest.raises(FileNotFoundError, match=rf"directory of one run.*Received: {path}\."):
            RunDirectory.open(path)


def test_files_of_others_are_left_alone(tmp_path):
    foreign = directory(tmp_path)
    foreign.path.mkdir()
    (foreign.path / "thesis.tex").write_text("important")
    with pytest.raises(ValueError, match=r"holds files that are no run of this package\. Choose"):
        foreign.check()
    with pytest.raises(ValueError, match="no run of this package"), foreign.locked():
        pytest.fail("claimed a foreign directory")
    assert not foreign.description.exists()


def test_what_a_killed_start_leaves_behind_is_no_obstacle(tmp_path):
    started = directory(tmp_path)
    started.path.mkdir()
    (started.path / ".lock").touch()
    (started.path / "experiment.json.partial").write_text('{"name": "crit')
    started.check()
    with started.locked():
        pass
    assert json.loads(started.description.read_text())["name"] == "critic_impact"
    assert not (started.path / "experiment.json.partial").exists()


def test_changed_settings_are_named_with_both_values(tmp_path):
    with directory(tmp_path).locked():
        pass
    later = directory(tmp_path, "steps=20", "layer_dimensions=16,4", "jit_compile=no")
    for claim in (later.check, later.locked().__enter__):
        with pytest.raises(ValueError) as raised:
            claim()
        message = str(raised.value)
        assert message.startswith(f"{later.path} holds a run with other settings (")
        for change in (
            "train.steps was 12, is 20",
            "encoder.options.layer_dimensions[1] was 8, is 4",
            "train.jit_compile was 'auto', is 'no'",
        ):
            assert change in message
        assert message.count(", is ") == 3 and "\n" not in message
    assert json.loads(later.description.read_text())["train"]["steps"] == 12


def test_more_steps_are_taken_over_only_if_asked_for(tmp_path):
    begun = directory(tmp_path)
    with begun.locked():
        begun.note_status("finished")
    longer = directory(tmp_path, "steps=20")
    with pytest.raises(ValueError, match=r"train\.steps was 12, is 20.*, add --train_further\."):
        longer.check()
    assert not longer.is_finished and begun.is_finished
    experiment = longer.experiment
    longer = RunDirectory(longer.path, experiment, train_further=True)
    longer.check()
    assert json.loads(longer.description.read_text())["train"]["steps"] == 12
    with longer.locked():
        assert json.loads(longer.description.read_text()) == experiment.to_dict()
        assert longer.status["status"] == "to be trained further" and not longer.is_finished
    # From now on it is the longer run, asked for or not.
    RunDirectory(longer.path, experiment).check()


@pytest.mark.parametrize("settings", [("steps=11",), ("steps=20", "log_every=5"), ("log_every=5",)])
def test_nothing_else_may_differ_in_a_longer_run(settings, tmp_path):
    with directory(tmp_path).locked():
        pass
    other = directory(tmp_path, *settings)
    with pytest.raises(ValueError, match=r"other settings \(.*, or another work directory\.$"):
        RunDirectory(other.path, other.experiment, train_further=True).check()


def test_where_the_length_decides_the_pairs_no_run_is_longer(tmp_path):
    (staircase,) = catalog.get("staircase")

    def stairs(steps):
        (_, _, spec), *_ = override(staircase, [f"steps={steps}", "evaluate=none"]).runs()
        return RunDirectory(tmp_path / "seed_0", spec, train_further=True)

    with stairs(10).locked():
        pass
    with pytest.raises(ValueError, match=r"train\.steps was 10, is 20"):
        stairs(20).check()


def test_differences():
    assert differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) == []
    assert differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == ["a[1].b was 2, is 3"]
    assert differences({"a": [1, 2]}, {"a": [1]}) == ["a was [1, 2], is [1]"]
    assert differences({"a": None}, {"a": {"b": 1}, "c": 0}) == [
        "a was None, is {'b': 1}", "c was None, is 0",
    ]
    # JSON has lists where experiments have tuples: plain data are compared.
    assert differences({"a": 1}, {"a": 1.0}) == []


def test_one_process_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(run_directory, "_LOCK_SECONDS", 0.15)
    first, second = directory(tmp_path), directory(tmp_path)
    busy = pytest.raises(ValueError, match=r"seed_0 is being written by another process\.")
    with first.locked(), busy:
        second.locked().__enter__()
    with second.locked():
        pass
    # Released however the block ends.
    with pytest.raises(KeyboardInterrupt), first.locked():
        raise KeyboardInterrupt
    with open(first.path / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_json_is_written_in_one_move(tmp_path, monkeypatch):
    path = tmp_path / "some.json"
    write_json(path, {"a": 1})

    def killed(*names):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}
    with pytest.raises(ValueError):
        write_json(path, {"a": float("nan")})
    assert json.loads(path.read_text()) == {"a": 1}
