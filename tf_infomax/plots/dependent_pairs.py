"""Bounds on batches whose pairs share an offset, over the offset's share of the variance."""

import numpy as np

from tf_infomax.plots import style
from tf_infomax.plots.ceiling import settled
from tf_infomax.plots.curves import lines, means_over, select
from tf_infomax.plots.drawing import Drawing
from tf_infomax.results.display_names import display_name

__all__ = ["dependent_negatives"]

_LIMITS = {"infonce": "in_batch_optimum/infonce", "nwj": "in_batch_optimum/nwj"}


def dependent_negatives(frame, official=None):
    """Trained InfoNCE and NWJ, the values that they converge to, and the exact answers."""
    figure, axes = style.canvas(1, 1, 4.0)
    place = axes[0, 0]
    place.set_title("Dependent batches")
    handles = {}
    for position, bound in enumerate(
        style.order("bound", {line.tags["bound"] for line in lines(frame, "bound")})
    ):
        own = select(frame, bound=bound)
        color = style.colour("bound", bound, position)
        name = display_name("bound", bound)
        if bound in _LIMITS:
            handles[f"{name}, limit"] = place.plot(
                *means_over(own, "share", _LIMITS[bound]), color=color, linewidth=1.6
            )[0]
        points = [
            [settled(run) for _, run in part.groupby(["variant", "seed"])]
            for _, part in own.groupby("share")
        ]
        shares = sorted({*own["share"]})
        handles[f"{name}, trained"] = place.errorbar(
            shares, [np.mean(values) for values in points],
            yerr=[np.std(values, ddof=1) if len(values) > 1 else 0.0 for values in points],
            color=color, marker="o", linestyle="none", capsize=3,
        )
    handles["I(X; Y), exact"] = place.plot(
        *means_over(frame, "share", "mutual_information"), color="black", linewidth=1.6
    )[0]
    shares, conditional = means_over(frame, "share", "in_batch_optimum/conditional")
    handles["I(X; Y | offset), exact"] = place.plot(
        shares, conditional, color="#777777", linestyle=(0, (4, 2)), linewidth=1.4
    )[0]
    place.set_xlabel("share of the common offset in the variance of a pair")
    place.set_ylabel("[nats]")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    return Drawing(
        figure,
        "Points: the bound in the last quarter of the training on batches whose pairs share an "
        "offset. Lines: what it converges to with many pairs and the best critic f(x, y), in "
        "closed form; the exact I(X; Y), which a lower bound would not exceed; and I(X; Y) given "
        "the offset. A share of 0.5 is Figure 4c of Tschannen et al. (2020).",
    )
