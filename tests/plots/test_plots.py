"""Figures: the numbers that they draw are known independently; every experiment can be drawn."""

import math
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
import pytest

from tests.synthetic_rows import MI_MAX, failed_run, rows_of
from tf_infomax import plots
from tf_infomax.plots import style
from tf_infomax.plots.curves import Curve, curve, lines, values_by_step, with_unit
from tf_infomax.plots.dependence import smooth
from tf_infomax.published import OfficialCurves
from tf_infomax.results.display_names import display_name
from tf_infomax.results.rows import Row, to_frame

# One of Deep InfoMax for each way of drawing.
DRAWN = (*MI_MAX, "dim_local", "dim_global", "dim_untrained", "dim_weights", "dim_negatives")


def official(**columns):
    import pandas as pd

    table = {"experiment": ["critic_impact"] * 3, "critic": ["bilinear"] * 3,
             "bound": ["infonce"] * 3, "step": [0, 1000, 2000],
             "probe_accuracy": [0.81, 0.82, 0.83], "test_bound_nats": [2.5, 3.0, 3.5],
             "train_bound_nats": [2.6, 3.1, 3.6], "log_condition_p50": [math.nan] * 3}
    return OfficialCurves(pd.DataFrame({**table, **columns}))


def dark_lines(axes, color):
    """The curves on ``axes`` in the colour of a reference curve."""
    return [line for line in axes.lines if line.get_color() == style.darker(color)]


def titles(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def legend_texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_smoothing_is_a_gaussian_of_100_steps():
    # Independent computation: the weighted mean over an explicit kernel, far from the ends.
    rng = np.random.default_rng(0)
    steps = np.arange(0, 5000, 20)
    values = rng.normal(size=steps.size)
    smoothed = smooth(steps, values)
    for place in (100, 125, 150):
        weights = np.exp(-0.5 * ((steps - steps[place]) / 100.0) ** 2)
        expected = np.sum(weights * values) / np.sum(weights)
        np.testing.assert_allclose(smoothed[place], expected, atol=2e-4)
    np.testing.assert_allclose(smooth(steps, np.full(steps.size, 0.3)), 0.3)


@pytest.mark.parametrize("spacing", [100, 500])
def test_means_over_the_width_of_the_filter_are_left_alone(spacing):
    values = [0.0, 1.0, 0.0, 3.0]
    np.testing.assert_array_equal(smooth(np.arange(4) * spacing, values), values)


def test_smoothing_does_not_spread_a_nan():
    np.testing.assert_equal(smooth([0, 10, 20], [1.0, math.nan, 2.0]), [1.0, math.nan, 2.0])


def test_curve_is_mean_and_sd_over_seeds():
    rows = [Row("e", "v", seed, step, "test", "bound", value, "nats", {"dataset": "d"})
            for step, values in ((0, (1.0, 3.0)), (10, (2.0, 6.0)))
            for seed, value in enumerate(values)]
    found = curve(to_frame(rows), "bound", "test")
    np.testing.assert_allclose(found.steps, [0, 10])
    np.testing.assert_allclose(found.mean, [2.0, 4.0])
    np.testing.assert_allclose(found.sd, [math.sqrt(2.0), math.sqrt(8.0)])


def test_a_band_ends_where_no_seed_is():
    # Mean -74, sd 109: the band would reach 35, where no seed has been.
    rows = [Row("e", "v", seed, 0, "test", "bound", value, "nats", {"dataset": "d"})
            for seed, value in enumerate((-5.0, -201.0, -16.0))]
    low, high = curve(to_frame(rows), "bound", "test").band
    sd = math.sqrt((69.0**2 + 127.0**2 + 58.0**2) / 2)
    np.testing.assert_allclose(low, [-74.0 - sd])
    np.testing.assert_allclose(high, [-5.0])


def test_lines_follow_the_papers_order_and_keep_namesakes_apart():
    frame = to_frame([
        Row("e", variant, 0, 0, "test", "bound", 1.0, "nats", {"critic": critic})
        for variant, critic in (("c", "concat"), ("b-wide", "bilinear"), ("b", "bilinear"),
                                ("mine", "my_critic"), ("s", "separable"))
    ])
    found = [(line.tags["critic"], line.suffix) for line in lines(frame, "critic")]
    assert found == [("bilinear", " (b)"), ("bilinear", " (b-wide)"), ("separable", ""),
                     ("concat", ""), ("my_critic", "")]


def test_distributions_are_grouped_by_step():
    frame = to_frame([
        Row("e", "v", seed, step, "train", "log_condition_number", 0.0, "1",
            {"values": [seed, step]})
        for seed in (0, 1) for step in (5, 0)
    ])
    found = values_by_step(frame, "log_condition_number", "train")
    assert list(found) == [0, 5]
    np.testing.assert_array_equal(found[5], [[0.0, 5.0], [1.0, 5.0]])


@pytest.mark.parametrize("experiment", DRAWN)
@pytest.mark.parametrize(("seeds", "dataset"), [
    (2, "mnist"), pytest.param(1, "digits", marks=pytest.mark.slow),
])
def test_every_figure_is_drawn_with_several_seeds_and_one(experiment, seeds, dataset):
    frame = to_frame(rows_of(experiment, seeds=seeds, last=1000, dataset=dataset))
    settings = dict(matplotlib.rcParams)
    drawing = plots.draw(experiment, frame, official())
    svg = plots.image(drawing.figure)
    assert ElementTree.fromstring(svg).tag.endswith("svg") and drawing.caption
    assert dict(matplotlib.rcParams) == settings, "figures must not change global settings"
    assert len(titles(drawing.figure)) >= 2
    if experiment != "dim_weights":  # its maps have neither lines nor a legend
        bands = sum(len(axes.collections) for axes in drawing.figure.axes[:1])
        assert bool(bands) == (seeds > 1)
        assert legend_texts(drawing.figure)


def test_the_same_figure_gives_the_same_bytes():
    frame = to_frame(rows_of("adversarial", seeds=2))
    first, second = (plots.image(plots.draw("adversarial", frame).figure) for _ in range(2))
    assert first == second
    assert plots.image(plots.draw("adversarial", frame).figure, "png").startswith(b"\x89PNG")


def test_critic_figure_shows_curves_ceiling_and_official_notebook():
    rows = rows_of("critic_impact", seeds=2, last=2000)
    figure = plots.draw("critic_impact", to_frame(rows), official()).figure
    assert {"InfoNCE", "NWJ"} <= set(titles(figure))
    text = " ".join(legend_texts(figure))
    for name in ("bilinear", "separable", "MLP (concat)", "raw pixels", "log 128 = 4.852",
                 "official notebook (1 run, test)"):
        assert name in text
    color = style.colour("critic", "bilinear")
    ours = [row.value for row in rows if row.variant == "bilinear-infonce" and row.seed == 0
            and row.tags.get("features") == "code"]
    drawn = next(line for line in figure.axes[0].lines if line.get_color() == color)
    assert len(drawn.get_ydata()) == len(ours)
    (reference,) = dark_lines(figure.axes[0], color)
    np.testing.assert_allclose(reference.get_ydata(), [0.81, 0.82, 0.83])


@pytest.mark.parametrize(
    ("experiment", "variant", "kind", "tags"),
    [
        ("critic_impact", "bilinear-infonce", "critic", {"critic": "bilinear"}),
        ("encoder_impact", "mlp-target_2-infonce", "encoder", {"encoder": "mlp", "target": 2.0}),
        ("invertible", "infonce", "bound", {}),
        ("non_invertible", "infonce", "bound", {}),
        ("adversarial", "default", "encoder", {"encoder": "realnvp"}),
    ],
)
def test_a_converged_probe_is_a_diamond_at_the_mean_of_the_seeds(experiment, variant, kind, tags):
    rows = rows_of(experiment, seeds=2, last=2000)
    tags = {"dataset": "mnist", "bound": "infonce", "features": "code", **tags}
    converged = [
        Row(experiment, variant, seed, 2000, "test", "probe/linear/converged_accuracy", value,
            "fraction", tags)
        for seed, value in enumerate((0.88, 0.90))
    ]  # fmt: skip
    drawing = plots.draw(experiment, to_frame([*rows, *converged]))
    diamonds = [
        line for axes in drawing.figure.axes for line in axes.lines if line.get_marker() == "D"
    ]
    (diamond,) = diamonds
    assert diamond.get_color() == style.colour(kind, tags[kind])
    assert (list(diamond.get_xdata()), list(diamond.get_ydata())) == ([2000], [0.89])
    assert "converged probe" in legend_texts(drawing.figure)
    assert "Diamonds: the classifier fitted to convergence." in drawing.caption
    plain = plots.draw(experiment, to_frame(rows))
    assert "converged probe" not in legend_texts(plain.figure)
    assert "Diamonds" not in plain.caption


def test_official_curves_are_of_mnist_only():
    figure = plots.draw(
        "critic_impact", to_frame(rows_of("critic_impact", 1, 1000, "cifar10")), official()
    ).figure
    assert not dark_lines(figure.axes[0], style.colour("critic", "bilinear"))
    assert not any("official" in text for text in legend_texts(figure))


def test_condition_numbers_are_pooled_over_seeds():
    rows = rows_of("non_invertible", seeds=2, last=400)
    figure = plots.draw("non_invertible", to_frame(rows)).figure
    pooled = sorted(
        value for row in rows if row.metric == "log_condition_number" and row.step == 400
        and row.variant == "bilinear-infonce" for value in row.tags["values"]
    )
    assert len(pooled) == 256
    panel = next(a for a in figure.axes if a.get_title() == "Condition number, InfoNCE")
    last = sorted(float(line.get_ydata()[-1]) for line in panel.lines)
    expected = [pooled[index] for index in (0, 51, 102, 127, 153, 204, 255)]
    np.testing.assert_allclose(last, expected)
    assert panel.get_ylim() == (0.0, 8.0)


def test_condition_numbers_without_distributions_use_the_percentile_rows():
    tags = {"dataset": "mnist", "bound": "infonce"}
    rows = [Row("non_invertible", "v", seed, step, "train", f"log_condition_number/p{p}",
                p / 20 + seed, "1", tags)
            for seed in (0, 1) for step in (0, 10) for p in (0, 20, 40, 50, 60, 80, 100)]
    figure = plots.draw("non_invertible", to_frame(rows)).figure
    panel = next(a for a in figure.axes if a.get_title() == "Condition number, InfoNCE")
    last = sorted(float(line.get_ydata()[-1]) for line in panel.lines)
    np.testing.assert_allclose(last, [0.5, 1.5, 2.5, 3.0, 3.5, 4.5, 5.5])


def test_mean_spectrum_is_geometric():
    tags = {"dataset": "mnist", "bound": "infonce"}
    rows = [Row("non_invertible", "v", seed, 0, "train", "singular_values", 1.0, "1",
                {**tags, "values": values})
            for seed, values in enumerate([[4.0, 1.0, 0.0], [9.0, 1.0, 0.25]])]
    figure = plots.draw("non_invertible", to_frame(rows)).figure
    panel = next(a for a in figure.axes if a.get_title() == "Mean spectrum, InfoNCE")
    np.testing.assert_allclose(panel.lines[0].get_ydata(), [6.0, 1.0, math.nan])


def test_dependent_samples_show_the_exact_value():
    figure = plots.draw("dependent_samples", to_frame(rows_of("dependent_samples", 2, 3000))).figure
    assert "true mutual information, 0.0204 nats" in legend_texts(figure)
    limits = figure.axes[0].get_ylim()
    assert limits[0] <= -0.3 and limits[1] >= 0.25 and limits == figure.axes[1].get_ylim()


def panel_with(values, paper, widen=True):
    _, axes = style.canvas(1, 1, 3)
    panel = style.Panel(axes[0, 0])
    panel.curve(Curve.single(np.arange(len(values)) * 1000, values), "black")
    panel.finish(paper, widen)
    return panel.axes


def test_axis_is_the_papers_where_the_data_fit_and_wider_where_not():
    assert panel_with([0.84, 0.85, 0.86], (0.83, 0.90)).get_ylim() == (0.83, 0.90)
    low, high = panel_with([0.5, 0.85, 0.86], (0.83, 0.90)).get_ylim()
    assert low < 0.5 and high == 0.90
    low, high = panel_with([0.3, 0.35, 0.36], (0.83, 0.90), widen=False).get_ylim()
    assert low < 0.3 and 0.36 < high < 0.4


def test_half_open_axis_cuts_the_first_steps_only():
    low, high = panel_with([-0.3, 3.0, 4.0, 4.5, 4.6], (2.0, None)).get_ylim()
    assert low == 2.0 and high > 4.6
    assert panel_with([-0.3, 1.0, 1.4, 1.5, 1.6], (2.0, None)).get_ylim()[0] < -0.3


def test_an_outlier_is_cut_off_and_said_to_be():
    axes = panel_with([-1e6, 2.0, 3.0, 4.0, 4.5, 4.6, 4.7, 4.8], None)
    assert axes.get_ylim()[0] > -10
    assert any("reaches -1e+06" in text.get_text() for text in axes.texts)


def test_non_finite_values_leave_a_cross_and_a_gap():
    frame = to_frame(rows_of("critic_impact", 1, 1000) + failed_run())
    figure = plots.draw("critic_impact", frame).figure
    assert "non-finite" in legend_texts(figure)
    panel = panel_with([1.0, math.nan, math.inf, 2.0], None)
    np.testing.assert_equal(panel.lines[0].get_ydata(), [1.0, math.nan, math.nan, 2.0])
    np.testing.assert_array_equal(panel.lines[1].get_xdata(), [1000, 2000])


@pytest.mark.parametrize("experiment", DRAWN)
def test_rows_that_are_all_nan_or_few_do_not_break_a_figure(experiment):
    tags = {"dataset": "mnist", "bound": "nwj", "features": "code"}
    rows = [Row(experiment, "v", 0, 0, split, metric, math.nan, "1", {**tags, "values": [math.nan]})
            for split, metric in (("test", "probe/linear/accuracy"), ("test", "bound"),
                                  ("train", "log_condition_number"), ("train", "train/bound"),
                                  ("train", "singular_values"), ("test", "probe/mlp/accuracy"),
                                  ("train", "train/local_information"),
                                  ("test", "dependence/ndm"))]
    assert plots.image(plots.draw(experiment, to_frame(rows)).figure)
    assert plots.draw(experiment, to_frame(rows[:1])).figure.axes


def test_an_experiment_of_ones_own_gets_plain_curves():
    rows = [Row("mine", variant, 0, step, "test", "bound", 1.0, "nats", {"dataset": "x"})
            for variant in ("a", "b") for step in (0, 10)]
    assert legend_texts(plots.draw("mine", to_frame(rows)).figure) == ["a", "b"]


def test_an_axis_has_the_unit_of_its_rows():
    def frame(*units):
        return to_frame([Row("e", "v", seed, 0, "test", "bound", 1.0, unit, {"dataset": "d"})
                         for seed, unit in enumerate(units)])

    for units, label in ((("nats",), "bound [nats]"), (("1",), "bound [no unit]"),
                         (("1", "nats"), "bound [nats, no unit]")):
        assert with_unit("bound", frame(*units), "bound", "test") == label
    assert with_unit("bound", frame("nats"), "train/bound") == "bound"


@pytest.mark.parametrize("experiment", [
    "invertible", "non_invertible", "critic_impact", "encoder_impact", "dependent_samples",
    "staircase", "infonce_ceiling", "mine", "dim_negatives",
])
def test_divergences_are_no_nats_on_any_axis(experiment):
    tags = {"dataset": "mnist", "bound": "jsd", "critic": "concat", "encoder": "mlp",
            "sampling": "dependent", "features": "conv", "transform": "identity", "level": 1.0,
            "batch_size": 8, "target": 1.0, "negative_images": 3}
    rows = [Row(experiment, "v", 0, step, split, metric, 1.0, "1", tags) for step in (0, 10)
            for split, metric in (("test", "bound"), ("train", "bound"), ("train", "train/bound"),
                                  ("train", "train/local_information"),
                                  ("test", "probe/mlp/accuracy"))]
    exact = [Row(experiment, "v", 0, step, "test", metric, 1.0, "nats", tags) for step in (0, 10)
             for metric in ("mutual_information", "bound/optimal_critic")]
    # Without a figure of one's own the exact values have panels, too, in nats.
    figure = plots.draw(experiment, to_frame(rows + exact * (experiment != "mine"))).figure
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert any("[no unit]" in label for label in labels)
    # Errors of a staircase are against the exact value, in nats.
    assert experiment == "staircase" or not any("[nats]" in label for label in labels)


def test_accuracies_end_where_the_flow_has_lost_its_inverse():
    tags = {"dataset": "mnist", "encoder": "realnvp"}
    rows = []
    for step, error in ((0, 1e-7), (400, 9e-4), (800, 10.7), (1200, math.nan)):
        rows += [Row("adversarial", "v", 0, step, "test", "probe/linear/accuracy", 0.8, "fraction",
                     {**tags, "features": "code"}),
                 Row("adversarial", "v", 0, step, "test", "flow/inverse_error", error, "1", tags)]
    figure = plots.draw("adversarial", to_frame(rows)).figure
    (line,) = (one for one in figure.axes[0].lines if len(one.get_xdata()) > 1)
    np.testing.assert_array_equal(line.get_xdata(), [0, 400])


def test_reference_curves_do_not_lengthen_the_axes():
    _, axes = style.canvas(1, 1, 3)
    panel = style.Panel(axes[0, 0])
    panel.curve(Curve.single([0, 1000], [0.84, 0.85]), "black")
    panel.reference(Curve.single([0, 1000, 21_000], [0.80, 0.82, 5.0]), "black", "theirs")
    panel.finish()
    assert panel.axes.get_xlim()[1] < 1100 and panel.axes.get_ylim()[1] < 1.0
    assert panel.axes.get_ylim()[0] < 0.80 and "theirs" in panel.handles


def test_a_figure_is_of_one_experiment_and_data_set():
    frame = to_frame(rows_of("invertible", 1, 100) + rows_of("invertible", 1, 100, "digits"))
    with pytest.raises(ValueError, match=r"Received: experiments=\['invertible'\], datasets="):
        plots.draw("invertible", frame)


def test_colours_tell_things_apart():
    for kind in style.KINDS:
        # One bound may have two names, with its default option spelled out or not.
        names = style.known(kind)
        things = {(display_name(kind, name), style.colour(kind, name)) for name in names}
        labels, colours = zip(*things, strict=True)
        assert len(set(labels)) == len(set(colours)) == len(things)
