"""Figure 4 of Hjelm et al. (2019): JSD against KL on random discrete joints."""

import math

import numpy as np
from scipy.stats import spearmanr

from tf_infomax.plots import style
from tf_infomax.plots.curves import select, values_by_step, with_unit
from tf_infomax.plots.drawing import Drawing

__all__ = ["jsd_and_kl"]

_TITLES = {
    "softmax_dropout": "uniform draws, dropout, softmax",
    "softmax": "softmax of uniform draws",
    "dirichlet": "Dirichlet",
    "uniform": "normalised uniform draws",
}
# One hue, darker with the size.
_SHADES = ("#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594")


def _points(frame):
    """(KL, JSD) of all draws of all seeds, two arrays."""
    parts = [
        [np.concatenate(values) for values in values_by_step(run, metric).values()]
        for _, run in frame.groupby("seed")
        for metric in ("divergence/kl", "divergence/jsd")
    ]
    if not parts:
        return np.array([]), np.array([])
    columns = [np.concatenate([p for part in parts[start::2] for p in part]) for start in (0, 1)]
    return tuple(columns)


def jsd_and_kl(frame, official=None):
    """A scatter plot for each scheme of joints, shaded by size, with the rank correlation."""
    known = [name for name in _TITLES if name in {*frame["scheme"]}]
    schemes = [*known, *sorted({*frame["scheme"]} - {*known})]
    columns = min(2, len(schemes))
    figure, axes = style.canvas(-(-len(schemes) // columns), columns, 3.1)
    sizes = sorted({*frame["size"]})
    handles = {}
    for place, scheme in zip(axes.flat, schemes, strict=False):
        everything = []
        for position, size in enumerate(sizes):
            points = _points(select(frame, scheme=scheme, size=size))
            everything.append(points)
            shade = _SHADES[round(position * (len(_SHADES) - 1) / max(len(sizes) - 1, 1))]
            place.scatter(*points, s=7, color=shade, linewidths=0)
            handles[f"{size} x {size}"] = style.proxy(shade, linestyle="none", marker="o")
        kl, jsd = (np.concatenate(column) for column in zip(*everything, strict=True))
        # Over all sizes together, as in the panel.
        rank = spearmanr(kl, jsd).statistic if kl.size > 2 else math.nan
        place.set_title(f"{_TITLES.get(scheme, scheme)}: rank correlation {rank:.4f}")
        place.set_xlabel(with_unit("mutual information (KL)", frame, "divergence/kl"))
        place.set_ylabel(with_unit("JSD", frame, "divergence/jsd"))
        place.set_xlim(left=0)
        place.set_ylim(bottom=0)
    for place in axes.flat[len(schemes):]:
        place.set_axis_off()
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=5)
    return Drawing(
        figure,
        "Each point is a random joint distribution of discrete X (uniform) and Y, computed "
        "exactly: its mutual information, which is the KL divergence of joint and product, and "
        "their Jensen-Shannon divergence, at most log 2 = 0.693. The rank correlation "
        "(Spearman) is of all sizes together.",
    )
