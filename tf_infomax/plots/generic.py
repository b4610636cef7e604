"""What an experiment without a figure of its own has measured: a panel for each metric."""

import textwrap

import numpy as np

from tf_infomax.naming.natural_order import natural_key
from tf_infomax.plots import style
from tf_infomax.plots.curves import epoch_curve, lines, select, with_unit
from tf_infomax.plots.deep_infomax import SHOWN, endpoints_of, panels_of
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.metric_panels import bars, curves, laid_out
from tf_infomax.plots.probe_accuracy import ACCURACY, pixel_level
from tf_infomax.results.metrics import INPUTS_CHANGED, NON_FINITE, PICTURE, described

__all__ = ["generic"]

# Of runs on two views: metric, split, title, label of the y axis.
_TWO_VIEWS = (
    ("bound", "test", "Bound, test pairs", "bound"),
    ("bound", "train", "Bound, training pairs", "bound"),
    ("train/bound", "train", "Bound in training", "bound"),
    ("log_condition_number", "train", "Conditioning", "median log condition number"),
)
# One panel shows what the others of its kind do.
_REPEATED = ("/last_accuracy", "/top_5_accuracy", "/accuracy_sd", "_over_orders")
_TITLE_WIDTH = 28
# A figure is looked at, and not read: beyond these there are the tables.
_MOST_PANELS = 12


def generic(frame, official=None):
    """Every metric of every variant: curves where there are steps, else bars."""
    variants = _variants(frame)
    in_training, measured = _others(frame)
    draws = _on_two_views(frame) + in_training + panels_of(_without_code_probe(frame)) + measured
    if not draws:
        figure, axes = style.canvas(1, 1, 1.2)
        style.Panel(axes[0, 0], "").empty("no numbers")
        return Drawing(figure, "Nothing has been measured yet.")
    figure, _ = laid_out(draws[:_MOST_PANELS], variants)
    caption = "One line or bar per variant."
    if len(select(frame, ACCURACY, "test", features="pixels")):
        caption += " The dashed line is the probe on raw pixels."
    if len(draws) > _MOST_PANELS:
        caption += f" {len(draws) - _MOST_PANELS} further metrics are in the tables only."
    return Drawing(figure, caption)


def _variants(frame):
    found = []
    ordered = sorted(lines(frame), key=lambda line: natural_key(line.frame["variant"].iloc[0]))
    for position, line in enumerate(ordered):
        name = line.frame["variant"].iloc[0]
        if name == "default":
            name = line.frame["experiment"].iloc[0].replace("_", " ")
        found.append((name, style.colour("", "", position), line.frame))
    return found


def _on_two_views(frame):
    found = []
    if len(select(frame, ACCURACY, "test", features="code")):
        found.append(_accuracy_of_codes(frame))
    for metric, split, title, ylabel in _TWO_VIEWS:
        if len(select(frame, metric, split)):
            if ylabel == "bound":
                ylabel = with_unit(ylabel, frame, metric, split)
            found.append(curves(metric, title, ylabel, split))
    return found


def _accuracy_of_codes(frame):
    draw = curves(ACCURACY, "Linear classification", "test accuracy", "test", features="code")

    def with_pixels(axes, variants):
        panel = draw(axes, variants)
        pixel_level(panel, frame)
        return panel

    return with_pixels


def _without_code_probe(frame):
    """Without what ``_accuracy_of_codes`` shows."""
    if "features" not in frame:
        return frame
    return frame[~((frame["metric"] == ACCURACY) & frame["features"].isin(["code", "pixels"]))]


def _others(frame):
    """Panels of what has none of its own: (of training steps, of evaluations).

    Metrics of the tables come first, in their order, then unknown ones by name.
    """
    shown = {*SHOWN, ACCURACY, *(metric for metric, *_ in _TWO_VIEWS), NON_FINITE, INPUTS_CHANGED}
    found = ([], [])
    for (metric, split), part in frame.groupby(["metric", "split"], sort=True):
        is_of_training = metric.startswith("train/")
        if metric in shown or metric.endswith((PICTURE, *_REPEATED)):
            continue
        if not np.isfinite(part["value"]).any() or _is_seen_elsewhere(frame, metric, split):
            continue
        endpoints = endpoints_of(part, metric) or [None]
        known = described(metric, split, endpoints[0] if len(endpoints) == 1 else "features")
        if known is not None and known[1].heading is None:
            continue
        place, title = ((0, known[0]), known[1].heading) if known else ((1, metric), _words(metric))
        panel = _panel_of(metric, split, title, part, endpoints)
        found[0 if is_of_training else 1].append((place, panel))
    return tuple([draw for _, draw in sorted(panels, key=lambda one: one[0])] for panels in found)


def _words(metric):
    name = metric.removeprefix("train/").replace("_", " ")
    return name if not metric.startswith("train/") else f"{name} in training"


def _is_seen_elsewhere(frame, metric, split):
    """Whether test images have that metric too, or ``panels_of`` draws how it was estimated."""
    if split == "train" and len(select(frame, metric, "test")):
        return True
    return metric.startswith("dependence/") and epoch_curve(frame, metric).steps.size > 0


def _panel_of(metric, split, title, part, endpoints):
    title = textwrap.fill(title, _TITLE_WIDTH)
    ylabel = with_unit("value", part, metric, split)
    if part["step"].nunique() > 1 and len(endpoints) == 1:
        return curves(metric, title, ylabel, split, features=endpoints[0])
    return bars(metric, title, endpoints, ylabel, split)
