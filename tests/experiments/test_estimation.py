"""The studies of estimators, in small, from the catalogue to rows and figures."""

import math

import numpy as np
import pytest

from tests.tiny import determinism_undone
from tf_infomax import plots
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.results.rows import read_rows, to_frame
from tf_infomax.running import sweep
from tf_infomax.running.run import tags_of
from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.running.run_study import execute_study

_SHORT = ("train.batch_size=8", "train.log_every=2", "train.jit_compile=no")
_STAIRS = (
    *_SHORT, "train.steps=8", "exact_mutual_information.every=2", "levels=(1.0,2.0)", "dim=3",
    "critic=separable", "critic.hidden_dim=8", "critic.output_dim=4",
)
TINY = {
    "staircase": (*_STAIRS, "transform=cubic", "bound=js_nwj"),
    "staircase_baseline": (
        *_STAIRS, "transform=identity", "bound=tuba", "baseline.hidden_dim=8",
    ),
    "infonce_ceiling": (
        *_SHORT[1:], "train.steps=4", "train.batch_size=8", "levels=6.0", "critic.hidden_dim=8",
        "optimal_critic.batches=200",
    ),
    "dependent_negatives": (*_SHORT, "train.steps=4", "share=0.5", "critic.layers=1", "bound=nwj"),
    "estimator_variance": ("mutual_information=1.0,2.0", "samples=16", "replicates=20"),
    "formal_limit": (
        "mutual_information=20", "samples=64", "steps=3", "hidden_dim=8", "held_out=64",
    ),
    "jsd_and_kl": ("scheme=softmax,dirichlet", "size=8", "draws=12"),
    "self_consistency": (
        "data=digits", "bound=infonce", "rows=8", "steps=4", "batch_size=16",
        "encoder.layer_dimensions=8,4", "test_images=64",
    ),
}


def tiny(name, *settings):
    (experiment,) = catalog.get(name)
    return override(experiment, [*TINY[name], *settings])


# They train as others of the studies do, for longer.
LONG = ("staircase_baseline", "self_consistency")
SHORT = tuple(name for name in TINY if name not in LONG)


def carried_out(workdir, names):
    """(the work directory, how the studies ended)."""
    with determinism_undone():
        runs = sweep.plan([tiny(name) for name in names], workdir)
        return workdir, sweep.run_all(runs, workdir, jobs=1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return carried_out(tmp_path_factory.mktemp("studies"), SHORT)


@pytest.fixture(scope="module")
def frame(finished):
    return to_frame(read_rows(finished[0]))


def of(frame, experiment, metric, **tags):
    found = frame[(frame["experiment"] == experiment) & (frame["metric"] == metric)]
    for name, value in tags.items():
        found = found[found[name] == value]
    return found


def test_all_of_them_run(finished):
    _, outcome = finished
    assert outcome.exit_code == 0, outcome.statuses
    page = outcome.report.read_text()
    assert all(name in page for name in SHORT)


@pytest.mark.parametrize("name", SHORT)
def test_each_has_a_figure_of_its_own(frame, name):
    has_a_figure(frame, name)


def has_a_figure(frame, name):
    own = frame[frame["experiment"] == name]
    drawing = plots.draw(name, own)
    assert name in plots.names() and drawing.caption
    drawn = sum(len(axes.lines) + len(axes.collections) for axes in drawing.figure.axes)
    assert drawn > 1
    assert plots.image(drawing.figure, "png").startswith(b"\x89PNG")


def test_exact_values_climb_with_the_stairs(frame):
    exact = of(frame, "staircase", "mutual_information").sort_values("step")
    np.testing.assert_array_equal(exact["step"], [0, 2, 4, 6, 8])
    np.testing.assert_allclose(exact["value"], [1, 1, 1, 2, 2], rtol=1e-12)
    assert {*of(frame, "staircase", "train/bound")["bound"]} == {"js_nwj"}
    assert {*of(frame, "staircase", "train/bound")["transform"]} == {"cubic"}


def test_every_bound_of_the_field_climbs_the_stairs():
    (experiment,) = catalog.get("staircase")
    runs = [run for _, _, run in experiment.runs()]
    tags = [tags_of(run) for run in runs]
    assert len({tuple(map(str, tag.items())) for tag in tags}) == len(runs) == 2 * 2 * 9
    assert {"smile(clip=1)", "smile(clip=5)", "smile(clip=none)"} < {tag["bound"] for tag in tags}


def test_the_optimal_critic_stays_below_the_ceiling(frame):
    (value,) = of(frame, "infonce_ceiling", "bound/optimal_critic", batch_size=8)["value"]
    # Six nats are far above log 8: nearly every anchor tells its partner.
    assert 0.9 * math.log(8) < value <= math.log(8)


def test_dependent_batches_come_with_their_limits(frame):
    (limit,) = of(frame, "dependent_negatives", "in_batch_optimum/nwj", bound="nwj")["value"]
    # KL of N(0, [[2, .4], [.4, 2]]) from N(0, [[2, -.5], [-.5, 2]]), by hand.
    expected = 0.5 * (8.4 / 3.75 - 2 + np.log(3.75 / 3.84))
    assert limit == pytest.approx(expected)
    exact = of(frame, "dependent_negatives", "mutual_information")["value"]
    np.testing.assert_allclose(exact, -0.5 * math.log(0.96))


def test_what_can_be_certified(frame):
    # Worked values: ln 64 = 4.159, 2 ln 64 + 5 = 13.318.
    for metric, expected in (("certified/kl", 4.1589), ("certified/mutual_information", 13.3178)):
        (value,) = of(frame, "formal_limit", metric)["value"]
        assert value == pytest.approx(expected, abs=1e-4)
    assert len(of(frame, "formal_limit", "donsker_varadhan")) == 2


@pytest.mark.slow
def test_the_long_ones_run(tmp_path):
    workdir, outcome = carried_out(tmp_path, LONG)
    assert outcome.exit_code == 0, outcome.statuses
    frame = to_frame(read_rows(workdir))
    for name in LONG:
        has_a_figure(frame, name)
    own = frame[frame["experiment"] == "self_consistency"]
    assert {*own["dataset"]} == {"digits"}
    assert len(own) == 2 * 3  # two splits, three tests
    assert {*own["test"]} == {"baseline", "data_processing", "additivity"}
    assert {*own["rows"]} == {8} and {*own["bound"]} == {"infonce"}
    assert np.isfinite(own["value"]).all() and own["value"].max() <= math.log(16)


def test_a_finished_point_is_left_alone_and_a_missing_one_made_again(tmp_path):
    runs = sweep.plan([tiny("estimator_variance")], tmp_path)
    files = [RunDirectory(run.directory, run.experiment).rows for run in runs]
    with determinism_undone():
        for run in runs:
            execute_study(run)
        before = [file.read_bytes() for file in files]
        files[0].unlink()
        times = [file.stat().st_mtime_ns for file in files[1:]]
        for run in sweep.plan([tiny("estimator_variance")], tmp_path):
            execute_study(run)
    assert [file.read_bytes() for file in files] == before
    assert [file.stat().st_mtime_ns for file in files[1:]] == times
    with pytest.raises(ValueError, match=r"other settings .*replicates was 20, is 30"):
        sweep.plan([tiny("estimator_variance", "replicates=30")], tmp_path)


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        ("staircase", "levels=(1.0,2.0,3.0)", "Received: 3 levels, steps=8"),
        ("staircase", "exact_mutual_information.every=3", "must divide the steps of a level"),
        ("staircase", "transform=square", "identity, cubic"),
        ("staircase", "law.dmi=3", "'correlated' has no option 'dmi'. Nearest: dim"),
        ("dependent_negatives", "share=0.7", r"within \(-1, 1\)"),
        ("formal_limit", "samples=10", "samples must be 50 or more. Received: samples=10"),
        ("jsd_and_kl", "scheme=gauss", "scheme must be one of uniform"),
        ("jsd_and_kl", "draws=many", "draws must be an integer"),
        ("estimator_variance", "replicates=1", "replicates must be 2 or more"),
        ("self_consistency", "rows=9", "digits has 8 rows of pixels. Received: rows=9"),
        ("self_consistency", "bound=infonse", "infonce"),
        ("self_consistency", "data=nowhere", "nowhere"),
    ],
)
def test_what_cannot_work_is_said_before_anything_runs(tmp_path, name, setting, message):
    with pytest.raises(ValueError, match=message):
        sweep.plan([tiny(name, setting)], tmp_path)


def test_a_law_is_for_gaussian_pairs_only(tmp_path):
    with pytest.raises(ValueError, match=r"needs data=.gaussian_pairs.\. Received: data='digits'"):
        sweep.plan([tiny("staircase", "data.name=digits", "encoder=mlp")], tmp_path)


def test_an_unknown_option_of_a_study_is_named():
    with pytest.raises(ValueError, match=r"no field 'drows'\. Nearest: draws"):
        tiny("jsd_and_kl", "drows=3")
