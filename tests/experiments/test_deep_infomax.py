"""Deep InfoMax's experiments: as data, from training to rows, resumed, evaluated, exported."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.launch.launchers import called, loaded
from tests.tiny import TINY_IMAGES, Killed, determinism_undone, killed_at, tiny_images, write_images
from tf_infomax import export
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.results.rows import EVALUATION_ROWS, read_rows
from tf_infomax.running import sweep
from tf_infomax.running.evaluate import evaluate
from tf_infomax.running.run import FINISHED, execute, restore
from tf_infomax.running.tags import tags_of

ROOT = Path(__file__).parents[2]
DIM = [name for name in catalog.names() if name.startswith("dim_")]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("data") / "digits28.npz")


def plan(workdir, name, images, *settings):
    return sweep.plan([tiny_images(name, images, *settings)], workdir)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, images):
    (run,) = plan(tmp_path_factory.mktemp("work"), "dim_local", images)
    with determinism_undone():
        assert execute(run) == FINISHED
    return run


@pytest.mark.parametrize("name", DIM)
def test_the_papers_settings(name):
    for experiment in catalog.get(name):
        for variant, _, run in experiment.runs():
            assert run.data.views == "image" and run.train.batch_size == 64
            assert run.train.learning_rate == 1e-4
            assert "/" not in variant
            if run.data.name == "cifar10" and run.train.steps:
                assert run.train.steps == 1000 * (50_000 // 64)
    variants = [variant for one in catalog.get(name) for variant, _, _ in one.runs()]
    assert len(catalog.get(name)) > 1 or len(set(variants)) == len(variants)


def test_rows_say_how_many_pairs_a_bound_saw():
    fewer = ("local_samples", "global_samples", "negative_images")
    (whole,) = catalog.get("dim_local")
    assert not {*fewer} & {*tags_of(whole)}
    sampled = override(whole, [f"local_information.{name}=3" for name in fewer])
    assert {name: tags_of(sampled)[name] for name in fewer} == dict.fromkeys(fewer, 3)


def test_table_1_trains_with_the_weights_of_the_sheet():
    weights = {
        experiment.name: {term.name: term.weight for term in experiment.objectives}
        for experiment in catalog.get("dim_table_1")
    }
    assert weights["dim_global"] == {"global_information": 1.0, "prior": 1.0}
    assert weights["dim_local"] == {"local_information": 1.0, "prior": 0.1}


# Those that other tests train, too.
AGAIN = (
    "dim_local", "dim_supervised", "dim_nat", "dim_cpc", "vicreg", "dim_coordinates_occlusion",
    "dim_global",
)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in AGAIN else ()) for n in TINY_IMAGES]
)
def test_from_training_to_rows(name, images, tmp_path):
    (run,) = plan(tmp_path, name, images)
    with determinism_undone():
        assert execute(run) == FINISHED
    rows = read_rows(run.directory)
    assert {row.step for row in rows} == {4, 8, 12}
    assert all(np.isfinite(row.value) and row.metric.startswith("train/") for row in rows)
    metrics = {row.metric for row in rows}
    expected = {
        "dim_local": {"train/local_information", "train/prior_encoder_loss"},
        "dim_global": {"train/global_information", "train/prior_divergence"},
        "dim_coordinates_occlusion": {
            "train/coordinates_loss", "train/relative_coordinates_accuracy"
        },
        "dim_supervised": {"train/classification_loss", "train/classification_accuracy"},
        "dim_nat": {"train/noise_as_targets_loss", "train/noise_as_targets_reassigned"},
        "dim_cpc": {"train/predictive_coding", "train/predictive_coding_offset_2"},
        "vicreg": {"train/vicreg_loss", "train/vicreg_covariance"},
    }[name]
    assert expected <= metrics
    unit = {row.metric: row.unit for row in rows}
    assert unit.get("train/local_information", "nats") == "nats"
    assert unit.get("train/classification_accuracy", "fraction") == "fraction"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dim_nat", "dim_local", "dim_cpc"])
def test_a_resumed_run_gives_the_same_rows(name, images, tmp_path, monkeypatch):
    (unharmed,), (run,) = (plan(tmp_path / one, name, images) for one in ("unharmed", "killed"))
    with determinism_undone():
        assert execute(unharmed) == FINISHED
        with killed_at(monkeypatch, 8), pytest.raises(Killed):
            execute(run)
        assert execute(run) == FINISHED
    rows, expected = (Path(one.directory, "rows.jsonl").read_bytes() for one in (run, unharmed))
    assert rows == expected
    # Those of the terms as well: of noise as targets, the assignment of every example.
    weights = [restore(one.directory)[0].model.get_weights() for one in (run, unharmed)]
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_untrained_encoder(images, tmp_path):
    settings = [*TINY_IMAGES["dim_supervised"], f"data={images}", "train.steps=0"]
    (experiment,) = catalog.get("dim_untrained")
    experiment = override(experiment, [*settings, "evaluate=linear_probe"])
    (run,) = sweep.plan([experiment], tmp_path)
    with determinism_undone():
        assert execute(run) == FINISHED
    (row,) = read_rows(run.directory)
    assert (row.step, row.metric, row.tags["features"]) == (0, "probe/linear/accuracy", "global")
    assert 0.1 < row.value <= 1.0


@pytest.mark.slow
def test_a_supervised_encoders_own_classifier(images, tmp_path):
    (run,) = plan(tmp_path, "dim_supervised", images, "train.steps=60",
        "train.learning_rate=3e-3", "evaluate=classifier",
    )
    with determinism_undone():
        assert execute(run) == FINISHED
    (row,) = (row for row in read_rows(run.directory) if row.metric == "classification/accuracy")
    trial, _ = restore(run.directory)
    (term,) = trial.model.objectives
    pixels = trial.source.images.test_images / 127.5 - 1.0
    guesses = np.argmax(term.classifier(trial.encoder(pixels.astype(np.float32))), axis=1)
    assert row.value == pytest.approx(np.mean(guesses == trial.source.images.test_labels))
    # Ten classes: far above guessing.
    assert row.value > 0.3


EVALUATORS = {
    "mlp_probe": ("epochs=2", "averaged_epochs=1", "batch_size=16", "hidden_units=8"),
    "svm_probe": ("fits=2", "epochs=2"),
    "linear_probe": (),
    "neighbours": ("shown=2", "columns=3"),
    "ndm": ("epochs=2", "batch_size=32"),
    "mine": ("epochs=2", "batch_size=16"),
    "reconstruction": ("epochs=1", "base_channels=16", "batch_size=16", "shown=4"),
    "fine_tuning": ("epochs=1", "averaged_epochs=1", "batch_size=16", "percent=(50,100)"),
    "rankme": (),
    "lidar": ("examples=8", "views=2"),
}
METRICS = {
    "probe/mlp/accuracy", "probe/mlp/last_accuracy", "probe/mlp/top_5_accuracy",
    "probe/svm/accuracy", "probe/svm/accuracy_sd", "probe/linear/accuracy",
    "probe/neighbours_1/accuracy", "probe/neighbours_10/accuracy", "neighbours/figure",
    "dependence/ndm", "dependence/gaussian_total_correlation", "dependence/mine",
    "reconstruction/mse", "reconstruction/ms_ssim",
    "reconstruction/released_ssim", "reconstruction/figure", "fine_tuning/accuracy",
    "fine_tuning/percent_50/accuracy", "rank/rankme", "rank/lidar",
}


@pytest.mark.slow
def test_every_evaluation_after_the_fact(trained):
    settings = [f"{name}.{one}" for name, entries in EVALUATORS.items() for one in entries]
    with determinism_undone():
        rows, path = evaluate(trained.directory, list(EVALUATORS), settings, note=lambda _: None)
    assert path == trained.directory / EVALUATION_ROWS
    assert {row.metric for row in rows} == METRICS
    assert {row.step for row in rows} == {12}
    assert all(np.isfinite(row.value) for row in rows)
    features = {row.tags["features"] for row in rows if row.metric == "probe/mlp/accuracy"}
    assert features == {"conv", "fc", "global"}
    assert all(0 <= row.value <= 1 for row in rows if row.unit == "fraction")
    # The report reads them with the run's own.
    assert {row.metric for row in read_rows(trained.directory)} >= METRICS
    # The same measurement again takes the place of the former.
    with determinism_undone():
        again, _ = evaluate(trained.directory, ["rankme"], note=lambda _: None)
    found = read_rows(path)
    assert len(found) == len(rows) and again[0] in found


def test_pictures_hold_the_images(trained):
    import base64

    with determinism_undone():
        rows, _ = evaluate(
            trained.directory, ["neighbours"], ["neighbours.shown=2", "neighbours.columns=3"],
            note=lambda _: None,
        )
    (figure,) = (row for row in rows if row.metric == "neighbours/figure")
    picture = tf.io.decode_png(base64.b64decode(figure.tags["png"])).numpy()
    assert picture.shape == (2 * 28, (1 + 3) * 28, 1)
    trial, _ = restore(trained.directory)
    images = trial.source.images
    # Each row begins with the first test image of its class.
    for row in (0, 1):
        first = images.test_images[np.argmax(images.test_labels == row)]
        np.testing.assert_array_equal(picture[28 * row : 28 * (row + 1), :28], first)


@pytest.mark.slow
def test_export_of_every_endpoint(trained, images, tmp_path):
    with determinism_undone():
        path = export.export_model(trained.directory, tmp_path / "export")
    card = json.loads((path / "card.json").read_text())
    shapes = {name: one["outputs"] for name, one in card["signatures"].items()}
    assert shapes == {
        "encode": {"code": [None, 8]},
        "local": {"local": [None, 7, 7, 8]},
        "conv": {"conv": [None, 7, 7, 8]},
        "fc": {"fc": [None, 16]},
        "global": {"global": [None, 8]},
    }
    assert card["view"] == {
        "shape": [28, 28, 1],
        "flattened": None,
        "accepted": [[None, 28, 28, 1]],
        "range": [-1, 1],
    }
    assert max(card["proof"]["largest_difference"].values()) <= 1e-5
    encoder, (trial, _) = export.load_encoder(path), restore(trained.directory)
    batch = np.random.default_rng(0).uniform(-1, 1, (3, 28, 28, 1)).astype(np.float32)
    np.testing.assert_allclose(encoder(batch), trial.encoder(batch), atol=1e-5)
    # An export is evaluated as a run is, and gives the same numbers.
    with determinism_undone():
        of_export, where = evaluate(path, ["linear_probe"], note=lambda _: None)
        of_run, _ = evaluate(trained.directory, ["linear_probe"], note=lambda _: None)
    assert where == path / EVALUATION_ROWS
    assert [row.value for row in of_export] == [row.value for row in of_run]
    # It may be replaced still.
    with determinism_undone():
        export.export_model(trained.directory, path)


def test_the_launcher_evaluates(trained, capsys):
    with loaded(ROOT / "launch/evaluate.py") as launcher, determinism_undone():
        code = called(
            launcher, f"--run={trained.directory}", "--evaluate=linear_probe",
            "--set=linear_probe.endpoints=fc,global",
        )
    output, errors = capsys.readouterr()
    assert code == 0, errors
    lines = output.splitlines()
    assert [line.split()[:3] for line in lines[:2]] == [
        ["probe/linear/accuracy", "fc", "test"], ["probe/linear/accuracy", "global", "test"],
    ]
    assert lines[2] == f"Rows: {trained.directory / EVALUATION_ROWS}"


@pytest.mark.parametrize(
    ("names", "settings", "message"),
    [
        (["mlp_prob"], [], "Unknown evaluator 'mlp_prob'. Did you mean 'mlp_probe'"),
        (["invertibility"], [], "'invertibility' cannot measure this run.*an inverse"),
        (["ndm"], ["ndm.epoch=3"], "no option 'epoch'. Nearest: epochs"),
        ([], [], "Name at least one evaluator"),
        (["svm_probe"], ["svm_probe.endpoints=cov"], "endpoints are .*Received: endpoints='cov'"),
    ],
)
def test_what_cannot_be_evaluated(trained, names, settings, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        evaluate(trained.directory, names, settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["data.noise_sd=0.1"], "Only halves of images have the option data.noise_sd"),
        (["data.views=thirds"], "data.views must be one of"),
        (["encoder=mlp", "encoder.layer_dimensions=(8,8)"], "named endpoints|no option 'widths'"),
        (["encoder=philish", "encoder.widths=(4,4,4)"], "Unknown encoder|at least"),
        (["data.crop=40"], "crop"),
        (["prior.prior=cauchy"], "`prior` must be one of"),
        (["local_information.negative_images=16"], "negative_images"),
        (["local_information.local_samples=1000"], "at most"),
        (["local_information.bound=jds"], "Unknown bound 'jds'. Did you mean 'jsd'"),
        (["prior.learning_rate=0"], "must be positive"),
        (["evaluate=exact_mutual_information"], "pairs whose density is known"),
        (["evaluate=mlp_probe", "evaluate.mlp_probe.epoch=3"], "Nearest: epochs"),
        (["train.batch_size=4000"], "has 96 training images"),
        (
            ["evaluate=mlp_probe", "evaluate.mlp_probe.endpoints=conv,globl"],
            "endpoints are .*global.*Received: endpoints=.'conv', 'globl'",
        ),
        (["evaluate=ndm", "evaluate.ndm.endpoint=globl"], "Received: endpoint='globl'"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(settings, message, images, tmp_path):
    with pytest.raises(ValueError, match=message) as raised:
        plan(tmp_path, "dim_local", images, *settings)
    assert len(str(raised.value).splitlines()) == 1
