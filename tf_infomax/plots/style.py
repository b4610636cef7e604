"""One look for all figures: colours, labels, panels and axes.

Nothing here touches matplotlib's global state: figures are made without pyplot, settings hold
inside ``look()`` only.
"""

import math

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tf_infomax.results.display_names import NAMES

__all__ = [
    "KINDS",
    "WIDTH",
    "Panel",
    "canvas",
    "colour",
    "darker",
    "known",
    "legend",
    "look",
    "order",
    "proxy",
    "share_y",
    "thousands",
]

WIDTH = 9.6  # inches; the report shows a figure about 1,000 pixels wide

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titlepad": 7.0,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.edgecolor": "#555555",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "savefig.dpi": 160,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "tf_infomax",
}

# Okabe-Ito for what shares a panel; Tol's muted indigo and rose for the encoders.
_COLOURS = {
    "bound": {
        "infonce": "#0072B2",
        "nwj": "#D55E00",
        "tuba": "#117733",
        "donsker_varadhan": "#882255",
        "mine": "#999933",
        "js_nwj": "#CC79A7",
        "smile": "#009E73",
        "smile(clip=1)": "#56B4E9",
        "smile(clip=5)": "#009E73",
        "smile(clip=none)": "#332288",
        "interpolated": "#CC6677",
        "interpolated(alpha=0.01)": "#CC6677",
        "interpolated(alpha=0.1)": "#44AA99",
        "interpolated(alpha=0.5)": "#AA4499",
        "interpolated(alpha=0.99)": "#661100",
        "jsd": "#E69F00",
    },
    "critic": {
        "bilinear": "#009E73",
        "separable": "#E69F00",
        "concat": "#CC79A7",
        "inner_product": "#56B4E9",
    },
    "encoder": {
        "mlp": "#CC6677",
        "convnet": "#332288",
        "realnvp": "#44AA99",
    },
}
_NON_FINITE = "non-finite"
_DIAMOND = {"linestyle": "none", "marker": "D"}
KINDS = tuple(NAMES)
_OTHERS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288", "#882255")


def look():
    """Context in which figures are made and saved."""
    return matplotlib.rc_context(_SETTINGS)


def canvas(rows, columns, height, **options):
    """A figure of the report's width and its axes [rows, columns]; ``height`` in inches a row."""
    figure = Figure(figsize=(WIDTH, height * rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06, wspace=0.03, hspace=0.03)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def known(kind):
    """Names of that kind with their own label and colour, in the paper's order."""
    return tuple(NAMES[kind])


def colour(kind, name, position=0):
    """The colour of a name in all figures; unknown names are coloured by ``position``."""
    return _COLOURS.get(kind, {}).get(name, _OTHERS[position % len(_OTHERS)])


def order(kind, names):
    """``names`` in the paper's order, unknown names last, sorted."""
    first = known(kind)
    return sorted(names, key=lambda n: (first.index(n) if n in first else len(first), str(n)))


def darker(value):
    """The same hue, closer to black: for reference curves."""
    return tuple(0.5 * channel for channel in to_rgb(value))


def thousands(value, _=None):
    """Tick label of a number of steps: 5000 is 5k."""
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


class Panel:
    """A pair of axes with steps on the x axis, which keeps track of its curves.

    Args:
        axes: matplotlib axes.
        title: heading.
        ylabel: label of the y axis.
    """

    def __init__(self, axes, title="", ylabel=""):
        self.axes = axes
        self.handles = {}
        self._points = []  # (steps, values) of all curves, to choose the limits from
        self._references = []
        self._levels = []
        axes.set_title(title)
        axes.set_ylabel(ylabel)

    def reference(self, curve, color, name=None, linestyle="--", width=1.2):
        """Draws a reference ``Curve``, which does not extend the step axis."""
        self.axes.plot(curve.steps, curve.mean, color=color, linestyle=linestyle, linewidth=width)
        self._references.append((curve.steps, curve.mean))
        if name is not None:
            self.handles.setdefault(name, proxy(color, linestyle, width))

    def curve(self, curve, color, name=None, linestyle="-", width=1.8, band=True):
        """Draws a ``Curve``: its mean and, for several seeds, its band.

        Steps with a non-finite mean leave a gap in the line and a cross at the foot of the panel.
        """
        if not curve.steps.size:
            return
        finite = np.isfinite(curve.mean)
        mean = np.where(finite, curve.mean, np.nan)
        # A line through a single evaluation would be invisible.
        marker = "o" if finite.sum() == 1 else None
        (line,) = self.axes.plot(
            curve.steps, mean, color=color, linestyle=linestyle, linewidth=width,
            marker=marker, markersize=4,
        )
        self._points.append((curve.steps, mean))
        if band and np.isfinite(curve.sd).any():
            low, high = curve.band
            self.axes.fill_between(curve.steps, low, high, color=color, alpha=0.18, linewidth=0)
            self._points += [(curve.steps, low), (curve.steps, high)]
        if not finite.all():
            self.axes.plot(
                curve.steps[~finite], np.full((~finite).sum(), 0.03), "x", color=color,
                transform=self.axes.get_xaxis_transform(),
            )
            self.handles[_NON_FINITE] = proxy(linestyle="none", marker="x")
        if name is not None:
            self.handles.setdefault(name, line)

    def points(self, curve, color, name):
        """Draws the means of a ``Curve`` as diamonds, without a line; ``name`` is in the legend."""
        finite = np.isfinite(curve.mean)
        steps, mean = curve.steps[finite], curve.mean[finite]
        if steps.size:
            # Above the frame: the last step is at its edge.
            self.axes.plot(steps, mean, color=color, markersize=5, clip_on=False, **_DIAMOND)
            self._points.append((steps, mean))
            self.handles.setdefault(name, proxy("#555555", **_DIAMOND))

    def shade(self, steps, low, high, color, alpha, name):
        """Fills between two sequences of values [S]."""
        area = self.axes.fill_between(steps, low, high, color=color, alpha=alpha, linewidth=0)
        self._points += [(steps, low), (steps, high)]
        self.handles.setdefault(name, area)

    def level(self, value, name=None, color="#222222", linestyle=(0, (7, 3)), width=1.2):
        """A horizontal line at ``value``; None draws nothing."""
        if value is None or not math.isfinite(value):
            return
        line = self.axes.axhline(value, color=color, linestyle=linestyle, linewidth=width, zorder=1)
        self._levels.append(value)
        if name is not None:
            self.handles.setdefault(name, line)

    def finish(self, paper=None, widen=True, xlabel="training steps"):
        """Sets the limits: the paper's where the data fit them, else what the data need.

        Args:
            paper: (low, high) of the paper's axis or None. An end may be None: it is the data's.
            widen: whether a range that is too narrow is widened (the paper's own data set) or
                left alone (another data set, for which it means nothing).
            xlabel: label of the x axis.
        """
        if not self._points:
            self.empty()
            return
        last = max(1.0, *(np.max(s) for s, _ in self._points))
        curves = [*self._points, *self._references]
        steps = np.concatenate([np.asarray(s, dtype=float) for s, _ in curves])
        values = np.concatenate([np.asarray(v, dtype=float) for _, v in curves])
        keep = np.isfinite(values) & (steps <= last)
        steps, values = steps[keep], values[keep]
        self.axes.set_xlim(-0.01 * last, 1.01 * last)
        self.axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        self.axes.xaxis.set_major_formatter(FuncFormatter(thousands))
        self.axes.set_xlabel(xlabel)
        if not values.size:
            return
        low, high = _limits(steps, values, self._levels, paper, widen)
        self.axes.set_ylim(low, high)
        beyond = values[(values < low) | (values > high)]
        if beyond.size:
            worst = beyond[np.argmax(np.abs(beyond - (low + high) / 2))]
            self.axes.annotate(
                f"cut; reaches {worst:.3g}", (1.0, 0.0), (-3, 4), xycoords="axes fraction",
                textcoords="offset points", ha="right", va="bottom", fontsize=7.5, color="#777777",
            )

    def empty(self, text="no rows of this kind"):
        """Notes that there are no rows to show."""
        self.axes.text(
            0.5, 0.5, text, ha="center", va="center", color="#888888", transform=self.axes.transAxes
        )
        self.axes.set_xticks([])
        self.axes.set_yticks([])


def _limits(steps, values, levels, paper, widen):
    # The start of a run may lie far outside the later range (NWJ at its first steps), and a spike
    # would flatten all curves. So if the whole range is much wider than the range after the first
    # quarter, the latter is shown; the panel says what it cuts off.
    later = values[steps >= 0.25 * steps.max()]
    start, stop = values.min(), values.max()
    settled = (later.min(), later.max())
    if later.size >= 4 and np.unique(steps).size >= 4:
        centre_low, centre_high = np.percentile(later, [2, 98])
        room = max(centre_high - centre_low, 1e-3)
        settled = max(settled[0], centre_low - 2 * room), min(settled[1], centre_high + 2 * room)
        if stop - start > 8 * (settled[1] - settled[0]) and settled[1] > settled[0]:
            start, stop = settled
    start, stop = min([start, *levels]), max([stop, *levels])
    margin = 0.06 * (stop - start) or 0.05 * max(abs(stop), 1e-3)
    own = start - margin, stop + margin
    if paper is None:
        return own
    low, high = paper
    if low is None or high is None:
        # A half-open axis: the paper cuts the first steps off on purpose, so the settled part
        # decides whether its end is used.
        low = own[0] if low is None or settled[0] < low else low
        high = own[1] if high is None or settled[1] > high else high
        return low, high
    if low <= start and stop <= high:
        return low, high
    return (min(low, own[0]), max(high, own[1])) if widen else own


def share_y(panels):
    """Gives panels that stand side by side the same y axis, wide enough for all of them."""
    limits = [panel.axes.get_ylim() for panel in panels]
    for panel in panels:
        panel.axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def proxy(color="#555555", linestyle="-", width=1.8, marker=None):
    """A legend entry for a line style that is shared by many lines."""
    return Line2D([], [], color=color, linestyle=linestyle, linewidth=width, marker=marker)


def legend(figure, panels, extra=None, columns=6):
    """One legend below the whole figure, so that it never covers a curve."""
    handles = {}
    for panel in panels:
        handles.update({k: v for k, v in panel.handles.items() if k not in handles})
    handles.update(extra or {})
    if _NON_FINITE in handles:  # the cross for non-finite values comes last
        handles[_NON_FINITE] = handles.pop(_NON_FINITE)
    if handles:
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center",
            ncols=min(columns, len(handles)), handlelength=2.6, columnspacing=1.6,
        )
