"""One run: its rows, its weights, and what happens when the loss runs away."""

import collections
import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.tiny import determinism_undone, plan_tiny
from tf_infomax.data import datasets
from tf_infomax.results.rows import read_rows
from tf_infomax.running import run as run_module
from tf_infomax.running.build import build
from tf_infomax.running.evaluate import evaluate
from tf_infomax.running.run import FINISHED, NON_FINITE, execute, restore
from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.running.tags import data_set_tag


@pytest.fixture(scope="module", autouse=True)
def _leave_no_determinism():
    with determinism_undone():
        yield


def carried_out(workdir, name, *settings):
    (run,) = plan_tiny(workdir, name, *settings)
    assert execute(run) == FINISHED
    return run


def final_weights(run):
    trial, step = restore(run.directory)
    assert step == run.experiment.train.steps
    return [np.asarray(variable) for variable in trial.task.variables]


def rows_bytes(run):
    return (run.directory / "rows.jsonl").read_bytes()


@pytest.fixture(scope="module")
def bilinear(tmp_path_factory):
    return carried_out(tmp_path_factory.mktemp("bilinear"), "critic_impact")


def test_rows_say_everything_in_the_order_of_the_steps(bilinear):
    rows = read_rows(bilinear.directory)
    assert [row.step for row in rows] == sorted(row.step for row in rows)
    found = collections.Counter()
    for row in rows:
        assert (row.experiment, row.variant, row.seed) == ("critic_impact", "bilinear-infonce", 0)
        features = row.tags.pop("features", None)
        if row.unit == "fraction":
            assert row.tags.pop("examples") == 360
        assert row.tags == {
            "dataset": "digits", "encoder": "mlp", "critic": "bilinear", "bound": "infonce",
            "batch_size": 32,
        }
        found[row.step, row.metric, row.split, row.unit, features] += 1
    expected = {(0, "probe/linear/accuracy", "test", "fraction", "pixels")}
    # linear_probe every 6, bound every 4, rows of training every 4; all of them at the last step.
    # Step 6 is a boundary: the mean of training is also that of the steps since step 4.
    expected |= {
        (step, "probe/linear/accuracy", "test", "fraction", "code") for step in (0, 6, 12)
    }
    for split in ("test", "train"):
        expected |= {(step, "bound", split, "nats", None) for step in (0, 4, 8, 12)}
    expected |= {(step, "train/bound", "train", "nats", None) for step in (4, 6, 8, 12)}
    assert found == collections.Counter(expected)
    for line in rows_bytes(bilinear).decode().splitlines():
        assert {"experiment", "variant", "seed", "step", "split", "metric", "value", "unit"} <= set(
            json.loads(line)
        )


def test_the_mean_training_bound_is_that_of_the_batches(bilinear):
    trial = build(bilinear.experiment, datasets.load("digits"))
    recomputed = []
    for t in range(12):
        batch = trial.source.draw(tf.constant(t, tf.int64))
        x, y = batch["views"].values()
        # InfoNCE by its definition, in float64, before the update as the rows have it.
        scores = trial.model((x, y)).numpy().astype(np.float64)
        softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        recomputed.append(math.log(32) + np.mean(np.log(np.diag(softmax))))
        trial.model.update(x, y)
    rows = {row.step: row.value for row in read_rows(bilinear.directory)
            if row.metric == "train/bound"}
    for start, stop in ((0, 4), (4, 6), (6, 8), (8, 12)):
        np.testing.assert_allclose(rows[stop], np.mean(recomputed[start:stop]), rtol=0, atol=2e-6)
    assert recomputed[-1] != recomputed[0]
    for ours, variable in zip(final_weights(bilinear), trial.task.variables, strict=True):
        np.testing.assert_allclose(ours, np.asarray(variable), rtol=1e-3, atol=1e-6)


def test_measuring_more_often_changes_nothing_in_training(bilinear, tmp_path):
    seldom = carried_out(
        tmp_path, "critic_impact", "evaluate.linear_probe.every=50", "evaluate.bound.every=50",
        "log_every=50", "checkpoint_every=50",
    )
    for often, rarely in zip(final_weights(bilinear), final_weights(seldom), strict=True):
        assert often.tobytes() == rarely.tobytes()
    # What both measured is the same too, bit for bit.
    measured = [
        {row.to_json() for row in read_rows(run.directory) if row.metric != "train/bound"}
        for run in (bilinear, seldom)
    ]
    assert {json.loads(line)["step"] for line in measured[1]} == {0, 12}
    assert measured[1] < measured[0]


@pytest.mark.slow
def test_a_run_trained_further_is_the_longer_run(bilinear, tmp_path):
    whole = carried_out(tmp_path / "whole", "critic_impact", "steps=24")
    shutil.copytree(bilinear.directory.parents[3], tmp_path / "parts")
    (further,) = plan_tiny(
        tmp_path / "parts", "critic_impact", "steps=24", train_further=True
    )
    assert execute(further) == FINISHED
    for ours, straight in zip(final_weights(further), final_weights(whole), strict=True):
        assert ours.tobytes() == straight.tobytes()
    # Both measure at step 12, so that no row is only in one of them.
    assert rows_bytes(further) == rows_bytes(whole)
    assert rows_bytes(whole).startswith(rows_bytes(bilinear))


def test_one_seed_gives_the_same_bytes_another_seed_others(bilinear, tmp_path):
    again = carried_out(tmp_path / "again", "critic_impact")
    assert rows_bytes(again) == rows_bytes(bilinear)
    other = carried_out(tmp_path / "other", "critic_impact", "seeds=1")
    pairs = zip(read_rows(bilinear.directory), read_rows(other.directory), strict=True)
    for ours, theirs in pairs:
        assert (theirs.step, theirs.metric, theirs.split) == (ours.step, ours.metric, ours.split)
        assert (ours.seed, theirs.seed) == (0, 1)
        if ours.metric != "probe/linear/accuracy":  # of 360 digits, two accuracies may agree
            assert ours.value != theirs.value


def test_a_finished_run_is_left_as_it_is(bilinear):
    before = rows_bytes(bilinear)
    assert execute(bilinear) == FINISHED
    assert rows_bytes(bilinear) == before


def test_an_evaluation_whose_rows_cannot_be_written_is_refused_before_the_work(bilinear):
    target = bilinear.directory / "evaluation.jsonl"
    target.mkdir()
    told = []
    with pytest.raises(ValueError, match=rf"^{target} is to be .* Received: a directory\.$"):
        evaluate(bilinear.directory, ["bound"], note=told.append)
    target.rmdir()
    assert not told


def begun_with(run, **inputs):
    """Makes the run's directory one that was begun with other inputs."""
    file = run.directory / "inputs.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | inputs))


@pytest.fixture
def copied(bilinear, tmp_path):
    """A run like ``bilinear``, in a work directory of its own."""
    workdir = Path(shutil.copytree(bilinear.directory.parents[3], tmp_path / "copied"))
    (run,) = plan_tiny(workdir, "critic_impact")
    return run


def test_seeds_are_added_to_a_finished_run_by_other_versions_but_not_on_other_data(copied):
    workdir, before = copied.directory.parents[3], rows_bytes(copied)
    begun_with(copied, versions={"tf_infomax": "0.0.1", "keras": "3.0.0"}, threads=64)
    runs = plan_tiny(workdir, "critic_impact", "seeds=0,1")
    assert [run.seed for run in runs] == [0, 1]
    for accepts in (False, True):
        again = dataclasses.replace(runs[0], accept_changed_inputs=accepts)
        assert execute(again) == FINISHED and rows_bytes(copied) == before
    begun_with(copied, data="0" * 64)
    with pytest.raises(ValueError, match=r"with other inputs \(data was '0+', is '\w+'\): "):
        plan_tiny(workdir, "critic_impact", "seeds=0,1")


def test_an_evaluation_on_other_data_is_refused_or_noted_in_a_row(copied):
    folder = copied.directory
    begun_with(copied, data="0" * 64)
    wanted = r"was trained on other data than digits holds now \(data was '0+', is '\w+'\)"
    with pytest.raises(ValueError, match=wanted):
        evaluate(folder, ["bound"], note=lambda text: None)
    assert not (folder / "evaluation.jsonl").exists()
    rows, target = evaluate(
        folder, ["bound"], note=lambda text: None, accept_changed_inputs=True
    )
    noted, *measured = read_rows(target)
    assert rows == [noted, *measured] and {row.metric for row in measured} == {"bound"}
    assert (noted.metric, noted.step, noted.value) == ("run/inputs_changed_step", 12, 12.0)
    assert noted.tags["changed"].startswith("data was '0")


def test_a_run_that_was_copied_elsewhere_keeps_its_variant(bilinear, tmp_path):
    best = Path(shutil.copytree(bilinear.directory, tmp_path / "models" / "best"))
    rows, _ = evaluate(best, ["bound"], note=lambda text: None)
    assert {row.variant for row in rows} == {"bilinear-infonce"}
    assert read_rows(best / "rows.jsonl") != rows
    # Without rows there is nothing but the name of the folder.
    (best / "rows.jsonl").unlink()
    assert RunDirectory.open(best).variant == "models"


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("mnist", "mnist"),
        ("mnist:3.0.1", "mnist"),
        ("cifar10:3.*.*", "cifar10"),
        ("cmaterdb/bangla:1.0.0", "bangla"),
        ("/data/photos.v1", "photos.v1"),
        ("~/faces.one.npz", "faces.one"),
        ("/data/FACES.NPZ", "FACES"),
    ],
)
def test_the_tag_of_a_data_set(name, tag):
    assert data_set_tag(name) == tag


def test_restore_gives_the_trained_objects_or_says_what_is_missing(bilinear, tmp_path):
    trial, step = restore(bilinear.directory)
    assert step == 12
    assert trial.experiment == bilinear.experiment
    with pytest.raises(FileNotFoundError, match=r"directory of one run.*Received: .*nowhere"):
        restore(tmp_path / "nowhere")


def values(run):
    """(step, metric) -> the row; for metrics with one row a step."""
    return {(row.step, row.metric): row for row in read_rows(run.directory)}


def test_adversarial_rows(tmp_path):
    found = values(carried_out(tmp_path, "adversarial"))
    for step in (4, 6, 8, 12):
        for metric in ("classifier/cross_entropy", "encoder/uniform_cross_entropy"):
            row = found[step, metric]
            assert (row.split, row.unit) == ("train", "nats")
            # Cross-entropy with the uniform distribution over 10 classes is log 10 at least.
            assert row.value >= (math.log(10) - 1e-5 if "uniform" in metric else 0)
    assert not any(metric == "train/bound" for _, metric in found)
    # Softplus at zero shrinks: each of 2 couplings scales half of the 32 units by log 2.
    log_det = found[0, "flow/log_det"].value
    assert log_det == pytest.approx(-2 * 16 * math.log(math.log(2)), rel=1e-2)
    assert found[12, "flow/inverse_error"].value < 1e-3
    assert found[0, "probe/linear/accuracy"].tags["dataset"] == "digits"


def test_conditioning_rows(tmp_path):
    run = carried_out(tmp_path, "non_invertible")
    found = values(run)
    for step in (0, 12):
        logs = found[step, "log_condition_number"]
        assert logs.tags["values"] == sorted(logs.tags["values"]) and len(logs.tags["values"]) == 32
        assert logs.value == pytest.approx(np.median(logs.tags["values"]), rel=1e-4)
        for percent in (0, 20, 40, 60, 80, 100):
            # The published rule: entry int(fraction * (m - 1)) of the sorted values.
            expected = logs.tags["values"][int(percent / 100 * 31)]
            assert found[step, f"log_condition_number/p{percent}"].value == pytest.approx(
                expected, rel=1e-4, abs=1e-6
            )
        spectrum = found[step, "singular_values"].tags["values"]
        assert len(spectrum) == 32 and spectrum == sorted(spectrum, reverse=True)
    # Kernels of sd 1e-4 make a near identity: 1 + O(1e-4 sqrt(32)) in every direction.
    assert found[0, "log_condition_number"].value < 0.02
    np.testing.assert_allclose(found[0, "singular_values"].tags["values"], 1, atol=0.01)


def test_rows_of_the_other_experiments(tmp_path):
    found = values(carried_out(tmp_path / "a", "invertible"))
    # Shifts alone: volume is preserved exactly, whatever the weights.
    assert found[0, "flow/log_det"].value == found[12, "flow/log_det"].value == 0
    assert found[12, "flow/inverse_error"].value < 1e-4
    found = values(carried_out(tmp_path / "b", "dependent_samples", "jit_compile=no"))
    # Marginal covariance [[2, 0.4], [0.4, 2]]: rho = 0.2, I = -log(1 - 0.04) / 2.
    assert found[0, "mutual_information"].value == pytest.approx(0.0204110, abs=1e-6)
    assert found[12, "train/bound"].tags["sampling"] == "dependent"
    assert "encoder" not in found[12, "train/bound"].tags


@pytest.mark.slow
def test_rows_of_encoders_at_one_bound(tmp_path):
    run = carried_out(tmp_path, "encoder_impact")
    assert {row.tags["target"] for row in read_rows(run.directory)} == {2.0}
    assert {row.tags["encoder"] for row in read_rows(run.directory)} == {"convnet"}


@pytest.mark.parametrize(
    ("name", "settings", "step", "stopped_at"),
    [
        # The first update makes weights of 1e12: the second loss overflows.
        ("critic_impact", ("learning_rate=1e12",), 4, 1),
        # The same, but measured in between: codes are finite there, and bounds are not.
        pytest.param(
            "critic_impact", ("learning_rate=1e12", "evaluate.bound.every=1"), 2, 1,
            marks=pytest.mark.slow,
        ),
        # Weights of 1e20: the codes overflow in the measurement, before any loss does.
        ("critic_impact", ("learning_rate=1e20", "evaluate.bound.every=1"), 1, 1),
        pytest.param(
            "non_invertible", ("learning_rate=1e20", "evaluate.conditioning.every=1"), 1, 1,
            marks=pytest.mark.slow,
        ),
        # In the warm-up, before there is any row.
        (
            "adversarial", ("classifier_learning_rate=1e38", "train.precision=float32"), 0, 1,
        ),
    ],
)
def test_a_loss_that_is_not_finite_ends_the_run_with_a_row(
    name, settings, step, stopped_at, tmp_path, monkeypatch
):
    (run,) = plan_tiny(tmp_path, name, *settings)
    assert execute(run) == NON_FINITE
    last = read_rows(run.directory)[-1]
    assert (last.metric, last.unit, last.split) == ("run/non_finite_loss_step", "step", "train")
    assert (last.step, last.value) == (step, stopped_at)
    assert last.tags["dataset"] == "digits"
    # Started again, it says the same without any work, and writes nothing.
    before = rows_bytes(run)
    monkeypatch.setattr(run_module, "build", None)
    assert execute(run) == NON_FINITE
    assert rows_bytes(run) == before
