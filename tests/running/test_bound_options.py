"""Bounds with options and baselines in experiments: as data, on the command line, in rows."""

import json
import math

import numpy as np
import pytest

from tests.tiny import determinism_undone, plan_tiny
from tf_infomax import bounds
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.spec import (
    Data,
    Experiment,
    MutualInformation,
    described,
    label,
    pick,
    replace_at,
)
from tf_infomax.results.rows import read_rows
from tf_infomax.running.build import build_model
from tf_infomax.running.checks import check
from tf_infomax.running.run import FINISHED, execute, restore, tags_of

TERM = "objectives.mutual_information"


def small(bound="infonce", baseline=None, sweep=()):
    term = MutualInformation(pick("bilinear"), bound, baseline=baseline)
    encoder = pick("mlp", layer_dimensions=(8, 4))
    return Experiment("small", "nowhere", Data(), encoder, (term,), sweep=sweep)


def changed(*settings):
    return override(catalog.get("critic_impact")[0], ("critic=bilinear", *settings))


def test_a_sweep_over_options_has_variants_tags_and_json_of_its_own():
    choices = (
        "infonce", pick("smile"), pick("smile", clip=1.0), pick("smile", clip=5),
        pick("smile", clip=None), pick("interpolated", alpha=0.01),
    )
    experiment = small(sweep=((f"{TERM}.bound", choices),))
    runs = experiment.runs()
    assert [variant for variant, _, _ in runs] == [
        "infonce", "smile", "smile_clip_1", "smile_clip_5", "smile_no_clip",
        "interpolated_alpha_0.01",
    ]
    assert [tags_of(run)["bound"] for *_, run in runs] == [
        "infonce", "smile", "smile(clip=1)", "smile(clip=5)", "smile(clip=none)",
        "interpolated(alpha=0.01)",
    ]
    assert Experiment.from_dict(json.loads(json.dumps(experiment.to_dict()))) == experiment
    for _, _, run in runs:
        assert Experiment.from_dict(json.loads(json.dumps(run.to_dict()))) == run


def test_names_of_picks():
    assert label(f"{TERM}.bound", pick("nwj")) == described(pick("nwj")) == "nwj"
    both = pick("tuba", log_baseline=1.5, b=True)
    assert described(both) == "tuba(log_baseline=1.5, b=true)"
    # Other things are called as before.
    assert label("encoder", pick("mlp", layer_dimensions=(3,))) == "mlp"
    assert label(f"{TERM}.baseline", pick("learned")) == "learned"
    assert label(f"{TERM}.baseline", None) == "no_baseline"


def test_old_experiments_have_no_baseline():
    plain = small().to_dict()
    del plain["objectives"][0]["baseline"]
    assert Experiment.from_dict(plain) == small()


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("bound=nwj", ("nwj",)),
        ("bound=smile(clip=1)", (pick("smile", clip=1),)),
        ("bound = smile( clip = 2.5 )", (pick("smile", clip=2.5),)),
        ("bound=smile(clip=none)", (pick("smile", clip=None),)),
        ("bound=smile()", (pick("smile"),)),
        ("bound=nwj,smile(clip=1),smile(clip=5)",
         ("nwj", pick("smile", clip=1), pick("smile", clip=5))),
        ("bound=interpolated(alpha=0.5,log_baseline=1),nwj",
         (pick("interpolated", alpha=0.5, log_baseline=1), "nwj")),
    ],
)
def test_on_the_command_line(setting, values):
    assert dict(changed(setting).sweep)[f"{TERM}.bound"] == values


def test_names_keep_the_options_that_they_alone_have():
    sweep = ((f"{TERM}.bound", (pick("smile", clip=1.0), pick("interpolated", alpha=0.5), "nwj")),)
    after = override(small(sweep=sweep), ("bound=nwj,smile",))
    assert dict(after.sweep)[f"{TERM}.bound"] == ("nwj", pick("smile", clip=1.0))
    two = ((f"{TERM}.bound", (pick("smile", clip=1.0), pick("smile", clip=2.0))),)
    assert dict(override(small(sweep=two), ("bound=smile",)).sweep)[f"{TERM}.bound"] == ("smile",)


def test_an_option_goes_to_those_that_have_it():
    sweep = ((f"{TERM}.bound", ("nwj", pick("smile", clip=1.0), pick("interpolated", alpha=0.5))),)
    after = override(small(sweep=sweep), ("bound.clip=3",))
    assert dict(after.sweep)[f"{TERM}.bound"] == (
        "nwj", pick("smile", clip=3.0), pick("interpolated", alpha=0.5)
    )
    single = override(small(pick("smile", clip=1.0)), ("bound.clip=2,4",))
    assert [variant for variant, *_ in single.runs()] == ["clip_2", "clip_4"]
    assert [tags_of(run)["bound"] for *_, run in single.runs()] == [
        "smile(clip=2)", "smile(clip=4)"
    ]


@pytest.mark.parametrize("text", ["smile(1)", "smile(clip=1", "smile(=1)", "smile(clip)"])
def test_what_does_not_read_as_a_bound(text):
    with pytest.raises(ValueError, match=r"read name\(option=value\)\. Received: 'smile\("):
        changed(f"bound={text}")


@pytest.mark.parametrize(
    ("bound", "baseline", "message"),
    [
        ("smlie", None, r"Unknown bound 'smlie'. Did you mean 'smile'"),
        (pick("smlie", clip=1.0), None, r"Unknown bound 'smlie'. Did you mean 'smile'"),
        (pick("smile", clap=1.0), None, r"'smile' has no option 'clap'. Nearest: clip"),
        (pick("smile", clip=-1.0), None, r"`clip` must be positive, or None. Received: clip=-1.0"),
        (pick("interpolated", alpha=2), None, r"`alpha` must be.* Received: alpha=2"),
        (pick("smile", clip=math.inf), None, r"JSON knows no infinity.* bound=smile\(clip=inf\)"),
        ("minibatch_lower", None, r"reads scores: .*'minibatch_lower', which reads log_cond"),
        ("infonce", pick("learned"), r"baseline.*: tuba, interpolated.* bound=infonce with base"),
        (pick("tuba", log_baseline=1.0), pick("learned"), r"bound=tuba\(log_baseline=1\) with"),
        ("tuba", pick("learnt"), r"Unknown baseline 'learnt'. Did you mean 'learned'"),
        ("tuba", pick("learned", layrs=1), r"baseline 'learned' has no option 'layrs'.*: layers"),
    ],
)
def test_refusals_before_any_work(bound, baseline, message):
    with pytest.raises(ValueError, match=message):
        check(small(bound, baseline))


def test_models_have_what_the_experiment_says():
    experiment = small(pick("interpolated", alpha=0.25), pick("learned", hidden_dim=5, layers=1))
    check(experiment)
    model = build_model(experiment, (2, 4, 1))
    assert model.baseline.count_params() == (4 * 5 + 5) + (5 + 1)
    scores, log_baseline = np.random.default_rng(0).normal(size=(6, 6)), np.arange(6.0)
    expected = bounds.interpolated(scores, log_baseline, 0.25)
    np.testing.assert_array_equal(model.bound_of(scores, log_baseline), expected)
    again = build_model(experiment, (2, 4, 1))
    np.testing.assert_array_equal(*(one.baseline.get_weights()[0] for one in (model, again)))
    assert build_model(small(), (2, 4, 1)).baseline is None


@pytest.mark.slow
def test_rows_of_a_divergence_are_not_in_nats(tmp_path):
    settings = ("critic=bilinear", "bound=jsd,nwj", "steps=2")
    with determinism_undone():
        runs = plan_tiny(tmp_path, "critic_impact", *settings)
        assert [execute(run) for run in runs] == [FINISHED, FINISHED]
    for run, unit in zip(runs, ("1", "nats"), strict=True):
        rows = [row for row in read_rows(run.directory) if row.metric.endswith("bound")]
        assert {row.metric for row in rows} == {"bound", "train/bound"}
        assert {row.unit for row in rows} == {unit}


@pytest.mark.slow
def test_a_run_with_options_and_a_baseline(tmp_path):
    settings = ("bound=interpolated(alpha=0.5)", "baseline=learned", "evaluate.bound.every=12")
    with determinism_undone():
        (run,) = plan_tiny(tmp_path, "critic_impact", *settings)
        assert run.variant == "bilinear-interpolated_alpha_0.5"
        assert execute(run) == FINISHED
        trial, _ = restore(run.directory)
    (row,) = [
        row for row in read_rows(run.directory) if (row.metric, row.split) == ("bound", "test")
        and row.step == 12
    ]
    assert row.tags["bound"] == "interpolated(alpha=0.5)" and row.tags["baseline"] == "learned"
    # By hand, from the restored model.
    model, source = trial.model, trial.source
    views = [source.to_pixels(view) for view in source.test]
    x, y = (encoder(view) for encoder, view in zip(
        (model.encoder_1, model.encoder_2), views, strict=True))
    values = [
        float(bounds.interpolated(
            model.critic(x[start : start + 32], y[start : start + 32]),
            model.baseline(x[start : start + 32]),
            0.5,
        ))
        for start in range(0, len(x) - 31, 32)
    ]
    np.testing.assert_allclose(row.value, np.mean(values), rtol=1e-4)


def test_the_swept_bound_of_an_experiment_may_be_a_pick():
    experiment = replace_at(small(), f"{TERM}.bound", pick("js_nwj", shift=0.0))
    check(experiment)
    scores = np.random.default_rng(0).normal(size=(6, 6))
    value = build_model(experiment, (2, 4, 1)).bound_of(scores)
    np.testing.assert_allclose(value, bounds.nwj(scores), rtol=1e-12)
