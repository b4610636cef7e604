"""Appendix A.3 of Hjelm et al. (2019): how many negative images each bound needs."""

import numpy as np
from matplotlib.ticker import NullLocator

from tf_infomax.plots import style
from tf_infomax.plots.curves import Curve, lines, select, with_unit
from tf_infomax.plots.deep_infomax import MLP, deep_infomax, endpoints_of
from tf_infomax.plots.drawing import Drawing
from tf_infomax.results.display_names import display_name
from tf_infomax.results.rows import final_values

__all__ = ["negatives"]

_ESTIMATE = "train/local_information"


def _over_numbers(frame, metric, split, **tags):
    """Final values against the number of negative images, as a ``Curve``."""
    chosen = select(frame, metric, split, **tags)
    chosen = chosen[[value == value for value in chosen["negative_images"]]]
    # Rows of the last step of each run.
    table = final_values(chosen, ["negative_images"]).sort_values("negative_images")
    return Curve(*(table[name].to_numpy(dtype=float)
                   for name in ("negative_images", "mean", "sd", "n")))


def _panel(axes, frame, title, ylabel, metric, split, **tags):
    panel = style.Panel(axes, title, ylabel)
    numbers = set()
    bounds = style.order("bound", {line.tags["bound"] for line in lines(frame, "bound")})
    for position, bound in enumerate(bounds):
        own = select(frame, bound=bound) if bound is not None else frame
        found = _over_numbers(own, metric, split, **tags)
        keep = np.isfinite(found.mean)
        if not keep.any():
            continue
        several = np.isfinite(found.sd[keep]).any()
        line = axes.errorbar(
            found.steps[keep], found.mean[keep], marker="o", markersize=5, capsize=3,
            yerr=np.nan_to_num(found.sd[keep]) if several else None,
            color=style.colour("bound", bound, position),
        )
        panel.handles[display_name("bound", bound)] = line
        numbers |= set(found.steps[keep])
    if not numbers:
        panel.empty()
        return panel
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(numbers), [f"{number:g}" for number in sorted(numbers)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("negative images for each positive")
    return panel


def negatives(frame, official=None):
    """Accuracy, and the bound itself, against the number of negative images; a line a bound."""
    endpoints = endpoints_of(select(frame, split="test"), MLP)
    if "negative_images" not in frame or not endpoints:
        return deep_infomax(frame, official)
    figure, axes = style.canvas(1, 1 + len(endpoints), 3.5)
    panels = [
        _panel(place, frame, f"MLP probe on {endpoint}", "test accuracy", MLP, "test",
               features=endpoint)
        for place, endpoint in zip(axes[0], endpoints, strict=False)
    ]
    label = with_unit("estimate", frame, _ESTIMATE, "train")
    panels.append(_panel(axes[0, -1], frame, "Local information", label, _ESTIMATE, "train"))
    style.legend(figure, panels)
    return Drawing(
        figure,
        "Accuracy of the probe on the frozen encoder, and the last value of the bound in training, "
        "against the number of other images in the batch that give negative pairs. Bars are one "
        "standard deviation over seeds, where there are several.",
    )
