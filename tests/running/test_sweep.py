"""Many runs in one work directory: what is planned, what is refused, how it ends."""

import dataclasses
import json
import os
import threading
import time

import numpy as np
import pytest

from tests.tiny import determinism_undone, plan_tiny
from tf_infomax.data import DatasetWarning
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.results.rows import read_rows
from tf_infomax.running import run as run_module
from tf_infomax.running import sweep, worker
from tf_infomax.running.build import load_images
from tf_infomax.running.run import FINISHED, NON_FINITE, execute
from tf_infomax.running.run_directory import RunDirectory


@pytest.fixture(scope="module", autouse=True)
def _leave_no_determinism():
    with determinism_undone():
        yield


def test_the_plan_lists_every_variant_and_seed_and_writes_no_rows(tmp_path):
    runs = plan_tiny(tmp_path, "critic_impact", "critic=bilinear,inner_product", "seeds=0,2")
    names = ["bilinear-infonce", "inner_product-infonce"]
    assert [(run.variant, run.seed) for run in runs] == [(n, s) for n in names for s in (0, 2)]
    for run in runs:
        assert run.directory == (
            tmp_path / "runs" / "critic_impact" / run.variant / f"seed_{run.seed}"
        )
        assert run.name == f"critic_impact {run.variant} seed {run.seed}"
        assert run.experiment.sweep == () and run.experiment.seeds == (run.seed,)
    assert list(tmp_path.rglob("*")) == [tmp_path / "runs"]


def npz(path, train, test=None, labels=True):
    test = train if test is None else test
    arrays = {"x_train": train, "x_test": test}
    if labels:
        arrays["y_train"] = np.arange(len(train)) % 3
        arrays["y_test"] = np.arange(len(test)) % 3
    np.savez(path, **arrays)
    return f"data={path}"


def refused(workdir, name, *settings):
    with pytest.raises(ValueError) as raised:
        plan_tiny(workdir, name, *settings)
    message = str(raised.value)
    assert "\n" not in message
    assert not list(workdir.rglob("rows.jsonl")) if workdir.is_dir() else True
    return message


def test_data_that_do_not_fit_are_refused(tmp_path):
    pixels = np.random.default_rng(0).random((40, 6, 4)).astype(np.float32)
    good = npz(tmp_path / "good.npz", pixels)
    assert plan_tiny(tmp_path / "ok", "critic_impact", good)
    odd = npz(tmp_path / "odd.npz", pixels[:, :1])
    broken = pixels.copy()
    broken[3, 1, 1] = np.nan
    work = tmp_path / "work"
    assert "odd height" in refused(work, "critic_impact", odd)
    message = refused(work, "critic_impact", npz(tmp_path / "nan.npz", broken))
    assert "must be finite" in message and "1 NaN or infinite values of 960" in message
    assert "good.npz has 40 training images. Received: train.batch_size=41." in refused(
        work, "critic_impact", good, "batch_size=41"
    )
    few = npz(tmp_path / "few.npz", pixels, pixels[:8])
    assert "few.npz has 8 test images. Received: train.batch_size=32." in refused(
        work, "critic_impact", few
    )
    unlabelled = npz(tmp_path / "unlabelled.npz", pixels, labels=False)
    assert "a label for every image" in refused(work, "adversarial", unlabelled)
    assert "There is no such file" in refused(work, "critic_impact", f"data={tmp_path}/no.npz")


def test_unlabelled_images_are_measured_without_labels(tmp_path, capsys):
    pixels = np.random.default_rng(0).random((40, 6, 4)).astype(np.float32)
    data = npz(tmp_path / "mine.npz", pixels, labels=False)
    runs = plan_tiny(tmp_path / "work", "critic_impact", data, "critic=bilinear,concat")
    assert [[entry.name for entry in run.experiment.evaluate] for run in runs] == [["bound"]] * 2
    # Once for all runs.
    assert capsys.readouterr().err == (
        "[critic_impact] mine has no labels: without linear_probe, which cannot measure it\n"
    )
    assert execute(runs[0]) == FINISHED
    assert {row.metric for row in read_rows(runs[0].directory)} == {"bound", "train/bound"}
    # The same command goes on.
    (again, _) = plan_tiny(tmp_path / "work", "critic_impact", data, "critic=bilinear,concat")
    assert again.experiment == runs[0].experiment


def test_images_of_odd_height_lose_their_last_row(tmp_path):
    pixels = np.random.default_rng(0).random((40, 7, 5, 3)).astype(np.float32)
    data = npz(tmp_path / "odd.npz", pixels)
    with pytest.warns(DatasetWarning, match="7 rows of pixels; the last one is left out"):
        (run,) = plan_tiny(tmp_path / "work", "critic_impact", data)
        images = load_images(run.experiment)
    np.testing.assert_array_equal(images.train_images, pixels[:, :6])
    np.testing.assert_array_equal(images.test_images, pixels[:, :6])
    # Whole images keep all rows.
    whole = override(run.experiment, ["data.views=image"])
    assert load_images(whole).image_shape == (7, 5, 3)


def test_one_class_is_unlabelled_and_refused_where_labels_are_needed(tmp_path):
    pixels = np.random.default_rng(0).random((40, 6, 4)).astype(np.float32)
    labels = np.full(40, 7)
    np.savez(tmp_path / "one.npz", x_train=pixels, x_test=pixels, y_train=labels, y_test=labels)
    data = f"data={tmp_path}/one.npz"
    with pytest.warns(DatasetWarning, match="all of one class, '7'"):
        message = refused(tmp_path / "work", "adversarial", data)
    assert "a label for every image" in message and "one.npz', which has unlabelled" in message


def test_parts_that_do_not_fit_are_refused(tmp_path):
    work = tmp_path / "work"
    assert "feature_dim=3" in refused(work, "critic_impact", "critic.feature_dim=3")
    assert "all widths must be equal" in refused(work, "critic_impact", "encoder.shortcuts=true")
    assert "`kernel_initializer` must be an initializer" in refused(
        work, "critic_impact", "encoder.kernel_initializer=none"
    )
    assert "scale" in refused(work, "adversarial", "encoder.scale=exp")
    for settings in (("seeds=0,0",), ("critic=bilinear,bilinear",), ("bound=nwj,nwj",)):
        message = refused(work, "critic_impact", *settings)
        assert "must list a" in message and "would be counted twice" in message


def test_work_directories_that_cannot_be_used_are_refused(tmp_path):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("important")
    assert refused(foreign, "critic_impact") == (
        f"{foreign} is not empty and holds no runs of this package. Choose another work directory."
    )
    file = tmp_path / "file"
    file.write_text("important")
    assert refused(file, "critic_impact") == (
        f"The work directory must be a directory. Received: {file}."
    )
    # Root may write anywhere but under a file and in /proc.
    for path in (file / "below", "/proc/none"):
        message = refused(type(file)(path), "critic_impact")
        assert message.startswith(f"The work directory {path} cannot be written (")
    assert file.read_text() == "important" and list(foreign.iterdir()) == [foreign / "thesis.tex"]
    # An empty one is fine, and so is one that is not there yet.
    for path in (tmp_path / "empty", tmp_path / "a/b/c"):
        assert plan_tiny(path, "critic_impact")


def test_directories_where_files_are_to_be_written_are_refused_before_the_work(tmp_path):
    (run,) = plan_tiny(tmp_path, "critic_impact", "critic=bilinear")
    begin(run)
    for path in (
        tmp_path / "rows.jsonl", tmp_path / "report.html", run.directory / "rows.jsonl",
        run.directory / "evaluation.jsonl",
    ):
        path.mkdir()
        with pytest.raises(ValueError, match=rf"^{path} is to be .* Received: a directory\.$"):
            plan_tiny(tmp_path, "critic_impact", "critic=bilinear")
        path.rmdir()
    assert plan_tiny(tmp_path, "critic_impact", "critic=bilinear")


def begin(run):
    """Begins a run: its directory, with its experiment in it."""
    with RunDirectory(run.directory, run.experiment).locked():
        pass


def test_an_experiment_without_seeds_is_refused(tmp_path):
    without = dataclasses.replace(catalog.get("critic_impact")[0], seeds=())
    with pytest.raises(ValueError, match=r"seeds must .* 0 or more\. Received: \(\)\.$"):
        sweep.plan([without], tmp_path)


def test_a_failed_run_does_not_stop_the_others(tmp_path, capsys):
    settings = ("critic_impact", "learning_rate=1e12,1e-3", "bound.every=6", "steps=6")
    runs = plan_tiny(tmp_path, *settings)
    # As a writer leaves it that was killed.
    (tmp_path / ".writing-a.partial").touch()
    outcome = sweep.run_all(runs, tmp_path, jobs=1)
    assert not list(tmp_path.glob("*.partial"))
    assert outcome.exit_code == 3
    ends = {run.experiment.train.learning_rate: outcome.statuses[run.name] for run in runs}
    assert ends == {1e12: NON_FINITE, 1e-3: FINISHED}
    assert "2 of 2 runs ended" in capsys.readouterr().out
    merged = (tmp_path / "rows.jsonl").read_text().splitlines()
    apart = [row.to_json() for run in runs for row in read_rows(run.directory)]
    assert sorted(merged) == sorted(apart)
    assert sum("run/non_finite_loss_step" in line for line in merged) == 1
    assert outcome.report == tmp_path / "report.html" and outcome.report.stat().st_size > 1000
    described = json.loads((tmp_path / "experiment.json").read_text())
    assert described["runs"] == [run.name for run in runs]
    # Planned and run again: the same end, the same rows, the first start's time.
    again = sweep.run_all(plan_tiny(tmp_path, *settings), tmp_path, jobs=1)
    assert (again.exit_code, again.statuses) == (3, outcome.statuses)
    assert (tmp_path / "rows.jsonl").read_text().splitlines() == merged
    assert json.loads((tmp_path / "experiment.json").read_text())["started"] == described["started"]
    # Other settings in the same place are refused, with the field and both values.
    message = refused_at(tmp_path, *settings[:-1], "steps=7")
    assert "train.steps was 6, is 7" in message


def refused_at(workdir, *settings):
    with pytest.raises(ValueError) as raised:
        plan_tiny(workdir, *settings)
    return str(raised.value)


def test_a_sweep_that_measures_nothing_has_no_report(tmp_path):
    runs = plan_tiny(tmp_path, "dependent_samples", "evaluate=none", "steps=0")
    outcome = sweep.run_all(runs, tmp_path, jobs=1)
    assert (outcome.exit_code, outcome.report) == (0, None)
    assert (tmp_path / "rows.jsonl").read_text() == ""


def test_a_run_that_breaks_down_is_reported_with_its_traceback(tmp_path, monkeypatch):
    runs = plan_tiny(tmp_path, "dependent_samples", "dependent=true,false", "steps=2")

    def execute(run, execute=run_module.execute):
        if run.variant.startswith("dependent"):
            raise RuntimeError("disk on fire")
        return execute(run)

    monkeypatch.setattr(run_module, "execute", execute)
    outcome = sweep.run_all(runs, tmp_path, jobs=1)
    assert outcome.exit_code == 1
    broken, fine = (outcome.statuses[run.name] for run in runs)
    assert fine == FINISHED
    assert broken.startswith("Traceback") and broken.rstrip().endswith("disk on fire")


def test_a_worker_whose_parent_is_gone_ends_itself():
    nobody = 1 << 30
    child = os.fork()
    if child == 0:
        # As if the parent had died while the worker was still importing.
        worker.end_with(nobody)
        time.sleep(20)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_the_parent_itself_is_not_watched():
    before = threading.active_count()
    worker.end_with(os.getpid())
    assert threading.active_count() == before
