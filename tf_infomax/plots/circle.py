"""Fig. 3 of Wang and Isola (2020): how encoders with two outputs place the classes on a circle."""

import numpy as np
from scipy.special import i0e

from tf_infomax.plots import style
from tf_infomax.plots.curves import last, select
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.generic import generic

__all__ = ["angle_density", "circle"]

_ANGLE = "circle/angle/"
# Concentration of the von Mises kernel: a standard deviation of 0.1 radians.
_CONCENTRATION = 100.0
_TEN = (
    "#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#EE8866", "#332288",
    "#999933", "#777777",
)
# Accuracy of a linear classifier, CIFAR-10 on the circle, by the sheet's section 7.
_PUBLISHED = {"untrained": 0.1271, "supervised": 0.5719, "contrastive": 0.2860}


def angle_density(angles, places):
    """Density per radian at ``places`` [P] of angles [N], smoothed by a von Mises kernel: [P]."""
    differences = np.cos(np.subtract.outer(np.asarray(places), np.asarray(angles)))
    kernel = np.exp(_CONCENTRATION * (differences - 1.0)) / (2.0 * np.pi * i0e(_CONCENTRATION))
    return kernel.mean(axis=1)


def _angles(frame):
    """The rows that hold the angles of a class."""
    of_a_class = frame["metric"].str.startswith(_ANGLE)
    if "values" in frame:
        return frame[of_a_class & frame["values"].map(lambda values: isinstance(values, list))]
    return frame[:0]


def _encoders(frame):
    """(name, rows) of the untrained encoder and of every variant at its last step, one seed."""
    angles = _angles(frame)
    found, untrained = [], None
    for variant, rows in angles.groupby("variant", sort=False):
        seed = rows["seed"].min()
        own = frame[(frame["variant"] == variant) & (frame["seed"] == seed)]
        steps = rows.loc[rows["seed"] == seed, "step"]
        if steps.min() == 0 and untrained is None:
            # All variants start from the same encoder.
            untrained = ("untrained", own[own["step"] == 0])
        if steps.max() > 0:
            found.append((variant, own[own["step"] == steps.max()]))
    order = list(_PUBLISHED)
    found.sort(key=lambda one: (order.index(one[0]) if one[0] in order else len(order), one[0]))
    return ([untrained] if untrained else []) + found


def _points(axes, classes, colours):
    """Codes of all classes on the circle, and around it their common density."""
    rng = np.random.default_rng(0)
    place = np.linspace(-np.pi, np.pi, 361)
    density = angle_density(np.concatenate(list(classes.values())), place)
    radius = 1.12 + 0.55 * density / density.max()
    axes.fill(radius * np.cos(place), radius * np.sin(place), color="#dddddd", linewidth=0)
    axes.fill(1.12 * np.cos(place), 1.12 * np.sin(place), color="white", linewidth=0)
    # Classes at the same radius would hide each other, so each has its own ring.
    for position, (name, angles) in enumerate(classes.items()):
        ring = 0.42 + 0.62 * position / max(1, len(classes) - 1)
        radii = ring + 0.018 * rng.uniform(-1.0, 1.0, len(angles))
        axes.plot(
            radii * np.cos(angles), radii * np.sin(angles), ".", color=colours[name],
            markersize=1.6, alpha=0.35, markeredgewidth=0, rasterized=True,
        )
    axes.set(aspect="equal", xlim=(-1.75, 1.75), ylim=(-1.75, 1.75), xticks=[], yticks=[])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _densities(axes, classes, colours):
    place = np.linspace(-np.pi, np.pi, 361)
    for name, angles in classes.items():
        axes.plot(place, angle_density(angles, place), color=colours[name], linewidth=1.4)
    axes.axhline(0.5 / np.pi, color="#888888", linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_xlim(-np.pi, np.pi)
    axes.set_xticks([-np.pi, 0, np.pi], ["-\u03c0", "0", "\u03c0"])
    axes.set_ylim(0.0, None)


def _facts(name, rows):
    """Heading above the row of one encoder."""
    facts = []
    accuracy, _ = last(rows, "circle/probe_accuracy", "test")
    if accuracy is not None:
        published = _PUBLISHED.get(name) if set(rows["dataset"]) == {"cifar10"} else None
        paper = f" (paper: {100 * published:.2f} %)" if published else ""
        facts.append(f"linear probe {100 * accuracy:.1f} %{paper}")
    for metric in ("alignment", "uniformity"):
        value, _ = last(rows, metric, "test")
        if value is not None:
            facts.append(f"{metric} {value:.2f}")
    return facts


def circle(frame, official=None):
    """Codes of width 2: the untrained encoder, then every variant at its last step, a row each."""
    encoders = _encoders(frame)
    if not encoders:
        return generic(frame, official)
    figure, axes = style.canvas(
        len(encoders), 2, 2.75, gridspec_kw={"width_ratios": (1.0, 1.75)}
    )
    names = list(dict.fromkeys(_angles(frame)["metric"].str.removeprefix(_ANGLE)))
    colours = {name: _TEN[position % len(_TEN)] for position, name in enumerate(names)}
    for (name, rows), (left, right) in zip(encoders, axes, strict=True):
        rows_of = _angles(select(rows, split="test")).set_index("metric")
        classes = {
            one: np.asarray(rows_of.loc[_ANGLE + one, "values"], float)
            for one in names
            if _ANGLE + one in rows_of.index
        }
        _points(left, classes, colours)
        _densities(right, classes, colours)
        step = int(rows["step"].iloc[0])
        left.set_title(f"{name}, step {step:,}" if step else name)
        right.set_title("; ".join(_facts(name, rows)))
        right.set_ylabel("density per radian")
    axes[-1, 1].set_xlabel("angle of the code")
    handles = {name: style.proxy(colours[name], linestyle="none", marker="o") for name in names}
    style.legend(figure, [], extra=handles, columns=min(5, len(names)))
    return Drawing(
        figure,
        "Codes of width 2 of all test images, put on the unit circle. Left: one ring a class, "
        "jittered; the grey rim is the density of all codes, scaled to its peak. Right: density of "
        "the angle in each class; the dashed line is the uniform density. Classes that a linear "
        "classifier can tell apart have humps of their own. Alignment and uniformity are those of "
        "two random views (smaller is better aligned, more uniform; -1.58: uniform distribution).",
    )
