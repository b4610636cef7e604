"""Figures of one estimate of mutual information: training of its critics, and its errors."""

import math

import numpy as np

from tf_infomax.plots import style
from tf_infomax.plots.curves import Curve
from tf_infomax.plots.drawing import Drawing

__all__ = ["held_out_values", "training_curves"]

_NAMED_FOLDS = 10  # more would be indistinguishable
_VALUE, _LIMIT = "#0072B2", "#D55E00"


def training_curves(frame):
    """The critics of all folds over their training.

    Args:
        frame: a row per fold and epoch: "fold", "epoch", "training_nats" (NaN before any step),
            "validation_nats".

    Returns:
        ``Drawing``.
    """
    with style.look():
        figure, axes = style.canvas(1, 2, 3.6)
        panels = [
            style.Panel(axes[0, 0], "Training pairs, batch by batch", "value of the bound [nats]"),
            style.Panel(axes[0, 1], "Validation pairs (\u25cf: kept)"),
        ]
        folds = sorted({*frame["fold"]})
        for position, fold in enumerate(folds):
            own = frame[frame["fold"] == fold].sort_values("epoch")
            color = style.colour("fold", fold, position)
            name = f"fold {fold + 1}" if len(folds) <= _NAMED_FOLDS else None
            for panel, column, rows in zip(
                panels, ("training_nats", "validation_nats"), (own[own["epoch"] > 0], own),
                strict=True,
            ):
                panel.curve(Curve.single(rows["epoch"], rows[column]), color, name, width=1.4)
            best = own.loc[own["validation_nats"].idxmax()]
            panels[1].axes.plot(
                best["epoch"], best["validation_nats"], "o", color=color, markersize=5
            )
        for panel in panels:
            panel.finish(xlabel="epochs")
        style.share_y(panels)
        style.legend(figure, panels, columns=_NAMED_FOLDS)
    return Drawing(
        figure,
        "One critic per fold; epoch 0 is the critic before training (the default critic is then "
        "exact for Gaussian copulas). The validation pairs decide which epoch's critic is kept "
        "and are not used for the estimate, which is read on held-out pairs (Figure 2). The two "
        "panels have different numbers of negatives per pair, so their levels need not agree; a "
        "validation curve that falls while the training curve rises is overfitting.",
    )


def held_out_values(values, estimate, interval, confidence, limits):
    """The value of each fold, the estimate with its interval, and the limits of both.

    Args:
        values: ``[F]``, nats.
        estimate, interval: nats, a number and (low, high).
        confidence: of the interval, a fraction.
        limits: name -> nats; infinite limits are left out.

    Returns:
        ``Drawing``.
    """
    limits = {name: value for name, value in limits.items() if math.isfinite(value)}
    low, high = interval
    with style.look():
        figure, axes = style.canvas(1, 2, 3.6, gridspec_kw={"width_ratios": (2.4, 1)})
        left, right = axes[0]
        places = np.arange(1, len(values) + 1)
        points = left.plot(places, values, "o", color="#222222", markersize=5)[0]
        band = left.axhspan(low, high, color=_VALUE, alpha=0.18, linewidth=0)
        line = left.axhline(estimate, color=_VALUE, linewidth=1.8)
        left.set_title("Held-out pairs")
        left.set_xlabel("fold")
        left.set_xlim(0.5, len(values) + 0.5)
        if len(values) <= _NAMED_FOLDS:
            left.set_xticks(places)
        left.set_ylabel("value of the bound [nats]")
        _with_bits(left)
        right.errorbar(
            [0.0], [estimate], yerr=[[estimate - low], [high - estimate]], color=_VALUE,
            marker="o", markersize=5, capsize=4,
        )
        right.axhline(0.0, color="#999999", linewidth=0.8)
        for name, value in limits.items():
            right.axhline(value, color=_LIMIT, linewidth=1.3, linestyle=(0, (5, 2)))
            right.annotate(
                f"{name}: {value:.2f}", (0.02, value), (0, -3), va="top", fontsize=8,
                color=_LIMIT, xycoords=("axes fraction", "data"), textcoords="offset points",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
            )
        right.set_xticks([])
        right.set_xlim(-1.0, 1.0)
        top, bottom = max([high, *limits.values()]), min(low, 0.0)
        right.set_ylim(bottom - 0.05 * (top - bottom), top + 0.05 * (top - bottom))
        right.set_title("Against the limits")
        right.set_ylabel("[nats]")
        handles = {
            "held-out value of a fold": points,
            "estimate": line,
            f"{100 * confidence:g} % interval": band,
        }
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    return Drawing(
        figure,
        "Left: the value of each fold's critic on its held-out pairs; their mean is the estimate. "
        "The interval comes from disjoint groups of held-out pairs; it says how much the value "
        "would change with other pairs, not by how much the estimate is biased low. "
        "Right: the same estimate and interval below the ceiling of the bound (if it has one) "
        "and the most that any lower bound can certify from this number of pairs.",
    )


def _with_bits(axes):
    bits = axes.secondary_yaxis(
        "right", functions=(lambda nats: nats / math.log(2), lambda bits: bits * math.log(2))
    )
    bits.set_ylabel("[bits]")
