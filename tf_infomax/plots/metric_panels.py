"""Panels of one metric: its curve over training, or a bar for each variant at the end.

Each function returns ``draw(axes, variants) -> Panel``; variants are (name, colour, rows).
"""

import math

from tf_infomax.plots import style
from tf_infomax.plots.curves import curve, last, select
from tf_infomax.published import published

__all__ = ["PUBLISHED", "bars", "curves", "laid_out", "published_value"]

PUBLISHED = "published"


def curves(metric, title, ylabel, split="train", **tags):
    """``metric`` over training steps, a line for each variant."""

    def draw(axes, variants):
        panel = style.Panel(axes, title, ylabel)
        for name, color, frame in variants:
            panel.curve(curve(frame, metric, split, **tags), color, name)
        panel.finish()
        return panel

    return draw


def bars(metric, title, endpoints, ylabel="test accuracy", split="test"):
    """``metric`` at the last step: for each endpoint, a bar for each variant.

    Endpoints are values of the tag "features"; ``[None]`` where rows have none.
    """

    def draw(axes, variants):
        panel = style.Panel(axes, title, ylabel)
        width = 0.8 / max(len(variants), 1)
        for position, (name, color, frame) in enumerate(variants):
            for place, endpoint in enumerate(endpoints):
                mean, sd = last(frame, metric, split, features=endpoint)
                if mean is None or not math.isfinite(mean):
                    continue
                x = place + (position - (len(variants) - 1) / 2) * width
                spread = sd if math.isfinite(sd) else None
                bar = axes.bar(x, mean, 0.92 * width, color=color, yerr=spread, ecolor="#333333")
                panel.handles.setdefault(name, bar)
                if split == "test":
                    _mark_published(panel, frame, metric, endpoint, x, width)
        axes.set_xticks(range(len(endpoints)), [one or "" for one in endpoints])
        axes.set_xlim(-0.6, len(endpoints) - 0.4)
        axes.grid(visible=False, axis="x")
        return panel

    return draw


def published_value(frame, metric, endpoint):
    """The paper's value on that endpoint, or None if it has none or only a range."""
    found = select(frame, metric, "test", features=endpoint)
    if found.empty:
        return None
    row = found.iloc[0]
    entry = published(row["experiment"], metric, "test", row.to_dict())
    return entry.low if entry is not None and entry.low == entry.high else None


def _mark_published(panel, frame, metric, endpoint, x, width):
    value = published_value(frame, metric, endpoint)
    if value is None:
        return
    half = 0.46 * width
    (line,) = panel.axes.plot([x - half, x + half], [value, value], color="black", linewidth=1.6)
    panel.handles.setdefault(PUBLISHED, line)


def laid_out(draws, variants):
    """(figure, names in its legend): the panels, up to three in a row, above one legend."""
    columns = min(3, len(draws))
    rows = -(-len(draws) // columns)
    figure, axes = style.canvas(rows, columns, 2.9 if columns > 1 else 3.6)
    panels = [draw(place, variants) for draw, place in zip(draws, axes.flat, strict=False)]
    for place in axes.flat[len(draws):]:
        place.set_axis_off()
    style.legend(figure, panels, columns=4)
    return figure, {name for panel in panels for name in panel.handles}
