"""Whatever a term, a bound or an evaluator can do, it can do in every experiment."""

import dataclasses
import math

import pytest

from tests.tiny import determinism_undone, tiny, tiny_images, write_images
from tf_infomax.experiments.spec import Classification, Evaluation, PriorMatching, pick
from tf_infomax.results import read_rows
from tf_infomax.running.sweep import plan, run_all


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("data") / "digits.npz")


def rows_of(experiment, evaluate, tmp_path):
    """Metric -> rows of the experiment's first variant, with these evaluators."""
    run = experiment.runs()[0][2]
    evaluate = tuple(Evaluation(name, 0, options) for name, options in evaluate.items())
    run = dataclasses.replace(run, evaluate=evaluate)
    with determinism_undone():
        outcome = run_all(plan([run], tmp_path), tmp_path, jobs=1)
    assert outcome.exit_code == 0, outcome.statuses
    found = {}
    for row in read_rows(tmp_path):
        assert math.isfinite(row.value), row
        found.setdefault(row.metric, []).append(row)
    return found


def test_codes_of_halves_are_measured_as_those_of_images(tmp_path):
    found = rows_of(
        tiny("critic_impact"),
        {
            "ndm": {"epochs": 1}, "neighbours": {"k": 1, "columns": 2},
            "mlp_probe": {"epochs": 1},
        },
        tmp_path,
    )
    for metric in ("dependence/ndm", "probe/neighbours_1/accuracy", "probe/mlp/accuracy"):
        assert {row.tags["features"] for row in found[metric]} == {"code"}
    assert "neighbours/figure" in found


def test_mine_says_which_images_its_network_is_for(tmp_path):
    halves = dataclasses.replace(tiny("critic_impact"), evaluate=(Evaluation("mine"),))
    with pytest.raises(ValueError, match=r"'mine' .* sides of 8 .* Received: .* \(4, 8, 1\)"):
        plan([halves], tmp_path)


@pytest.mark.slow
def test_encoders_of_images_have_condition_numbers_and_bounds_on_test_images(digits, tmp_path):
    run = tiny_images("dim_local", digits, "bound=jsd")
    found = rows_of(run, {"conditioning": {}, "bound": {}}, tmp_path)
    assert found["log_condition_number"][0].value > 0
    (bound,) = found["bound/local_information"]
    # JSD, at most 2 log 2, and no number of nats.
    assert bound.value < 2 * math.log(2) and bound.unit == "1" and bound.split == "test"


@pytest.mark.slow
def test_a_prior_on_the_second_halves_beside_a_bound(tmp_path):
    base = tiny("critic_impact")
    prior = PriorMatching("normal", hidden_units=(4,), endpoint="view_2.code", weight=0.1)
    both = dataclasses.replace(base, objectives=(*base.objectives, prior))
    found = rows_of(both, {"bound": {}, "linear_probe": {}}, tmp_path)
    assert {"train/bound", "train/prior_divergence", "train/adversary_loss", "bound"} <= set(found)
    assert found["bound"][0].tags["gamma"] == 0.1


@pytest.mark.slow
def test_a_supervised_network_on_the_upper_halves(tmp_path):
    supervised = dataclasses.replace(
        tiny("critic_impact"), objectives=(Classification("code"),), sweep=()
    )
    found = rows_of(supervised, {"classifier": {}, "linear_probe": {}}, tmp_path)
    assert 0 <= found["classification/accuracy"][0].value <= 1
    assert found["train/classification_loss"][0].unit == "nats"


@pytest.mark.parametrize(
    ("bound", "baseline"),
    [
        pytest.param(pick("smile", clip=1.0), None, id="smile", marks=pytest.mark.slow),
        pytest.param("tuba", pick("learned", hidden_dim=4), id="tuba", marks=pytest.mark.slow),
        pytest.param("mine", None, id="mine", marks=pytest.mark.slow),
    ],
)
def test_bounds_with_options_baselines_and_averages_on_maps(bound, baseline, digits, tmp_path):
    base = tiny_images("dim_local", digits)
    local = dataclasses.replace(base.objectives[0], bound=bound, baseline=baseline)
    chosen = dataclasses.replace(base, objectives=(local,), sweep=())
    found = rows_of(chosen, {"bound": {}}, tmp_path)
    assert {row.unit for row in found["train/local_information"]} == {"nats"}
    expected = "smile(clip=1)" if baseline is None and bound != "mine" else bound
    assert found["train/local_information"][0].tags["bound"] == expected
