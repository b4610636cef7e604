"""Curves of an experiment without a figure of its own."""

from tf_infomax.plots import style
from tf_infomax.plots.curves import curve, lines, select, with_unit
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.probe_accuracy import ACCURACY, pixel_level

__all__ = ["generic"]

_PANELS: tuple = (
    ("Linear classification", "test accuracy", ACCURACY, "test", {"features": "code"}),
    ("Bound, test pairs", "bound", "bound", "test", {}),
    ("Bound, training pairs", "bound", "bound", "train", {}),
    ("Bound in training", "bound", "train/bound", "train", {}),
    ("Conditioning", "median log condition number", "log_condition_number", "train", {}),
)


def generic(frame, official=None):
    """Accuracy, bounds and conditioning of every variant, if there are rows."""
    wanted = [
        panel for panel in _PANELS if len(select(frame, panel[2], panel[3], **panel[4]))
    ] or [_PANELS[0]]
    columns = min(2, len(wanted))
    figure, axes = style.canvas(-(-len(wanted) // columns), columns, 3.1)
    panels = []
    for place, (title, ylabel, metric, split, tags) in zip(axes.flat, wanted, strict=False):
        if ylabel == "bound":
            ylabel = with_unit(ylabel, frame, metric, split)
        panel = style.Panel(place, title, ylabel)
        for position, line in enumerate(lines(frame)):
            variant = line.frame["variant"].iloc[0]
            panel.curve(
                curve(line.frame, metric, split, **tags), style.colour("", "", position), variant
            )
        if metric == ACCURACY:
            pixel_level(panel, frame)
        panel.finish()
        panels.append(panel)
    for place in axes.flat[len(wanted):]:
        place.set_axis_off()
    style.legend(figure, panels, columns=4)
    return Drawing(figure, "One line per variant; the dashed line is the probe on raw pixels.")
