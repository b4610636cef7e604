"""The rows of ``known_information`` as Markdown tables and as one figure."""

import math
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tf_infomax import plots
from tf_infomax.plots import style

__all__ = ["draw", "mean_errors", "tables", "write_figure"]

# The default estimator is meant for these dimensions.
LOW_DIMENSIONS = 5

# Its length differs from that of the colours: their combinations distinguish more estimators.
_MARKERS = "osD^vP*Xhp<"


def _grouped(rows):
    """``(sizes, distributions, estimators, cells)``, each in order of appearance.

    ``cells[size, distribution, estimator]`` is the list of rows over the seeds.
    """
    sizes = sorted({row.tags["size"] for row in rows})
    names = dict.fromkeys(row.tags["distribution"] for row in rows)
    estimators = dict.fromkeys(row.tags["estimator"] for row in rows)
    cells = {}
    for row in rows:
        tags = row.tags
        cells.setdefault((tags["size"], tags["distribution"], tags["estimator"]), []).append(row)
    return sizes, list(names), list(estimators), cells


def _cell(found):
    """Mean over seeds with the interval of a single one, and the mean time."""
    if not found:
        return ""
    value = np.mean([row.value for row in found])
    if not math.isfinite(value):
        return "failed"
    tags = found[0].tags
    interval = ""
    if len(found) == 1 and tags["lower"] is not None:
        interval = f" [{tags['lower']:.3f}, {tags['upper']:.3f}]"
    error = value - tags["truth"]
    seconds = np.mean([row.tags["seconds"] for row in found])
    return f"{value:.3f}{interval} ({error:+.3f}; {seconds:.1f} s)"


def tables(rows):
    """A table for each number of pairs, and one of the mean absolute errors.

    Args:
        rows: of ``known_information.run``.

    Returns:
        Markdown. A cell is the estimate in nats, its interval where it has one, and in brackets
        the error and the seconds; over several seeds, the means.
    """
    sizes, names, estimators, cells = _grouped(rows)
    parts = []
    for size in sizes:
        parts.append(f"N = {size:,}, nats: estimate [95% interval] (error; seconds)\n")
        lines = []
        for name in names:
            found = [cells.get((size, name, estimator), []) for estimator in estimators]
            known = next((group[0] for group in found if group), None)
            if known is not None:
                lines.append([name, f"{known.tags['truth']:.3f}", *map(_cell, found)])
        parts.append(_markdown(["distribution", "true MI", *estimators], lines))
    parts.append("Mean absolute error, nats\n")
    lines = [
        [f"{label}, N = {size:,}", *_mean_cells(values)]
        for label, size, values in mean_errors(rows)
    ]
    parts.append(_markdown(["distributions", *estimators], lines))
    return "\n".join(parts)


def _mean_cells(values):
    """Label of an estimator, with a note if it was measured on fewer distributions than another."""
    most = max(count for _, count in values)
    for mean, count in values:
        of = "" if count == most else f" ({count} of {most})"
        yield "" if mean is None else f"{mean:.3f}{of}"


def mean_errors(rows):
    """Mean absolute error of every estimator in low and in high dimensions.

    Returns:
        A list of ``(label, size, values)`` with a pair an estimator, in the order of appearance:
        the mean in nats (NaN if one estimate failed, None where nothing was measured), and the
        number of estimates in it. Means over different distributions cannot be compared.
    """
    sizes, _, estimators, _ = _grouped(rows)
    found = []
    for size in sizes:
        for label, low in ((f"1 to {LOW_DIMENSIONS} dimensions", True), ("more", False)):
            values = []
            for estimator in estimators:
                errors = [
                    abs(row.value - row.tags["truth"])
                    for row in rows
                    if row.tags["size"] == size
                    and row.tags["estimator"] == estimator
                    and (row.tags["dimensions"] <= LOW_DIMENSIONS) == low
                ]
                values.append((float(np.mean(errors)) if errors else None, len(errors)))
            if any(count for _, count in values):
                found.append((label, size, values))
    return found


def _markdown(head, lines):
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in [head, rule, *lines])


def draw(rows):
    """Error of every estimator on every distribution, a panel for each number of pairs.

    Args:
        rows: of ``known_information.run``.

    Returns:
        A matplotlib ``Figure``; bars are intervals. Beyond 0.1 nats the axis is logarithmic.
    """
    sizes, names, estimators, cells = _grouped(rows)
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 1.2 + 0.27 * len(names)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, len(sizes), sharex=True, sharey=True, squeeze=False)[0]
        for panel, size in zip(axes, sizes, strict=True):
            for index, estimator in enumerate(estimators):
                found = [
                    (height, row)
                    for height, name in enumerate(names)
                    for row in cells.get((size, name, estimator), [])
                    if math.isfinite(row.value)
                ]
                # Side by side within the line of a distribution.
                offset = 0.6 * ((index + 0.5) / len(estimators) - 0.5)
                _draw_estimator(panel, found, offset, index, estimator)
            panel.axvline(0, color="#555555", linewidth=0.8)
            panel.set_xscale("symlog", linthresh=0.1)
            panel.set(title=f"N = {size:,}", xlabel="estimate - true MI (nats)")
        axes[0].set_yticks(range(len(names)), names, fontsize=8)
        axes[0].invert_yaxis()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _draw_estimator(panel, found, offset, index, estimator):
    colour = style.colour("estimator", estimator, index)
    marker = _MARKERS[index % len(_MARKERS)]
    errors = [row.value - row.tags["truth"] for _, row in found]
    heights = [height + offset for height, _ in found]
    panel.plot(errors, heights, marker, color=colour, markersize=4, label=estimator)
    for (_, row), height in zip(found, heights, strict=True):
        if row.tags["lower"] is not None:
            ends = [row.tags["lower"] - row.tags["truth"], row.tags["upper"] - row.tags["truth"]]
            panel.plot(ends, [height, height], "-", color=colour, linewidth=1)


def write_figure(rows, path):
    """Draws and saves as PNG; ``ValueError`` if there are no rows."""
    if not rows:
        raise ValueError("A figure needs at least one row. Received: rows=[].")
    Path(path).write_bytes(plots.image(draw(rows), "png"))
