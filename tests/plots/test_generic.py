"""Experiments without a figure of their own: everything they have measured is to be seen."""

import re

import matplotlib.colors
import numpy as np
import pytest

from tf_infomax import plots
from tf_infomax.plots import style
from tf_infomax.results.rows import Row, to_frame

NAME = "ours_alone"


def row(metric, value, *, variant="a", step=10, split="test", unit="1", seed=0, **tags):
    return Row(NAME, variant, seed, step, split, metric, value, unit, {"dataset": "digits", **tags})


def drawn(*rows):
    return plots.draw(NAME, to_frame(list(rows)))


def panel(drawing, title):
    found = [axes for axes in drawing.figure.axes if axes.get_title().replace("\n", " ") == title]
    assert len(found) == 1, [axes.get_title() for axes in drawing.figure.axes]
    return found[0]


def heights(axes):
    """Colour -> heights of its bars, from left to right."""
    found = {}
    for patch in sorted(axes.patches, key=lambda one: one.get_x()):
        color = matplotlib.colors.to_hex(patch.get_facecolor())
        found.setdefault(color, []).append(patch.get_height())
    return found


def test_probes_on_endpoints_are_bars_and_a_rivals_loss_is_a_curve():
    accuracies = {"conv": 0.61, "fc": 0.52, "global": 0.43}
    drawing = drawn(
        *(row("probe/mlp/accuracy", value, unit="fraction", features=name)
          for name, value in accuracies.items()),
        *(row("probe/mlp/top_5_accuracy", 0.9, unit="fraction", features=name)
          for name in accuracies),
        *(row("train/nt_xent_loss", loss, step=step, split="train")
          for step, loss in ((5, 4.0), (10, 3.0))),
        *(row("train/something_else", 1.0 + step, step=step, split="train") for step in (5, 10)),
    )  # fmt: skip
    (bars,) = heights(panel(drawing, "MLP probe")).values()
    assert bars == list(accuracies.values())
    loss = panel(drawing, "NT-Xent in training").lines[0]
    assert (list(loss.get_xdata()), list(loss.get_ydata())) == ([5, 10], [4.0, 3.0])
    other = panel(drawing, "something else in training").lines[0]
    assert list(other.get_ydata()) == [6.0, 11.0]
    assert len([axes for axes in drawing.figure.axes if axes.get_title()]) == 3


def test_a_metric_of_ones_own_has_a_bar_for_each_variant_in_natural_order():
    values = {"size_2": 0.5, "size_16": 3.0, "size_128": -4.0}
    rows = [
        row("own/thing", value + shift, variant=name, unit="nats", seed=seed)
        for name, value in values.items() for seed, shift in ((0, -0.25), (1, 0.25))
    ]  # fmt: skip
    drawing = drawn(*rows)
    axes = panel(drawing, "own/thing")
    assert axes.get_ylabel() == "value [nats]"
    assert list(heights(axes).values()) == [[value] for value in values.values()]
    names = [text.get_text() for text in drawing.figure.legends[0].get_texts()]
    assert names == list(values)


def test_two_views_are_curves_with_the_level_of_the_pixels():
    drawing = drawn(
        *(row("probe/linear/accuracy", 0.8 + step / 100, unit="fraction", step=step,
              features="code") for step in (0, 5, 10)),
        row("probe/linear/accuracy", 0.85, unit="fraction", step=0, features="pixels"),
        *(row("bound", 0.1 * step, unit="nats", step=step) for step in (0, 5, 10)),
        *(row("bound", 0.2 * step, unit="nats", step=step, split="train") for step in (0, 5, 10)),
    )  # fmt: skip
    axes = panel(drawing, "Linear classification")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.8, 0.85, 0.9])
    assert any(np.allclose(line.get_ydata(), 0.85) for line in axes.lines[1:])
    assert list(panel(drawing, "Bound, training pairs").lines[0].get_ydata()) == [0.0, 1.0, 2.0]
    assert len([axes for axes in drawing.figure.axes if axes.get_title()]) == 3


def test_training_images_of_an_evaluation_are_left_to_the_tables():
    drawing = drawn(
        row("rank/rankme", 5.0, features="global"),
        row("rank/rankme", 6.0, split="train", features="global"),
    )
    assert list(heights(panel(drawing, "effective rank (RankMe) of global")).values()) == [[5.0]]
    assert len([axes for axes in drawing.figure.axes if axes.get_title()]) == 1


def test_a_figure_ends_where_it_could_not_be_looked_at():
    drawing = drawn(*(row(f"own/{place}", float(place)) for place in range(20)))
    assert len([axes for axes in drawing.figure.axes if axes.get_title()]) == 12
    assert re.search(r"\b8 further metrics", drawing.caption)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_number_at_all(value):
    drawing = drawn(row("own/thing", value))
    (axes,) = drawing.figure.axes
    assert [text.get_text() for text in axes.texts] == ["no numbers"]


def test_an_experiment_that_is_its_only_variant_is_called_by_its_name():
    drawing = drawn(row("own/thing", 1.0, variant="default"))
    assert drawing.figure.legends[0].get_texts()[0].get_text() == "ours alone"
    color = matplotlib.colors.to_hex(style.colour("", ""))
    assert heights(panel(drawing, "own/thing")) == {color: [1.0]}
