"""The figures of Wang and Isola: what they draw is known from the rows that were made up."""

from dataclasses import replace

import numpy as np
import pytest

from tf_infomax import plots
from tf_infomax.plots.circle import angle_density
from tf_infomax.results.rows import Row, to_frame

ANGLES = {"cat": [0.5, 0.6, 0.7], "dog": [-2.0, -2.1]}


def row(experiment, metric, value, variant, step=40, seed=0, unit="1", **tags):
    tags = {"dataset": "cifar10", "features": "global", **tags}
    return Row(experiment, variant, seed, step, "test", metric, value, unit, tags)


def circle_rows(variant, step, shift, accuracy):
    for name, angles in ANGLES.items():
        values = [angle + shift for angle in angles]
        yield row(
            "circle", f"circle/angle/{name}", np.mean(values), variant, step, values=values,
            **{"class": name},
        )
    yield row("circle", "circle/probe_accuracy", accuracy, variant, step, unit="fraction")
    yield row("circle", "alignment", 0.25, variant, step)
    yield row("circle", "uniformity", -1.5, variant, step)


CIRCLE = [
    *circle_rows("contrastive", 0, 0.0, 0.11),
    *circle_rows("supervised", 0, 0.0, 0.11),
    *circle_rows("contrastive", 40, 0.1, 0.3),
    *circle_rows("supervised", 40, 0.2, 0.5),
]


def test_the_density_of_angles():
    place = np.linspace(-np.pi, np.pi, 4001)
    density = angle_density([3.1, 0.3], place)
    assert np.trapezoid(density, place) == pytest.approx(1.0, abs=1e-6)
    # Half of the mass belongs to 3.1, some of it on the other side of the cut.
    upper, lower = (place > 1.7), (place < -1.7)
    assert np.trapezoid(density[upper], place[upper]) + np.trapezoid(
        density[lower], place[lower]
    ) == pytest.approx(0.5, abs=1e-3)
    # Near the angle the kernel is a normal law of standard deviation 0.1.
    peak = angle_density([0.3], [0.3])[0]
    assert peak == pytest.approx(1 / (0.1 * np.sqrt(2 * np.pi)), rel=2e-3)
    assert angle_density([0.3], [0.4])[0] == pytest.approx(peak * np.exp(-0.5), rel=1e-2)


def test_a_row_for_the_untrained_the_supervised_and_the_contrastive_encoder():
    figure = plots.draw("circle", to_frame(CIRCLE)).figure
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[::2] == ["untrained", "supervised, step 40", "contrastive, step 40"]
    assert "linear probe 11.0 % (paper: 12.71 %)" in titles[1] and "uniformity -1.50" in titles[1]
    assert "50.0 % (paper: 57.19 %)" in titles[3] and "30.0 % (paper: 28.60 %)" in titles[5]
    # Every point lies at its code's angle.
    dots = figure.axes[2].lines[0]
    found = np.arctan2(dots.get_ydata(), dots.get_xdata())
    np.testing.assert_allclose(found, np.array(ANGLES["cat"]) + 0.2, atol=1e-9)
    curve = figure.axes[3].lines[0]
    assert curve.get_xdata()[np.argmax(curve.get_ydata())] == pytest.approx(0.8, abs=0.02)


def test_one_variant_and_another_name():
    rows = [one for one in CIRCLE if one.variant == "supervised" and one.step == 40]
    figure = plots.draw("circle", to_frame(rows)).figure
    assert figure.axes[0].get_title() == "supervised, step 40" and len(figure.axes) == 2
    rows = list(circle_rows("triplet", 40, 0.0, 0.2))
    figure = plots.draw("circle", to_frame(rows)).figure
    assert figure.axes[1].get_title().startswith("linear probe 20.0 %;")


def test_classes_are_told_apart_by_their_metrics():
    for tag in ("all", 3, None):
        rows = [
            replace(one, tags={**one.tags, "class": tag} if "class" in one.tags else one.tags)
            for one in CIRCLE
        ]
        figure = plots.draw("circle", to_frame(rows)).figure
        assert [text.get_text() for text in figure.legends[0].get_texts()] == ["cat", "dog"]
    bare = [replace(one, tags={"dataset": "cifar10"}) for one in CIRCLE]
    assert plots.draw("circle", to_frame(bare)).figure.axes


@pytest.mark.parametrize("name", ["circle", "alignment_uniformity"])
def test_rows_without_measurements_give_plain_curves(name):
    frame = to_frame([row(name, "train/bound", 1.0, "contrastive", unit="nats")])
    assert plots.draw(name, frame).figure.axes


def test_alignment_and_uniformity_over_training():
    rows = []
    for variant, factor in (("contrastive", 1.0), ("alignment_uniformity", 2.0)):
        for step in (0, 20, 40):
            aligned, uniform = factor * (0.1 + 0.001 * step), -factor * 0.01 * step - 0.5
            rows.append(row("alignment_uniformity", "alignment", aligned, variant, step))
            rows.append(
                row("alignment_uniformity", "uniformity", uniform, variant, step, floor=-3.875)
            )
        rows.append(
            row("alignment_uniformity", "probe/linear/accuracy", 0.31 * factor, variant,
                unit="fraction")
        )
    figure = plots.draw("alignment_uniformity", to_frame(rows)).figure
    aligned, uniform, plane = figure.axes
    # lines() puts variants in the order of their names.
    np.testing.assert_allclose(aligned.lines[0].get_ydata(), [0.2, 0.24, 0.28])
    np.testing.assert_allclose(aligned.lines[1].get_ydata(), [0.1, 0.12, 0.14])
    assert any(np.allclose(line.get_ydata(), -3.875) for line in uniform.lines)
    np.testing.assert_allclose(plane.lines[1].get_ydata(), [-0.5, -0.7, -0.9])
    assert [text.get_text() for text in plane.texts] == ["global 62.0 %", "global 31.0 %"]
