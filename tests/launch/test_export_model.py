"""``launch/export_model.py`` as a user starts it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.launch.launchers import called, loaded
from tests.tiny import determinism_undone, plan_tiny
from tf_infomax.running.run import FINISHED, execute, restore

ROOT = Path(__file__).parents[2]
LAUNCHER = ROOT / "launch/export_model.py"


@pytest.fixture(scope="module")
def run_directory(tmp_path_factory):
    (run,) = plan_tiny(tmp_path_factory.mktemp("work"), "encoder_impact")
    with determinism_undone():
        assert execute(run) == FINISHED
    return run.directory


def start(*arguments, cwd):
    return subprocess.run(
        [sys.executable, str(LAUNCHER), *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_the_printed_lines_load_the_export(run_directory, tmp_path):
    # An earlier export is in the place, and is replaced. Relative paths are the user's.
    (tmp_path / "out/model/variables").mkdir(parents=True)
    card = tmp_path / "out/model/card.json"
    card.write_text('{"format": "tf_infomax export", "experiment": "former"}', encoding="utf-8")
    relative = os.path.relpath(run_directory, tmp_path)
    done = start(f"--run={relative}", "--output=out/model", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path / "out") == ["model"]
    assert json.loads(card.read_text(encoding="utf-8"))["experiment"] == "encoder_impact"
    lines = done.stdout.splitlines()
    assert lines[0] == f"Export: {tmp_path / 'out/model'}"
    assert "  encode: view [any, 32] -> code [any, 8]" in lines
    assert "  score: view_1 [any, 32], view_2 [any, 32] -> scores [any, any]" in lines
    view = tf.constant(np.random.default_rng(0).random((3, 32), np.float32))
    names = {"view": view}
    exec("\n".join(line.strip() for line in lines[-3:]), names)
    trial, _ = restore(run_directory)
    np.testing.assert_allclose(names["code"], trial.encoder(view), atol=1e-5)


def test_mistaken_directories_are_answered_at_once(run_directory, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with loaded(LAUNCHER) as launcher:
        for run, words in (
            (run_directory.parents[3], ("the work directory", str(run_directory))),
            ("nowhere", ("Expected the directory of one run", "nowhere")),
        ):
            assert called(launcher, f"--run={run}") == 2
            output, errors = capsys.readouterr()
            assert errors.startswith("export_model: ") and errors.count("\n") == 1, errors
            assert output == "" and all(word in errors for word in words), errors
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_refusal_after_tensorflow_was_imported_is_still_one_sentence(run_directory, tmp_path):
    (tmp_path / "mine").touch()
    done = start(f"--run={run_directory}", f"--output={tmp_path}", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == "", done.stderr
    (line,) = done.stderr.splitlines()
    assert "new folder, or an earlier export" in line and "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == ["mine"]
