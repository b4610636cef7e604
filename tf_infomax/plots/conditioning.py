"""Figure 2: encoders that become hard to invert (experiment non_invertible)."""

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize

from tf_infomax.numerics.percentiles import percentiles
from tf_infomax.plots import style
from tf_infomax.plots.bijective import accuracy_panel, bound_panel_of, bounds_panel
from tf_infomax.plots.curves import Curve, curve, lines, values_by_step
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.probe_accuracy import converged_caption
from tf_infomax.results.display_names import display_name

__all__ = ["non_invertible"]

_FRACTIONS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0)


def _pooled(frame):
    """(steps [S], percentiles [S, 7]) of the log condition number, seeds pooled as in the paper."""
    pooled = values_by_step(frame, "log_condition_number", "train")
    if pooled:
        table = [percentiles(np.concatenate(values), _FRACTIONS) for values in pooled.values()]
        return np.array(list(pooled), dtype=float), np.array(table)
    # Rows kept without their distributions: the mean over seeds of each percentile.
    columns = [
        curve(frame, f"log_condition_number/p{round(100 * p)}", "train") for p in _FRACTIONS
    ]
    sizes = {column.steps.size for column in columns}
    if len(sizes) > 1:
        return np.empty(0), np.empty((0, len(_FRACTIONS)))
    return columns[0].steps, np.stack([column.mean for column in columns], axis=1)


def _percentile_panel(panel, frame, bound, color, official):
    steps, table = _pooled(frame)
    if steps.size:
        names = ("min to max", "20 % to 80 %", "40 % to 60 %")
        bands = zip(names, (0, 1, 2), (6, 5, 4), (0.16, 0.26, 0.40), strict=True)
        for name, low, high, alpha in bands:
            panel.shade(steps, table[:, low], table[:, high], color, alpha, name)
            for edge in (low, high):
                panel.axes.plot(steps, table[:, edge], color=color, linewidth=0.5, alpha=0.7)
        panel.curve(Curve.single(steps, table[:, 3]), color, "median")
    if official is not None:
        steps, values = official.curve("non_invertible", "bilinear", bound, "log_condition_p50")
        if steps.size:
            panel.reference(
                Curve.single(steps, values), "black", "official notebook, median (1 run)",
                linestyle=(0, (3, 1.5)),
            )


def _spectrum_panel(figure, axes, frame):
    axes.set_ylabel("singular value")
    axes.set_xlabel("index, largest first")
    spectra = values_by_step(frame, "singular_values", "train")
    spectra = {
        step: values for step, values in spectra.items() if len({v.size for v in values}) == 1
    }
    if not spectra:
        style.Panel(axes, axes.get_title()).empty()
        return
    steps = list(spectra)
    # More than nine lines are hard to distinguish; the first and the last are always shown.
    shown = sorted({steps[round(i)] for i in np.linspace(0, len(steps) - 1, min(9, len(steps)))})
    norm = Normalize(0, max(steps[-1], 1))
    # The palest yellow would be lost on white.
    colours = ListedColormap(matplotlib.colormaps["viridis_r"](np.linspace(0.08, 1, 256)))
    for step in shown:
        with np.errstate(divide="ignore", invalid="ignore"):
            spectrum = np.exp(np.mean(np.log(np.stack(spectra[step])), axis=0))
        positive = np.where(np.isfinite(spectrum) & (spectrum > 0), spectrum, np.nan)
        index = np.arange(1, spectrum.size + 1)
        axes.plot(index, positive, color=colours(norm(step)), linewidth=1.4)
    axes.set_yscale("log")
    axes.set_xlim(1, max(index[-1], 2))
    # Spectra decrease to the right: the lower left corner is free.
    place = axes.inset_axes((0.07, 0.16, 0.38, 0.035))
    bar = figure.colorbar(ScalarMappable(norm, colours), cax=place, orientation="horizontal")
    bar.set_ticks([0, norm.vmax], labels=["0", style.thousands(norm.vmax)])
    bar.ax.tick_params(length=0, labelsize=8)
    bar.ax.set_title("training steps", fontsize=8, pad=3)
    bar.outline.set_visible(False)


def non_invertible(frame, official=None):
    """Figure 2: accuracy and percentiles of the log condition number, and the mean spectrum."""
    shown = lines(frame, "bound")
    figure, axes = style.canvas(2, 1 + len(shown), 3.1)
    mnist = set(frame["dataset"]) == {"mnist"}
    accuracy = style.Panel(axes[0, 0], "Linear classification", "test accuracy")
    bound = bound_panel_of(axes[1, 0], frame)
    accuracy_panel(accuracy, frame)
    bounds_panel(bound, frame)
    accuracy.finish((0.83, 0.90), widen=mnist)
    bound.finish()
    panels = [accuracy, bound]
    for position, line in enumerate(shown):
        name = line.tags["bound"]
        title = display_name("bound", name) + line.suffix
        panel = style.Panel(axes[0, 1 + position], f"Condition number, {title}")
        panel.axes.set_ylabel("log condition number")
        color = style.colour("bound", name, position)
        _percentile_panel(panel, line.frame, name, color, official if mnist else None)
        panel.finish((0.0, 8.0), widen=mnist)
        panels.append(panel)
        axes[1, 1 + position].set_title(f"Mean spectrum, {title}")
        _spectrum_panel(figure, axes[1, 1 + position], line.frame)
    train = style.proxy(linestyle=(0, (4, 2)), width=1.0)
    style.legend(figure, panels, {"training pairs": train}, columns=5)
    return Drawing(
        figure,
        "Top: accuracy of a linear classifier on the codes (dashed line: on the raw pixels), and "
        "the natural logarithm of the condition number of the encoder's Jacobian at the inputs of "
        "one training batch, all seeds pooled: minimum, 20th, 40th, 60th and 80th percentile and "
        "maximum as in the paper, and the median." + converged_caption(panels)
        + " Bottom: the bound on test pairs (solid) and "
        "training pairs (dashed), and the Jacobian's singular values, geometric mean over inputs "
        "and seeds.",
    )
