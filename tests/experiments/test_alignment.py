"""Wang and Isola's experiments: as data, from training to rows, and the evaluators on halves."""

import math

import numpy as np
import pytest

from tests.tiny import determinism_undone, tiny, write_images
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.numerics.geometry import uniformity_floor
from tf_infomax.results.rows import read_rows
from tf_infomax.running import sweep
from tf_infomax.running.build import check
from tf_infomax.running.run import FINISHED, execute

SMALL = (
    "train.batch_size=16", "train.steps=8", "train.log_every=4", "train.checkpoint_every=8",
    "encoder=basic28x28", "encoder.widths=(4,8,16)",
)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("data") / "digits28.npz")


def runs_of(name, images, workdir, *settings):
    (experiment,) = catalog.get(name)
    return sweep.plan([override(experiment, [*SMALL, f"data={images}", *settings])], workdir)


def rows_of(run):
    with determinism_undone():
        assert execute(run) == FINISHED
    return read_rows(run.directory)


def test_the_variants():
    (circle,) = catalog.get("circle")
    assert [variant for variant, _, _ in circle.runs()] == ["supervised", "contrastive"]
    assert circle.encoder.options["output_units"] == 2
    (both,) = catalog.get("alignment_uniformity")
    assert [variant for variant, _, _ in both.runs()] == ["contrastive", "alignment_uniformity"]


@pytest.mark.slow
def test_a_circle_of_every_class_before_and_after_training(images, tmp_path):
    settings = ("encoder.output_units=2", "evaluate.alignment_uniformity.examples=30")
    runs = runs_of("circle", images, tmp_path, *settings)
    found = {run.variant: rows_of(run) for run in runs}
    start = {
        variant: [row for row in rows if row.step == 0] for variant, rows in found.items()
    }
    # Both start from one encoder, and both leave it.
    angles = [
        {row.metric: row.tags["values"] for row in rows if "/angle/" in row.metric}
        for rows in (start["supervised"], start["contrastive"])
    ]
    assert angles[0] == angles[1] and sum(map(len, angles[0].values())) == 40
    labels = np.load(images)["y_test"]
    assert {name: len(values) for name, values in angles[0].items()} == {
        f"circle/angle/{label}": np.sum(labels == label) for label in np.unique(labels)
    }
    metrics = {row.metric for row in start["supervised"]}
    assert {"circle/probe_accuracy", "circle/concentration", "alignment", "uniformity"} <= metrics
    for rows in found.values():
        assert {row.step for row in rows} == {0, 4, 8}
        last = {row.metric: row for row in rows if row.step == 8}
        assert 0 < last["circle/concentration"].value <= 1
        assert 0 <= last["alignment"].value <= 4 and last["uniformity"].value < 0
        assert last["uniformity"].tags["floor"] == pytest.approx(uniformity_floor(2))
        one = next(row for name, row in last.items() if "/angle/" in name)
        values = np.asarray(one.tags["values"])
        mean = np.arctan2(np.sin(values).mean(), np.cos(values).mean())
        assert one.value == pytest.approx(mean, abs=1e-2)
        assert one.tags["values"] != angles[0][one.metric]
    assert "train/classification_loss" in {row.metric for row in found["supervised"]}
    assert "train/view_information" in {row.metric for row in found["contrastive"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    "loss", ["alignment_uniformity", "triplet"]
)
def test_other_losses_run(loss, images, tmp_path):
    settings = (f"loss={loss}", "encoder.output_units=6", "evaluate=none")
    (run,) = runs_of("alignment_uniformity", images, tmp_path, *settings)
    metrics = {row.metric for row in rows_of(run)}
    expected = {
        "alignment_uniformity": {"train/alignment", "train/uniformity"},
        "triplet": {"train/triplet_loss"},
    }[loss]
    assert expected <= metrics


@pytest.mark.slow
def test_halves_have_alignment_and_uniformity(tmp_path):
    experiment = override(tiny("critic_impact"), ["evaluate=alignment_uniformity"])
    (run,) = sweep.plan([experiment], tmp_path)
    rows = {row.metric: row for row in rows_of(run) if row.step == 12}
    assert 0 < rows["alignment"].value < 4 and rows["alignment"].unit == "1"
    # 360 pairs of halves: no law and no sample is more uniform than this.
    least = uniformity_floor(8, num_codes=360)
    assert least < rows["uniformity"].value < 0
    assert math.isclose(rows["uniformity"].tags["floor"], uniformity_floor(8))


def test_what_cannot_be_is_refused_by_name():
    (circle,) = catalog.get("circle")
    for setting, message in (
        ("loss=contrastiv", "Unknown loss of two views 'contrastiv'. Did you mean 'contrastive'"),
        ("loss.temprature=1", "The loss 'supervised' has no option 'temprature'"),
    ):
        with pytest.raises(ValueError, match=message):
            for _, _, run in override(circle, [setting]).runs():
                check(run)


def test_a_circle_needs_codes_of_width_2(images, tmp_path):
    with pytest.raises(ValueError, match=r"'circle'.*2 numbers.*of width 3\."):
        runs_of("circle", images, tmp_path, "encoder.output_units=3")
