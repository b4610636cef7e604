"""The precision of a run: what it is built in, and that old runs without one stay valid."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tiny import determinism_undone, plan_tiny, tiny
from tf_infomax import export
from tf_infomax.data import datasets
from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.evaluators.snapshot import Snapshot
from tf_infomax.experiments import catalog
from tf_infomax.experiments.spec import Experiment
from tf_infomax.results.measurements import INVERSE_TOLERANCE
from tf_infomax.results.rows import read_rows
from tf_infomax.running.build import build
from tf_infomax.running.precision import precision
from tf_infomax.running.run import FINISHED, execute, restore
from tf_infomax.running.run_directory import RunDirectory


@pytest.fixture(scope="module", autouse=True)
def _leave_no_determinism():
    with determinism_undone():
        yield


def built(name, setting, *settings):
    before = keras.config.dtype_policy().name
    ((_, _, run),) = tiny(name, f"train.precision={setting}", *settings).runs()
    trial = build(run, datasets.load("digits"))
    # The setting is the run's, not the process'.
    assert keras.config.dtype_policy().name == before
    return trial


@pytest.fixture(scope="module")
def adversarial(tmp_path_factory):
    """A finished run of the game, in the precision of the catalogue."""
    (run,) = plan_tiny(tmp_path_factory.mktemp("adversarial"), "adversarial")
    assert execute(run) == FINISHED
    return run


@pytest.mark.slow
def test_the_game_is_played_in_float64_and_inverts_to_its_rounding(adversarial, tmp_path):
    assert catalog.get("adversarial")[0].train.precision == "float64"
    trial, step = restore(adversarial.directory)
    assert step == 12
    for optimizer, variables in trial.model.optimized():
        assert {variable.dtype for variable in variables} == {"float64"}
        moments = [v for v in optimizer.variables if v.shape.rank]
        assert moments and {v.dtype for v in moments} == {"float64"}
    rows = read_rows(adversarial.directory)
    errors = [row.value for row in rows if row.metric == "flow/inverse_error"]
    # Two couplings of values near one: some roundings of 2^-52.
    assert len(errors) == 3 and 0 < max(errors) < 1e-13
    codes = [row for row in rows if row.tags.get("features") == "code"]
    assert [row.step for row in codes] == [0, 6, 12]
    # An export computes in the same precision.
    path = export.export_model(adversarial.directory, tmp_path / "out")
    views = np.random.default_rng(0).random((3, 32), np.float32)
    codes = export.load_encoder(path)(views)
    assert codes.dtype == tf.float64
    np.testing.assert_allclose(codes, trial.encoder(views), rtol=1e-14)


def test_codes_that_do_not_give_their_inputs_back_have_no_accuracy():
    found = {}
    for name, scale in (("float32", -40.0), ("float64", -40.0), ("float64", 0.0)):
        trial = built("adversarial", name, "encoder.num_couplings=1")
        for conditioner in trial.encoder.conditioners:
            # Scales of 1e-7 beside shifts of 10: float32 keeps nothing of what is scaled.
            bias = conditioner.trainable_variables[-1]
            bias.assign(np.repeat([10.0, scale], bias.shape[0] // 2))
        snapshot = Snapshot(trial, 6)
        found[name, scale] = {
            row.metric: row
            for evaluator in ("linear_probe", "invertibility")
            for row in evaluators.get(evaluator)(snapshot)
        }
    mild = found["float64", 0.0]
    assert "flow/not_invertible" not in mild
    assert mild["probe/linear/accuracy"].tags == {"features": "code", "examples": 360}
    assert mild["flow/inverse_error_of_float32_codes"].value <= INVERSE_TOLERANCE
    # Float64 inverts the other one, but not from codes in float32, which probes read.
    assert found["float64", -40.0]["flow/inverse_error"].value <= INVERSE_TOLERANCE
    for tested in ("float32", "float64"):
        lost = found[tested, -40.0]
        assert "probe/linear/accuracy" not in lost
        read = lost["flow/inverse_error_of_float32_codes"]
        assert lost["flow/not_invertible"].value == read.value > 0.5
        assert read.tags == {"tolerance": INVERSE_TOLERANCE}
    single = found["float32", -40.0]
    assert single["flow/inverse_error"].value == single["flow/not_invertible"].value


@pytest.mark.parametrize("error", [float("nan"), float("inf"), 1.01 * INVERSE_TOLERANCE])
def test_what_counts_as_lost(error):
    snapshot = Snapshot(None, 0)
    for value, lost in ((error, True), (INVERSE_TOLERANCE, False)):
        snapshot.__dict__["inverse_check"] = (0.0, value, 0.0)
        assert snapshot.has_lost_its_inverse == lost
    snapshot.__dict__["inverse_check"] = None
    assert not snapshot.has_lost_its_inverse


@pytest.mark.parametrize(
    ("setting", "weights", "computes"),
    [
        ("float32", "float32", "float32"),
        ("float64", "float64", "float64"),
        ("mixed_bfloat16", "float32", "bfloat16"),
    ],
)
def test_models_and_codes(setting, weights, computes):
    trial = built("critic_impact", setting)
    assert {variable.dtype for variable in trial.model.trainable_variables} == {weights}
    assert trial.encoder.compute_dtype == computes
    metrics = trial.task.update(trial.task.draw(tf.constant(0, tf.int64)))
    assert np.isfinite(float(metrics["loss"]))
    train, _ = Snapshot(trial, 0).features("code")
    assert train.dtype == ("float64" if setting == "float64" else "float32")


def test_the_same_weights_give_the_same_loss_with_more_digits():
    trials = {name: built("critic_impact", name) for name in ("float32", "float64")}
    trials["float64"].model.set_weights(trials["float32"].model.get_weights())
    loss = {
        name: float(trial.task.update(trial.task.draw(tf.constant(0, tf.int64)))["loss"])
        for name, trial in trials.items()
    }
    assert loss["float32"] == pytest.approx(loss["float64"], rel=1e-5, abs=1e-6)
    assert loss["float64"] != float(np.float32(loss["float64"]))


def test_auto_is_what_keras_is_set_to():
    with precision("float64"):
        assert built("critic_impact", "auto").encoder.compute_dtype == "float64"
    assert built("critic_impact", "auto").encoder.compute_dtype == "float32"


def test_unknown_precisions_are_refused():
    with pytest.raises(ValueError, match=r"one of auto.*Received: train.precision='float16'\."):
        built("critic_impact", "float16")


def test_a_run_from_before_the_field_goes_on_as_it_was(tmp_path):
    (run,) = plan_tiny(tmp_path, "critic_impact")
    plain = run.experiment.to_dict()
    del plain["train"]["precision"]
    assert Experiment.from_dict(plain).train.precision == "auto"
    run.directory.mkdir(parents=True)
    (run.directory / "experiment.json").write_text(json.dumps(plain))
    RunDirectory(run.directory, run.experiment).check()
    plain["train"]["steps"] += 1
    (run.directory / "experiment.json").write_text(json.dumps(plain))
    with pytest.raises(ValueError, match=r"other settings \(train.steps was 13, is 12\)"):
        RunDirectory(run.directory, run.experiment).check()


@pytest.mark.slow
def test_losses_beyond_float32_are_rows(tmp_path):
    # The classifier's first step makes weights of 1e38, and losses of that size.
    settings = ("classifier_learning_rate=1e38", "train.steps=4")
    (run,) = plan_tiny(tmp_path, "adversarial", *settings)
    assert execute(run) == FINISHED
    assert max(row.value for row in read_rows(run.directory)) > np.finfo(np.float32).max
