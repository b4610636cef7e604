"""Selects from a frame of rows the curves that figures draw, averaged over seeds."""

from dataclasses import dataclass

import numpy as np

from tf_infomax.plots import style
from tf_infomax.results.rows import over_seeds

__all__ = [
    "Curve",
    "curve",
    "epoch_curve",
    "last",
    "level",
    "lines",
    "means_over",
    "select",
    "values_by_step",
    "with_unit",
]


@dataclass(frozen=True)
class Curve:
    """A metric over training: ``steps``, ``mean``, ``sd`` and ``n``, each [S]; sd NaN for n=1.

    ``least`` and ``most`` are the extremes over seeds, where they are known.
    """

    steps: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    n: np.ndarray
    least: np.ndarray | float = -np.inf
    most: np.ndarray | float = np.inf

    @property
    def band(self):
        """One sd either side of the mean, as (low, high), within the values of the seeds.

        One seed far off the others on one side would else widen the band on the other.
        """
        low, high = self.mean - self.sd, self.mean + self.sd
        return np.maximum(low, self.least), np.minimum(high, self.most)

    @classmethod
    def single(cls, steps, values):
        """A curve without a spread."""
        nothing = np.full(len(steps), np.nan)
        return cls(np.asarray(steps, float), np.asarray(values, float), nothing, nothing)


@dataclass(frozen=True)
class Line:
    """A line of a figure: its tags, a suffix that distinguishes equal names, its rows."""

    tags: dict
    suffix: str
    frame: object


def select(frame, metric=None, split=None, **tags):
    """Rows of ``frame`` with that metric, split and tags; None means any."""
    wanted = {"metric": metric, "split": split, **tags}
    chosen = frame
    for name, value in wanted.items():
        if value is not None:
            chosen = chosen[chosen[name] == value] if name in chosen else chosen.iloc[:0]
    return chosen


def with_unit(word, frame, metric, split=None):
    """``word`` with the unit of the rows that an axis shows: ``"bound [nats]"``.

    JSD and other divergences have rows of unit "1", shown as no unit; an axis with both kinds says
    so. Without rows no unit is shown.
    """
    chosen = select(frame, metric, split)
    units = {"no unit" if unit in ("1", "") else unit for unit in chosen.get("unit", ())}
    # nats first.
    ordered = sorted(units, key=lambda unit: (unit == "no unit", unit))
    return f"{word} [{', '.join(ordered)}]" if ordered else word


def curve(frame, metric, split=None, **tags):
    """Mean and spread over seeds at each step: a ``Curve``, empty if there are no such rows."""
    chosen = select(frame, metric, split, **tags)
    table = over_seeds(chosen, by=["metric"])
    arrays = (table[name].to_numpy(dtype=float) for name in ("step", "mean", "sd", "n"))
    steps = chosen.groupby("step")["value"]
    return Curve(*arrays, steps.min().to_numpy(float), steps.max().to_numpy(float))


def last(frame, metric, split=None, **tags):
    """(mean, sd) over seeds at the last step, or (None, None); sd NaN for a single seed."""
    found = curve(frame, metric, split, **tags)
    return (float(found.mean[-1]), float(found.sd[-1])) if found.steps.size else (None, None)


def epoch_curve(frame, metric, split=None, **tags):
    """Mean and sd over seeds of the curve that a measurement of the last step keeps in its rows.

    Returns:
        ``Curve`` whose steps are the epochs of the probe or estimator, from 1. Seeds whose curve is
        shorter than the longest (other settings) are left out.
    """
    found = values_by_step(select(frame, **tags), metric, split)
    if not found:
        return Curve.single([], [])
    latest = found[max(found)]
    longest = max(values.size for values in latest)
    values = np.stack([one for one in latest if one.size == longest])
    with np.errstate(invalid="ignore"):
        sd = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(longest, np.nan)
        mean = values.mean(axis=0)
    return Curve(
        np.arange(1.0, longest + 1), mean, sd, np.full(longest, len(values)),
        values.min(axis=0), values.max(axis=0),
    )  # fmt: skip


def level(frame, metric, split=None, **tags):
    """The mean over all rows of that kind, or None: for horizontal lines."""
    values = select(frame, metric, split, **tags)["value"]
    return float(values.mean()) if len(values) else None


def means_over(frame, tag, metric, split=None):
    """A metric over the values of a tag, means over all else: two float arrays, by the tag."""
    means = select(frame, metric, split).groupby(tag)["value"].mean()
    return means.index.to_numpy(float), means.to_numpy(float)


def lines(frame, *kinds):
    """One ``Line`` for each combination of the tags ``kinds``, in the paper's order.

    Variants that agree in all these tags (a sweep over something that the paper keeps fixed) stay
    apart, with the variant's name as suffix.
    """
    frame = frame.assign(**{kind: None for kind in kinds if kind not in frame})
    found = {}
    for key, part in frame.groupby([*kinds, "variant"], dropna=False, sort=True):
        names = tuple(None if name != name else name for name in key[:-1])
        found.setdefault(names, []).append((key[-1], part))
    ranks = []
    for position, kind in enumerate(kinds):
        present = {names[position] for names in found}
        known = style.order(kind, present) if kind in style.KINDS else sorted(present, key=str)
        ranks.append({name: rank for rank, name in enumerate(known)})
    ordered = sorted(
        found, key=lambda names: [rank[name] for rank, name in zip(ranks, names, strict=True)]
    )
    return [
        Line(
            dict(zip(kinds, names, strict=True)),
            f" ({variant})" if len(found[names]) > 1 else "",
            part,
        )
        for names in ordered
        for variant, part in found[names]
    ]


def values_by_step(frame, metric, split=None):
    """The distributions of a metric: {step: list over seeds of float arrays}, steps ascending."""
    chosen = select(frame, metric, split)
    if "values" not in chosen:
        return {}
    found = {}
    for step, values in zip(chosen["step"], chosen["values"], strict=True):
        if isinstance(values, list) and values:
            found.setdefault(int(step), []).append(np.asarray(values, dtype=float))
    return dict(sorted(found.items()))
