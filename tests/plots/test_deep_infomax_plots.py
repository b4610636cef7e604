"""Figures of Deep InfoMax: what they draw is known from the formulas of the synthetic rows."""

import base64
import io
import math

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from tests.synthetic_dim_rows import (
    BOUNDS,
    ENDPOINTS,
    NEGATIVES,
    WEIGHTS,
    grown,
    negatives_accuracy,
    png,
    weights_accuracy,
    weights_ndm,
)
from tests.synthetic_rows import rows_of
from tf_infomax import plots
from tf_infomax.plots import style
from tf_infomax.plots.curves import epoch_curve, last
from tf_infomax.plots.weights import weight_map
from tf_infomax.results.rows import Row, to_frame


def panel(figure, title):
    return next(axes for axes in figure.axes if axes.get_title() == title)


def row(metric, value, seed=0, step=10, variant="infonce", split="test", **tags):
    tags = {"dataset": "cifar10", "features": "global", **tags}
    return Row("dim_local", variant, seed, step, split, metric, value, "1", tags)


def test_epoch_curves_are_of_the_last_step_and_averaged_over_seeds():
    frame = to_frame([
        row("probe/mlp/accuracy", 0.5, 0, 5, values=[9.0, 9.0]),
        row("probe/mlp/accuracy", 0.5, 0, 10, values=[1.0, 2.0]),
        row("probe/mlp/accuracy", 0.5, 1, 10, values=[3.0, 6.0]),
        row("probe/mlp/accuracy", 0.5, 2, 10, values=[100.0]),  # fewer epochs: other settings
        row("probe/mlp/accuracy", 0.5, 0, 10, features="fc", values=[7.0, 7.0]),
    ])
    found = epoch_curve(frame, "probe/mlp/accuracy", "test", features="global")
    np.testing.assert_allclose(found.steps, [1, 2])
    np.testing.assert_allclose(found.mean, [2.0, 4.0])
    np.testing.assert_allclose(found.sd, [math.sqrt(2.0), math.sqrt(8.0)])
    assert not epoch_curve(frame, "dependence/mine").steps.size


def test_last_value():
    frame = to_frame([row("x", 9.0, step=5), row("x", 1.0), row("x", 3.0, seed=1)])
    assert last(frame, "x", "test") == (2.0, math.sqrt(2.0))
    assert last(frame, "y", "test") == (None, None)


def test_objectives_are_drawn_apart_by_their_unit():
    figure = plots.draw("dim_local", to_frame(rows_of("dim_local", 1, 800, "cifar10"))).figure
    nats = panel(figure, "Local information, in nats")
    other = panel(figure, "Local information, other measures")
    assert len(nats.lines) == 2 and "nats" in nats.get_ylabel()
    curve, ceiling = other.lines
    np.testing.assert_allclose(curve.get_ydata()[-1], 1.1 * (1 - math.exp(-4)))
    np.testing.assert_allclose(ceiling.get_ydata(), 2 * math.log(2.0))
    assert other.get_ylim()[1] > 2 * math.log(2.0)
    # A single unit needs no second panel and no remark in its title.
    figure = plots.draw(
        "dim_coordinates", to_frame(rows_of("dim_coordinates", 1, 800, "cifar10"))
    ).figure
    assert len(panel(figure, "Local information").lines) == 1
    np.testing.assert_allclose(panel(figure, "Coordinates").lines[0].get_ydata()[-1],
                               0.9 * (1 - math.exp(-4)))


def test_bars_are_final_accuracies_and_marks_the_published_ones():
    figure = plots.draw("dim_local", to_frame(rows_of("dim_local", 3, 800, "cifar10"))).figure
    axes = panel(figure, "MLP probe")
    heights = {
        (round(bar.get_x() + bar.get_width() / 2), bar.get_facecolor()): bar.get_height()
        for bar in axes.patches
    }
    assert len(heights) == 9
    for place, (endpoint, more) in enumerate(ENDPOINTS.items()):
        assert axes.get_xticklabels()[place].get_text() == endpoint
        for bound, level in BOUNDS.items():
            color = (*to_rgb(style.colour("bound", bound)), 1.0)
            # Seeds 0, 1, 2 are 0, 0.01, 0.02 higher.
            np.testing.assert_allclose(heights[place, color], level + more + 0.01)
    marks = sorted(float(line.get_ydata()[0]) for line in axes.lines if line.get_color() == "black")
    # Table 1, CIFAR-10, the three rows of DIM(L).
    expected = sorted([0.7521, 0.7557, 0.6913, 0.7325, 0.7362, 0.6696, 0.7266, 0.7060, 0.6471])
    np.testing.assert_allclose(marks, expected)


def test_there_are_no_published_marks_on_other_data():
    drawing = plots.draw("dim_local", to_frame(rows_of("dim_local", 1, 800, "digits")))
    axes = panel(drawing.figure, "MLP probe")
    assert not [line for line in axes.lines if line.get_color() == "black"]
    assert "published" not in drawing.caption


def test_probes_and_estimators_show_how_they_learned():
    figure = plots.draw("dim_local", to_frame(rows_of("dim_local", 1, 800, "cifar10"))).figure
    (curve,) = [
        line for line in panel(figure, "MLP probe on conv").lines
        if line.get_color() == style.colour("bound", "jsd")
    ]
    np.testing.assert_allclose(curve.get_ydata(), grown(0.52, 20))
    mine = panel(figure, "MINE: image and code")
    ends = sorted(float(line.get_ydata()[-1]) for line in mine.lines)
    last_of = [grown(factor * level, 10, 0.0)[-1] for factor in (20, 40)
               for level in BOUNDS.values()]
    np.testing.assert_allclose(ends, sorted(last_of))
    assert mine.get_xlabel() == "epochs of the estimator"
    ndm = panel(figure, "NDM: entries of the code")
    assert [len(line.get_ydata()) for line in ndm.lines] == [200] * 3


def test_probes_on_the_way_are_drawn_over_training_towards_the_published_values():
    grows = {"conv": (0.54, 0.67, 0.68), "fc": (0.50, 0.63, 0.64), "global": (0.35, 0.56, 0.58)}
    rows = [
        row("probe/mlp/accuracy", value + 0.01 * seed, seed, step, features=endpoint,
            bound="infonce")
        for endpoint, values in grows.items()
        for step, value in zip((0, 7810, 15620), values, strict=True)
        for seed in (0, 2)
    ]
    drawing = plots.draw("dim_local", to_frame(rows))
    axes = panel(drawing.figure, "MLP probe during training")
    assert axes.get_xlabel() == "training steps"
    curves = [line for line in axes.lines if line.get_color() != "black"]
    for line, values in zip(curves, grows.values(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), [0, 7810, 15620])
        np.testing.assert_allclose(line.get_ydata(), np.add(values, 0.01))
    (legend,) = drawing.figure.legends
    named = {text.get_text() for text in legend.get_texts()}
    assert {"on conv", "on fc", "on global", "published"} <= named
    # Table 1, CIFAR-10, DIM(L) with infoNCE: in sight, and each in the style of its endpoint.
    levels = [line for line in axes.lines if line.get_color() == "black"]
    np.testing.assert_allclose([line.get_ydata()[0] for line in levels], [0.7521, 0.7557, 0.6913])
    assert [line.get_linestyle() for line in levels] == [line.get_linestyle() for line in curves]
    assert axes.get_ylim()[1] > 0.7557 and "published" in drawing.caption
    # Two variants have one panel for each endpoint; one measurement is no curve.
    other = [row("probe/mlp/accuracy", 0.5, 0, step, "jsd", features="conv", bound="jsd")
             for step in (0, 7810)]
    figure = plots.draw("dim_local", to_frame([*rows, *other])).figure
    conv = panel(figure, "MLP probe during training on conv")
    # Its colour says whose published value a line is.
    levels = {line.get_color(): line for line in conv.lines if line.get_linestyle() == ":"}
    curves = {line.get_color(): line for line in conv.lines if line.get_linestyle() != ":"}
    assert curves.keys() == levels.keys() and "black" not in curves
    last = {round(curves[color].get_ydata()[-1], 4): levels[color].get_ydata()[0]
            for color in curves}
    # Table 1, CIFAR-10, DIM(L) at conv: infoNCE, and JSD.
    assert last == {0.69: pytest.approx(0.7521), 0.5: pytest.approx(0.7325)}
    ends = [one for one in rows if one.step == 15620]
    titles = [axes.get_title() for axes in plots.draw("dim_local", to_frame(ends)).figure.axes]
    assert "MLP probe" in titles and "MLP probe during training" not in titles


def test_negatives_are_drawn_against_their_number():
    rows = rows_of("dim_negatives", 1, 800, "cifar10")
    figure = plots.draw("dim_negatives", to_frame(rows)).figure
    axes = panel(figure, "MLP probe on global")
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "4", "16", "63"]
    by_color = {line.get_color(): line for line in axes.lines if len(line.get_xdata()) == 4}
    for bound in BOUNDS:
        line = by_color[style.colour("bound", bound)]
        np.testing.assert_array_equal(line.get_xdata(), NEGATIVES)
        expected = [negatives_accuracy(bound, number) for number in NEGATIVES]
        np.testing.assert_allclose(line.get_ydata(), expected)


def test_maps_of_weights_have_every_value_in_its_place():
    rows = [
        row for row in rows_of("dim_weights", 2, 800, "cifar10")
        if row.variant != "alpha_0.5-beta_1-gamma_0.1"
    ]
    frame = to_frame(rows)
    for gamma in WEIGHTS["gamma"]:
        alphas, betas, values = weight_map(frame, "dependence/ndm", "train", gamma)
        np.testing.assert_array_equal(alphas, WEIGHTS["alpha"])
        np.testing.assert_array_equal(betas, WEIGHTS["beta"])
        expected = [[weights_ndm(a, b, gamma) for b in betas] for a in alphas]
        if gamma == 0.1:
            expected[1][2] = math.nan
        np.testing.assert_allclose(values, expected)
    figure = plots.draw("dim_weights", frame).figure
    maps = [axes for axes in figure.axes if axes.images]
    assert len(maps) == 9 and len(figure.axes) == 12
    # The second row of the first column: gamma 0.1, accuracy; seeds differ by 0.01.
    shown = {text.get_position(): text.get_text() for text in maps[3].texts}
    assert shown[2, 1] == "\u2013"
    assert shown[2, 2] == f"{weights_accuracy(1.0, 1.0, 0.1) + 0.005:.3f}"
    assert "\u03b3 = 0.1" in maps[3].get_ylabel()


def test_the_map_of_attributes_shows_their_balanced_accuracy():
    rows = [
        row("probe/attributes/balanced_accuracy", 0.5 + 0.1 * alpha + 0.2 * beta,
            alpha=alpha, beta=beta, gamma=1.0)
        for alpha in (0.0, 1.0) for beta in (0.0, 1.0) if alpha or beta
    ]
    frame = to_frame(rows).assign(experiment="dim_weights_attributes", dataset="celeb_a")
    figure = plots.draw("dim_weights_attributes", frame).figure
    attributes = panel(figure, "Attributes (balanced accuracy) on global")
    shown = {text.get_position(): text.get_text() for text in attributes.texts}
    assert shown == {(0, 0): "\u2013", (1, 0): "0.700", (0, 1): "0.600", (1, 1): "0.800"}


@pytest.mark.parametrize("experiment", ["dim_weights", "dim_negatives"])
def test_before_the_first_evaluation_there_are_training_curves(experiment):
    rows = [row("train/local_information", 1.0, step=step, split="train", alpha=0.0, beta=1.0,
                gamma=0.0, negative_images=4, bound="jsd") for step in (5, 10)]
    frame = to_frame(rows).assign(experiment=experiment)
    assert panel(plots.draw(experiment, frame).figure, "Local information").lines


def test_pictures_are_those_of_the_first_seed_at_the_last_step():
    wanted, other = png(4, 6), png(2, 2)
    frame = to_frame([
        row("neighbours/figure", 1.0, 0, 5, png=other),
        row("neighbours/figure", 1.0, 0, 10, png=wanted),
        row("neighbours/figure", 1.0, 1, 10, png=other),
        row("reconstruction/figure", 0.25, 0, 10, "jsd", png=other),
        row("probe/mlp/accuracy", 0.5),
    ])
    first, second = plots.pictures(frame)
    assert (first.name, first.width) == ("infonce-neighbours", 6)
    assert first.png == base64.b64decode(wanted) and "seed 0, step 10" in first.caption
    assert second.name == "jsd-reconstruction" and "0.2500" in second.caption
    assert plots.pictures(to_frame([row("probe/mlp/accuracy", 0.5)])) == []
    # One kind of picture without the other.
    (only,) = plots.pictures(frame[frame["metric"] != "reconstruction/figure"])
    assert only.png == first.png


@pytest.mark.parametrize("bad", ["aGVsbG8=", base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()])
def test_what_is_no_png_is_refused(bad):
    with pytest.raises(ValueError, match="must be a base64 PNG"):
        plots.pictures(to_frame([row("neighbours/figure", 1.0, png=bad)]))


def test_enlarged_pictures_have_square_pixels():
    small = base64.b64decode(png(3, 70))
    large = imread(io.BytesIO(plots.enlarged(small)), format="png")[..., :3]
    assert large.shape[:2] == (27, 630)  # 640 // 70 = 9
    np.testing.assert_array_equal(large[4::9, 4::9], imread(io.BytesIO(small), format="png"))
    assert (large[:9, :9] == large[0, 0]).all()
