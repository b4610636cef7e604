"""An estimate with its interval beside the true value."""

import math

from tf_infomax.plots import style
from tf_infomax.plots.curves import select
from tf_infomax.plots.drawing import Drawing

__all__ = ["pair_estimate"]

_VALUE, _TRUTH, _GAUSSIAN = "#0072B2", "black", "#D55E00"


def pair_estimate(frame, official=None):
    """A point with its interval for each run; the true value and the Gaussian's as marks."""
    figure, axes = style.canvas(1, 1, 1.6 + 0.35 * frame.groupby(["variant", "seed"]).ngroups)
    place = axes[0, 0]
    names, handles = [], {}
    for position, ((variant, seed), part) in enumerate(frame.groupby(["variant", "seed"])):
        value = {
            name: float(next(iter(select(part, name)["value"]), math.nan))
            for name in ("mutual_information", "estimate", "estimate/low", "estimate/high",
                         "estimate/gaussian")
        }
        known = part["distribution"].iloc[0] if "distribution" in part else None
        names.append(f"{known or 'unknown distribution'}\n{variant}, seed {seed}")
        ends = [
            [value["estimate"] - value["estimate/low"]],
            [value["estimate/high"] - value["estimate"]],
        ]
        handles["estimate and its interval"] = place.errorbar(
            [value["estimate"]], [position], xerr=ends, color=_VALUE, marker="o", capsize=4
        )
        handles["true value"] = place.plot(
            [value["mutual_information"]], [position], "|", color=_TRUTH, markersize=22
        )[0]
        handles["from correlations alone"] = place.plot(
            [value["estimate/gaussian"]], [position], "x", color=_GAUSSIAN, markersize=8
        )[0]
    place.set_yticks(range(len(names)), names)
    place.set_ylim(-0.6, len(names) - 0.4)
    place.set_xlim(left=min(0.0, place.get_xlim()[0]))
    place.set_xlabel("mutual information [nats]")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    return Drawing(
        figure,
        "The estimate on held-out pairs with its interval, and the true value. The cross is what "
        "the canonical correlations alone would give.",
    )
