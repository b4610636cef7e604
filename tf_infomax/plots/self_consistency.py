"""The three self-consistency tests of Song and Ermon (2020) on images."""

import numpy as np

from tf_infomax.plots import style
from tf_infomax.plots.curves import lines, select
from tf_infomax.plots.drawing import Drawing
from tf_infomax.results.display_names import display_name

__all__ = ["ratios", "self_consistency"]

# (test, title, y label, what a correct estimate shows)
_PANELS = (
    ("baseline", "(a) Baseline", "estimate / that of all rows", None),
    ("data_processing", "(b) Data processing", "two pairs of one image / one pair", 1.0),
    ("additivity", "(c) Additivity", "two images / one image", 2.0),
)
# Estimates below this many nats are too close to 0 to divide by.
_SMALLEST = 0.1
# Ratios beyond these are cut off, since they are wrong in any case.
_SHOWN = (-0.5, 4.0)


def ratios(frame, test):
    """Number of rows of the image -> ratio, for one bound.

    Held-out estimates, means over seeds, where they are finite. "baseline" is divided by the
    estimate with the most rows, the other tests by the baseline with the same number of rows. There
    is no ratio to estimates that are not finite or below 0.1 nats.

    Returns:
        Two arrays, rows ascending.
    """
    single = _estimates(frame, "baseline")
    if not single:
        return np.array([]), np.array([])
    if test == "baseline":
        whole = single.get(select(frame, test="baseline")["rows"].max(), 0.0)
        found = {rows: value / whole for rows, value in single.items() if whole >= _SMALLEST}
    else:
        found = {
            rows: value / single[rows]
            for rows, value in _estimates(frame, test).items()
            if single.get(rows, 0.0) >= _SMALLEST
        }
    return np.array(sorted(found), float), np.array([found[rows] for rows in sorted(found)])


def _estimates(frame, test):
    means = select(frame, "bound", "test", test=test).groupby("rows")["value"].mean()
    return {rows: value for rows, value in means.items() if np.isfinite(value)}


def self_consistency(frame, official=None):
    """The three ratios over the number of rows, a line a bound; dashed, what they should be."""
    figure, axes = style.canvas(1, 3, 3.7)
    handles = {}
    bounds = style.order("bound", {line.tags["bound"] for line in lines(frame, "bound")})
    for place, (test, title, ylabel, ideal) in zip(axes[0], _PANELS, strict=True):
        for position, bound in enumerate(bounds):
            rows, values = ratios(select(frame, bound=bound), test)
            handles[display_name("bound", bound)] = place.plot(
                rows, values, marker="o", markersize=4,
                color=style.colour("bound", bound, position),
            )[0]
        if ideal is not None:
            handles["correct"] = place.axhline(
                ideal, color="black", linestyle=(0, (7, 3)), linewidth=1.2
            )
        low, high = place.get_ylim()
        place.set_ylim(
            max(min(low, 0.0), _SHOWN[0]), min(max(high, (ideal or 1.0) + 0.5), _SHOWN[1])
        )
        place.set_title(title)
        place.set_ylabel(ylabel)
        place.set_xlabel("rows of the image kept, t")
    if "correct" in handles:
        handles["correct"] = handles.pop("correct")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=5)
    return Drawing(
        figure,
        "Y is the image X with its top t rows. (a) The estimate should be 0 without any row and "
        "grow to that of the whole image. (b) Another, smaller part of the same image adds no "
        "information: the ratio should be 1. (c) Two independent images hold twice as much. "
        "Estimates are of held-out images; a ratio to less than 0.1 nats or to what is not finite "
        "is left out, and one beyond the axis is cut off.",
    )
