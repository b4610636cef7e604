"""The staircase of Poole et al. and Song and Ermon: estimates while the true value climbs."""

import dataclasses
import itertools

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter1d

from tf_infomax.plots import style
from tf_infomax.plots.curves import lines, select, with_unit
from tf_infomax.plots.drawing import Drawing
from tf_infomax.results.display_names import display_name
from tf_infomax.results.metrics import NON_FINITE

__all__ = ["Level", "level_statistics", "staircase"]

_COLUMNS = 5
_TITLES = {"identity": "y", "cubic": "y\u00b3"}
# The part at the end of a level over which statistics are taken, when the critic has adapted.
_SETTLED = 0.5
# The smoothed curve's Gaussian, as a share of a level.
_SMOOTHING = 0.05
# Errors in nats at which axes are cut off.
_SHOWN = 100.0


@dataclasses.dataclass(frozen=True)
class Level:
    """One level: its exact value and the error of an estimate on its second half.

    Attributes:
        exact: nats.
        bias: mean estimate less ``exact``, in nats.
        variance: of the rows about their mean, in nats^2.
        mse: ``bias^2 + variance``.
    """

    exact: float
    bias: float
    variance: float

    @property
    def mse(self):
        return self.bias**2 + self.variance


def level_statistics(frame):
    """The ``Level``s of one run or of several seeds, in the order of training.

    A row of the exact value belongs to the batch before its step, and holds for all rows since the
    last row with another value.
    """
    steps, exact = _stairs(frame)
    found = select(frame, "train/bound", "train")
    levels = []
    for start, stop, value in _plateaus(steps, exact):
        settled = found["step"] > stop - _SETTLED * (stop - start)
        values = found[settled & (found["step"] <= stop)]["value"].to_numpy(float)
        if values.size:
            with np.errstate(invalid="ignore", over="ignore"):
                bias, variance = values.mean() - value, values.var()
            levels.append(Level(value, float(bias), float(variance)))
    return levels


def _stairs(frame):
    rows = select(frame, "mutual_information", "test").drop_duplicates("step").sort_values("step")
    return rows["step"].to_numpy(float), rows["value"].to_numpy(float)


def _plateaus(steps, exact):
    """(start, stop, nats) of each level, from rows at ``steps`` that look back."""
    start = 0.0
    for position in range(1, len(steps)):
        is_last = position + 1 == len(steps)
        if is_last or exact[position + 1] != exact[position]:
            yield start, steps[position], exact[position]
            start = steps[position]


def _kinds(frame):
    """(transform, critic) -> its rows, transforms apart, critics in the known order."""
    frame = frame.assign(**{tag: None for tag in ("transform", "critic") if tag not in frame})
    critics = style.order("critic", {line.tags["critic"] for line in lines(frame, "critic")})
    found = {}
    transforms = sorted({*frame["transform"]}, key=lambda name: (name != "identity", str(name)))
    for transform in transforms:
        for critic in critics:
            part = select(frame, transform=transform, critic=critic)
            if len(part):
                found[transform, critic] = part
    return found


def _bounds(frame):
    return style.order("bound", {line.tags["bound"] for line in lines(frame, "bound")})


def _draw_stairs(axes, frame, bound, top, position):
    part = select(frame, bound=bound)
    color = style.colour("bound", bound, position)
    # The levels of all bounds together, since a run that failed has not reached all of them.
    plateaus = list(_plateaus(*_stairs(frame)))
    for _, run in select(part, "train/bound", "train").groupby(["variant", "seed"]):
        run = run.sort_values("step")
        at, values = run["step"].to_numpy(float), run["value"].to_numpy(float)
        axes.plot(at, values, color=color, alpha=0.3, linewidth=0.6)
        if plateaus and len(at) > 2 and np.isfinite(values).all():
            width = _SMOOTHING * (plateaus[0][1] - plateaus[0][0]) / np.median(np.diff(at))
            axes.plot(at, gaussian_filter1d(values, max(width, 1e-3)), color=color, linewidth=1.3)
    for start, stop, value in plateaus:
        axes.plot([start, stop], [value, value], color="black", linewidth=1.1)
    for (_, stop, value), (_, _, following) in itertools.pairwise(plateaus):
        axes.plot([stop, stop], [value, following], color="black", linewidth=1.1)
    for step in select(part, NON_FINITE)["value"]:
        axes.plot(step, 0.04, "x", color=color, transform=axes.get_xaxis_transform())
    axes.set_ylim(-0.1 * top, 1.35 * top)
    axes.xaxis.set_major_formatter(style.thousands)


def _name(transform, critic):
    return f"{display_name('critic', critic)}, {_TITLES.get(transform, transform)}"


def _classic(figure, kinds, bounds, top):
    blocks = [bounds[start : start + _COLUMNS] for start in range(0, len(bounds), _COLUMNS)]
    axes = figure.subplots(
        len(blocks) * len(kinds), min(_COLUMNS, len(bounds)), squeeze=False, sharex=True,
        sharey=True,
    )
    for block, names in enumerate(blocks):
        for row, ((transform, critic), frame) in enumerate(kinds.items()):
            line = axes[block * len(kinds) + row]
            for column, bound in enumerate(names):
                _draw_stairs(line[column], frame, bound, top, block * _COLUMNS + column)
                if row == 0:
                    line[column].set_title(display_name("bound", bound), fontsize=9)
            for place in line[len(names):]:
                place.set_axis_off()
            label = with_unit(f"{_name(transform, critic)}\n", frame, "train/bound", "train")
            line[0].set_ylabel(label, fontsize=8)
    for place in axes[-1]:
        place.set_xlabel("training steps", fontsize=8)


def _errors(figure, kinds, bounds):
    axes = figure.subplots(len(kinds), 3, squeeze=False, sharex=True)
    handles = {}
    for line, ((transform, critic), frame) in zip(axes, kinds.items(), strict=True):
        for position, bound in enumerate(bounds):
            levels = level_statistics(select(frame, bound=bound))
            exact = [level.exact for level in levels]
            for place, quantity in zip(line, ("bias", "variance", "mse"), strict=True):
                values = np.array([getattr(level, quantity) for level in levels])
                values[~np.isfinite(values)] = np.nan
                handles[display_name("bound", bound)] = place.plot(
                    exact, values, marker="o", markersize=3, linewidth=1.2,
                    color=style.colour("bound", bound, position),
                )[0]
        line[0].axhline(0.0, color="black", linewidth=0.8)
        line[0].set_yscale("symlog", linthresh=1.0)
        line[0].set_ylim(-_SHOWN, _SHOWN)
        line[0].set_ylabel(f"{_name(transform, critic)}\nbias [nats]", fontsize=8)
        for place, name in zip(line[1:], ("variance", "mean squared error"), strict=True):
            # Without a value above 0 there is nothing that logarithms could show.
            if any(np.nanmax(one.get_ydata(), initial=0.0) > 0 for one in place.lines):
                place.set_yscale("log")
                place.set_ylim(top=min(place.get_ylim()[1], _SHOWN**2))
            place.set_ylabel(f"{name} [nats\u00b2]", fontsize=8)
    for place in axes[-1]:
        place.set_xlabel("true mutual information [nats]")
    return handles


def staircase(frame, official=None):
    """Curves in the classic layout; below, bias, variance and mean squared error on each level."""
    kinds, bounds = _kinds(frame), _bounds(frame)
    exact = _stairs(frame)[1]
    blocks = -(-len(bounds) // _COLUMNS)
    heights = [1.35 * blocks * len(kinds) + 0.3, 2.0 * len(kinds) + 0.7]
    figure = Figure(figsize=(style.WIDTH, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subfigures(2, 1, height_ratios=heights)
    _classic(upper, kinds, bounds, float(exact.max()) if exact.size else 1.0)
    handles = _errors(lower, kinds, bounds)
    lower.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=5, fontsize=8.5
    )
    steps = select(frame, "train/bound", "train")["step"].drop_duplicates().sort_values()
    spacing = int(np.median(np.diff(steps))) if len(steps) > 1 else 1
    return Drawing(
        figure,
        f"Above: the estimate in training, faint, as means over {spacing} steps, and smoothed; the "
        "black stairs are the exact mutual information. What leaves a panel is cut off; a cross is "
        "where a loss that is not finite ended the run. Below: "
        "bias, variance of those means and mean squared error on the second half of every step of "
        f"the stair, cut off at {_SHOWN:g} nats.",
    )
