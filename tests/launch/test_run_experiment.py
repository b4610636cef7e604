"""``launch/run_experiment.py`` as a user starts it.

What is wrong with a command is said in one sentence, with exit code 2, before any work.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absl import flags

from tests.launch.launchers import called, loaded
from tests.tiny import TINY
from tf_infomax.commands import run_experiment
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.results.rows import read_rows
from tf_infomax.running import sweep

ROOT = Path(__file__).parents[2]
LAUNCHER = ROOT / "launch/run_experiment.py"


def flags_of(name, *settings):
    return [f"--experiment={name}", *(f"--set={one}" for one in (*TINY[name], *settings))]


def start(*arguments):
    return subprocess.run(
        [sys.executable, str(LAUNCHER), *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def launcher():
    """The launcher as a module of this process."""
    with loaded(LAUNCHER) as module:
        yield module


@pytest.fixture
def refusal(launcher, capsys, monkeypatch):
    """Starts the launcher in this process with arguments that it must refuse."""
    monkeypatch.setattr(sweep, "run_all", lambda *_: pytest.fail("training was started"))

    def refusal(*arguments):
        assert called(launcher, *arguments) == 2
        output, errors = capsys.readouterr()
        assert output == ""
        return one_sentence(errors)

    return refusal


def one_sentence(errors):
    """The refusal, which may follow lines that say what is about to be run."""
    *before, line = errors.strip().splitlines()
    assert all(text.startswith("[") for text in before), before
    assert line.startswith("run_experiment: ") and line.endswith("."), line
    assert "Traceback" not in line
    return line.removeprefix("run_experiment: ")


def test_mistakes_that_need_no_tensorflow_are_answered_at_once(refusal, tmp_path, monkeypatch):
    monkeypatch.setattr(
        run_experiment, "import_tensorflow", lambda: pytest.fail("TensorFlow was loaded")
    )
    work = f"--workdir={tmp_path / 'w'}"
    for arguments, words in (
        (["--experiment=critic_imapct"], ["'critic_imapct'", "Did you mean 'critic_impact'"]),
        (["--experiment=critic_impact", "--set=train.stpes=3"], ["Nearest: train.steps"]),
        (["--experiment=critic_impact", "train.steps=3"], ["--set=path=value", "'train.steps=3'"]),
        (["--experiment=critic_impact", "--seeds=0"], ["--seeds must be 1 or more", "0"]),
        (["--experiment=critic_impact", "--seeds=2", "--set=seeds=5"],
         ["give one of the two", "--seeds=2 and --set=seeds=5"]),
        (["--experiment=critic_impact", "--set=data=cifar-10"], ["Did you mean 'cifar10'"]),
    ):
        message = refusal(work, *arguments)
        assert all(word in message for word in words), message
    # And as a process.
    done = start(work, *arguments)
    assert done.returncode == 2 and done.stdout == "", done.stderr
    assert one_sentence(done.stderr) == message
    assert not (tmp_path / "w").exists()


def test_data_and_work_directory_are_looked_at_before_tensorflow_is_loaded(
    refusal, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        run_experiment, "import_tensorflow", lambda: pytest.fail("TensorFlow was loaded")
    )
    file, work = tmp_path / "file", f"--workdir={tmp_path / 'w'}"
    file.touch()
    tiny = flags_of("critic_impact")
    assert "must be a directory" in refusal(*tiny, f"--workdir={file}")
    assert "cannot be written" in refusal(*tiny, f"--workdir={file / 'below'}")
    for data, words in (
        ("mnits", "Did you mean 'mnist'"),
        ("mnist", f"{file} is a file, not a folder"),
        ("cifar100:3.0.0", "'cifar100:3.0.0' is not here"),
        (tmp_path / "none.npz", "There is no such file"),
        (tmp_path / "none", "does not exist"),
        (file, "is a file"),
    ):
        assert words in refusal(*tiny, work, f"--set=data={data}", f"--data_dir={file}")
    # Nothing is left of what was refused.
    assert not (tmp_path / "w").exists()


def test_what_begins_is_told_before_anything_that_takes_seconds(
    launcher, tmp_path, capsys, monkeypatch
):
    told = []
    monkeypatch.setattr(
        run_experiment, "import_tensorflow", lambda: told.append(capsys.readouterr().err)
    )
    monkeypatch.setattr(sweep, "plan", lambda *_: pytest.fail("enough"))
    # As if MNIST were here.
    monkeypatch.setattr(run_experiment.datasets, "check", lambda *_: None)
    # Two hours for six runs, by the catalogue: three seeds take three times that.
    for arguments, line in (
        (["--seeds=3"], "18 runs of 21,000 steps on mnist; ~6 h of CPU time in all, as a rough "
                        "guess"),
        (["--preset=short", "--set=data=digits"], "6 runs of 2,000 steps on digits"),
    ):
        flags.FLAGS.unparse_flags()
        arguments = ["--experiment=critic_impact", f"--workdir={tmp_path}", *arguments]
        left = flags.FLAGS([str(LAUNCHER), *arguments])
        with pytest.raises(pytest.fail.Exception, match="enough"):
            launcher.main(left)
        assert told.pop().startswith(f"[critic_impact] {line}\n")


def test_the_work_directory(refusal, tmp_path):
    file, foreign = tmp_path / "file", tmp_path / "foreign"
    file.write_text("important")
    foreign.mkdir()
    (foreign / "thesis.tex").touch()
    tiny = flags_of("critic_impact")
    assert "must be a directory" in refusal(*tiny, f"--workdir={file}")
    assert "holds no runs of this package" in refusal(*tiny, f"--workdir={foreign}")
    for path in (file / "below", "/proc/none"):
        assert f"{path} cannot be written" in refusal(*tiny, f"--workdir={path}")


def test_changed_settings(refusal, launcher, tmp_path):
    runs = tmp_path / "runs/critic_impact/bilinear-infonce/seed_0"
    runs.mkdir(parents=True)
    (planned,) = sweep.plan([override(catalog.get("critic_impact")[0],
                                               TINY["critic_impact"])], tmp_path / "other")
    (runs / "experiment.json").write_text(json.dumps(planned.experiment.to_dict()))
    message = refusal(*flags_of("critic_impact", "steps=99"), f"--workdir={tmp_path}")
    assert "train.steps was 12, is 99" in message


def test_the_data(refusal, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    work = f"--workdir={tmp_path / 'w'}"
    missing = flags_of("critic_impact", "data=mnist")
    message = refusal(*missing, work, f"--data_dir={empty}")
    assert "'mnist' is not here" in message and "--download" in message and "digits" in message
    assert "odd height" in refusal(
        *flags_of("critic_impact", npz(tmp_path, "flat", np.zeros((40, 1, 4), np.uint8))), work
    )
    holes = np.full((40, 4, 4), np.nan, np.float32)
    assert "must be finite" in refusal(
        *flags_of("critic_impact", npz(tmp_path, "holes", holes)), work
    )


def npz(folder, name, images):
    labels = np.arange(len(images)) % 3
    np.savez(folder / name, x_train=images, y_train=labels, x_test=images, y_test=labels)
    return f"data={folder / name}.npz"


def test_names_and_options(refusal, tmp_path):
    work = f"--workdir={tmp_path / 'w'}"
    for setting, words in (
        ("critic=bilinaer", "Did you mean 'bilinear'"),
        ("bound=infonec", "Did you mean 'infonce'"),
        ("encoder.layer_dimension=3", "Nearest: layer_dimensions"),
        ("batch_size=1", "train.batch_size must be 2 or more"),
        ("steps=-1", "train.steps must be 0 or more"),
        ("seeds=0,0", "0 would be counted twice"),
    ):
        assert words in refusal(*flags_of("critic_impact", setting), work)


@pytest.mark.slow
def test_a_refusal_after_tensorflow_was_imported_is_still_one_sentence(tmp_path):
    done = start(*flags_of("critic_impact", "batch_size=1500"), f"--workdir={tmp_path / 'w'}")
    assert done.returncode == 2 and done.stdout == "", done.stderr
    assert one_sentence(done.stderr) == (
        "digits has 1437 training images. Received: train.batch_size=1500."
    )
    assert not list(tmp_path.rglob("rows.jsonl"))


@pytest.mark.slow
def test_a_run_prints_its_progress_a_table_and_where_the_report_is(tmp_path):
    settings = ("seeds=5", "data=digits", "encoder.activation=tanh")
    done = start(*flags_of("critic_impact", *settings), f"--workdir={tmp_path}", "--jobs=1")
    assert done.returncode == 0, done.stderr
    announced, loads, *progress = done.stderr.splitlines()
    assert announced == "[critic_impact] 1 run of 12 steps on digits"
    assert loads.startswith("[critic_impact] loads TensorFlow")
    name = "[critic_impact bilinear-infonce seed 5]"
    assert progress[0] == f"{name} step 0/12: measures linear_probe, bound first"
    # What the run will cost is told between the measurements.
    assert [line.split("  ")[0] for line in progress if "  " in line] == [
        f"{name} step {step}/12" for step in (0, 4, 6, 8, 12)
    ]
    assert all(word in progress[-1] for word in ("accuracy 0.", "nats", "left 0:00:00"))
    table, report = done.stdout.splitlines()[:-1], done.stdout.splitlines()[-1]
    assert "1 of 1 runs ended" in table[0]
    assert any(line.split()[:2] == ["critic_impact", "bilinear-infonce"] for line in table)
    assert report == f"Report: {tmp_path / 'report.html'}"
    assert (tmp_path / "report.html").read_text().lstrip().lower().startswith("<!doctype html")
    merged = (tmp_path / "rows.jsonl").read_text()
    (run,) = tmp_path.glob("runs/critic_impact/bilinear-infonce/seed_5")
    assert (run / "rows.jsonl").read_text() == merged
    assert {row.seed for row in read_rows(tmp_path)} == {5}
    assert list((run / "events").iterdir()) and list((run / "checkpoints").glob("step-12.index"))
    described = json.loads((run / "experiment.json").read_text())
    assert described["encoder"]["options"]["activation"] == "tanh"
