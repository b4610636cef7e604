"""Figure 4c: bounds on dependent samples (experiment dependent_samples)."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from tf_infomax.plots import style
from tf_infomax.plots.curves import Curve, lines, select, with_unit
from tf_infomax.plots.drawing import Drawing
from tf_infomax.results.display_names import display_name

__all__ = ["dependent_samples", "smooth"]

_SMOOTHING_STEPS = 100.0  # standard deviation of the paper's Gaussian filter
_STYLES = {"dependent": "-", "independent": (0, (4, 2))}


def smooth(steps, values, sd=_SMOOTHING_STEPS):
    """Gaussian filter over training steps.

    Rows that are already means over ``sd`` steps or more are left as they are, and so is a curve
    with a non-finite value, which the filter would spread over its neighbours.

    Args:
        steps: [S], ascending, evenly spaced.
        values: [S].
        sd: standard deviation in steps.
    Returns:
        Array [S].
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2 or not np.isfinite(values).all():
        return values
    spacing = float(np.median(np.diff(steps)))
    return values if spacing >= sd else gaussian_filter1d(values, sd / spacing)


def _smoothed_curve(frame):
    """Mean and sd over seeds of the smoothed curves, as a ``Curve``."""
    found = {}
    for _, run in select(frame, "train/bound", "train").groupby("seed"):
        run = run.sort_values("step")
        values = smooth(run["step"].to_numpy(), run["value"].to_numpy())
        for step, value in zip(run["step"], values, strict=True):
            found.setdefault(step, []).append(value)
    found = dict(sorted(found.items()))
    with np.errstate(invalid="ignore"):
        mean = np.array([np.mean(v) for v in found.values()])
        sd = np.array([np.std(v, ddof=1) if len(v) > 1 else np.nan for v in found.values()])
    counts = np.array([len(v) for v in found.values()])
    return Curve(np.array(list(found), dtype=float), mean, sd, counts)


def dependent_samples(frame, official=None):
    """Figure 4c: bound over training on dependent and independent pairs, one column a bound."""
    estimators = style.order("bound", {line.tags["bound"] for line in lines(frame, "bound")})
    figure, axes = style.canvas(1, len(estimators), 3.6)
    known = select(frame, "mutual_information")["value"]
    exact = sorted({round(value, 6) for value in known if np.isfinite(value)})
    panels = []
    for column, bound in enumerate(estimators):
        chosen = select(frame, bound=bound) if bound is not None else frame
        label = with_unit("bound", chosen, "train/bound", "train")
        panel = style.Panel(axes[0, column], display_name("bound", bound), label)
        color = style.colour("bound", bound, column)
        for line in lines(chosen, "sampling"):
            sampling = line.tags["sampling"]
            panel.curve(
                _smoothed_curve(line.frame), color, linestyle=_STYLES.get(sampling, "-."),
                width=1.5,
            )
        for value in exact:
            panel.level(value, f"true mutual information, {value:.4f} nats", linestyle="-.")
        panels.append(panel)
    for panel in panels:
        panel.finish((-0.3, 0.25))
    style.share_y(panels)
    extra = {
        "dependent pairs": style.proxy(linestyle=_STYLES["dependent"], width=1.5),
        "independent pairs": style.proxy(linestyle=_STYLES["independent"], width=1.5),
    }
    style.legend(figure, panels, extra)
    return Drawing(
        figure,
        "The bound in training, smoothed by a Gaussian filter of 100 steps unless the rows are "
        "means over at least as many: solid for dependent pairs, dashed for independent ones. A "
        "lower bound would stay at or below the true value (dash-dotted).",
    )
