"""Figures of the studies: the numbers that they draw are known independently."""

import math

import numpy as np
import pytest

from tf_infomax import plots
from tf_infomax.plots.ceiling import settled
from tf_infomax.plots.self_consistency import ratios
from tf_infomax.plots.staircase import level_statistics
from tf_infomax.results.rows import Row, to_frame


def row(metric, value, step=0, split="test", experiment="staircase", seed=0, **tags):
    tags = {"dataset": "gaussian_pairs", **tags}
    return Row(experiment, "-".join(map(str, tags.values())), seed, step, split, metric, value,
               "nats", tags)


def stairs(bound="infonce", estimate=lambda step, exact: exact - 1.0, last=400):
    tags = {"bound": bound, "critic": "separable", "transform": "identity"}
    rows = []
    for step in range(0, last + 1, 10):
        exact = 2.0 if step <= 200 else 4.0
        if step % 100 == 0:
            rows.append(row("mutual_information", exact, step, **tags))
        if step:
            rows.append(row("train/bound", estimate(step, exact), step, "train", **tags))
    return rows


def test_statistics_of_the_stair():
    # On the second half of a level: one nat below on average, alternating by half a nat.
    sign = {0: 0.5, 10: -0.5}
    rows = stairs(
        estimate=lambda step, exact: exact - 1 + sign[step % 20] + (50 if step % 200 <= 100 and
                                                                    step % 200 > 0 else 0)
    )
    first, second = level_statistics(to_frame(rows))
    assert (first.exact, second.exact) == (2.0, 4.0)
    for level in (first, second):
        assert level.bias == pytest.approx(-1.0)
        assert level.variance == pytest.approx(0.25)
        assert level.mse == pytest.approx(1.25)


def test_a_level_that_a_run_did_not_reach_has_no_statistics():
    rows = stairs(last=200)
    assert [level.exact for level in level_statistics(to_frame(rows))] == [2.0]


def test_the_staircase_shows_every_bound_and_where_runs_broke_down():
    rows = [*stairs(), *stairs("smile(clip=5)"), *stairs("nwj", last=300)]
    broken = {"bound": "nwj", "critic": "separable", "transform": "identity"}
    rows.append(row("run/non_finite_loss_step", 310, 310, "train", **broken))
    rows += [
        row(one.metric, one.value, one.step, one.split, **{**one.tags, "transform": "cubic"})
        for one in stairs()
    ]
    figure = plots.draw("staircase", to_frame(rows)).figure
    titles = [axes.get_title() for part in figure.subfigs for axes in part.axes]
    assert {"InfoNCE", "NWJ", "SMILE, clip 5"} <= {*titles}
    crosses = [
        line for part in figure.subfigs for axes in part.axes for line in axes.lines
        if line.get_marker() == "x"
    ]
    assert [line.get_xdata()[0] for line in crosses] == [310]


def test_the_settled_part_is_the_last_quarter():
    rows = [row("train/bound", value, step, "train") for step, value in
            ((10, 0.0), (20, 0.0), (30, 9.0), (40, 2.0))]
    assert settled(to_frame(rows)) == 2.0


def consistency(bound="nwj", **values):
    return [
        row("bound", value, experiment="self_consistency", bound=bound, test=test, rows=rows)
        for test, found in values.items() for rows, value in found.items()
    ]


def test_ratios():
    frame = to_frame(consistency(
        baseline={0: 0.01, 4: 2.0, 8: 4.0}, data_processing={0: 5.0, 4: 2.0, 8: 4.4},
        additivity={4: 3.0, 8: math.nan},
    ))
    np.testing.assert_allclose(ratios(frame, "baseline"), [[0, 4, 8], [0.0025, 0.5, 1.0]])
    # 0.01 nats are too few to divide by, and what is not finite has no ratio.
    np.testing.assert_allclose(ratios(frame, "data_processing"), [[4, 8], [1.0, 1.1]])
    np.testing.assert_allclose(ratios(frame, "additivity"), [[4], [1.5]])
    # An estimate of the whole image that is not finite leaves nothing to compare with.
    broken = to_frame(consistency(baseline={0: 0.3, 4: 2.0, 8: -math.inf}))
    assert ratios(broken, "baseline")[0].size == 0
    panels = plots.draw("self_consistency", frame).figure.axes
    np.testing.assert_allclose(panels[1].lines[0].get_ydata(), [1.0, 1.1])


def test_a_ceiling_without_the_optimal_critic_is_drawn():
    rows = [
        row(metric, value, 100, split, experiment="infonce_ceiling", level=10.0, batch_size=size)
        for size in (16, 64)
        for metric, value, split in (
            ("train/bound", math.log(size) - 0.1, "train"), ("mutual_information", 10.0, "test"),
        )
    ]
    (axes,) = plots.draw("infonce_ceiling", to_frame(rows)).figure.axes
    ceiling = next(line for line in axes.lines if line.get_color() == "black")
    np.testing.assert_allclose(ceiling.get_ydata(), np.log([16, 64]))


@pytest.mark.parametrize(("experiment", "missing"), [
    ("pair_estimate", "metric estimate"),
    ("estimator_variance", "tag samples, tag mutual_information"),
    ("formal_limit", "tag samples, tag mutual_information, metric donsker_varadhan"),
    ("jsd_and_kl", "tag scheme, tag size, metric divergence/kl, metric divergence/jsd"),
    ("self_consistency", "tag bound, tag test, tag rows"),
    ("dependent_negatives", "tag bound, tag share, metric train/bound"),
    ("infonce_ceiling", "tag level, tag batch_size"),
])
@pytest.mark.parametrize("tags", [{}, {"level": None, "share": "much", "samples": [1], "rows": ""}])
def test_a_study_without_its_rows_says_what_is_missing(experiment, missing, tags):
    drawing = plots.draw(experiment, to_frame([row("other", 1.0, experiment=experiment, **tags)]))
    (axes,) = drawing.figure.axes
    assert missing in axes.texts[0].get_text() and missing in drawing.caption


def test_rows_that_lack_a_tag_do_not_hide_the_others():
    rows = [
        row(metric, value, 100, "train", experiment="infonce_ceiling", level=level, batch_size=16)
        for level in (10.0, None)
        for metric, value in (("train/bound", 2.0), ("mutual_information", 10.0))
    ]
    (axes,) = plots.draw("infonce_ceiling", to_frame(rows)).figure.axes
    assert [2.0] in [list(line.get_ydata()) for line in axes.lines]


def test_an_estimate_alone_is_drawn():
    rows = [row("estimate", 1.5, experiment="pair_estimate")]
    (axes,) = plots.draw("pair_estimate", to_frame(rows)).figure.axes
    assert [1.5] in [list(line.get_xdata()) for line in axes.lines]
