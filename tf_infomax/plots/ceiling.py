"""InfoNCE against the number of candidates: the log K ceiling."""

import numpy as np
from matplotlib.ticker import NullLocator

from tf_infomax.plots import style
from tf_infomax.plots.curves import lines, select, with_unit
from tf_infomax.plots.drawing import Drawing

__all__ = ["infonce_ceiling", "settled"]

# The share of the steps, at the end of training, over which a trained value is averaged.
_SETTLED = 0.25


def settled(frame):
    """Mean of the training bound over the last quarter of the steps, of all seeds."""
    found = select(frame, "train/bound", "train")
    last = found["step"].max()
    return float(found[found["step"] > (1.0 - _SETTLED) * last]["value"].mean())


def infonce_ceiling(frame, official=None):
    """The estimate over K, a line for each true value: trained, and at the optimal critic."""
    figure, axes = style.canvas(1, 1, 4.0)
    place = axes[0, 0]
    place.set_title("InfoNCE stops at log K")
    found = {}
    for line in lines(frame, "level", "batch_size"):
        found.setdefault(line.tags["level"], {}).setdefault(line.tags["batch_size"], []).append(
            line.frame
        )
    sizes = sorted({size for parts in found.values() for size in parts})
    handles = {}
    for position, (level, parts) in enumerate(sorted(found.items())):
        color = style.colour("level", level, position)
        exact = [select(part, "mutual_information")["value"].mean() for part in parts[min(parts)]]
        own = sorted(parts)
        trained = [np.mean([settled(part) for part in parts[size]]) for size in own]
        optimal = [
            np.mean([select(part, "bound/optimal_critic")["value"].mean() for part in parts[size]])
            for size in own
        ]
        handles[f"trained critic, true value {level:g} nats"] = place.plot(
            own, trained, color=color, marker="o", markersize=5
        )[0]
        place.plot(own, optimal, color=color, linestyle=(0, (4, 2)), linewidth=1.2)
        place.axhline(exact[0], color=color, linewidth=0.9, linestyle=":")
    handles["log K"] = place.plot(sizes, np.log(sizes), color="black", linewidth=1.8)[0]
    handles["optimal critic"] = style.proxy(linestyle=(0, (4, 2)), width=1.2)
    handles["true value"] = style.proxy(linestyle=":", width=1.2)
    place.set_xscale("log", base=2)
    place.set_xticks(sizes, [f"{size:g}" for size in sizes])
    place.xaxis.set_minor_locator(NullLocator())
    place.set_xlabel("pairs in a batch, K")
    place.set_ylabel(with_unit("InfoNCE", frame, "train/bound", "train"))
    place.set_ylim(bottom=0)
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    return Drawing(
        figure,
        "InfoNCE in the last quarter of the training against the batch size; dashed, at the critic "
        "log p(x, y) / p(x) p(y), the best there is. No line crosses log K (black), whatever the "
        "true value (dotted).",
    )
