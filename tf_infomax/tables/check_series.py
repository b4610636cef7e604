"""Rows sorted into series, one for each variant, metric and setting, as checks compare them."""

import math
from dataclasses import dataclass

import numpy as np

from tf_infomax.results.metrics import NON_FINITE
from tf_infomax.results.rows import without_copies
from tf_infomax.results.settings import settled_tags

__all__ = ["NO_SETTINGS", "Series", "SeriesTable", "at", "differing", "tail"]

# Tags that rows of one series may differ in: earlier versions lack them.
_ADDED = ("examples", "tolerance")
# Tags that hold results or sizes and not settings.
NO_SETTINGS = ("values", "png", "features", "constant", *_ADDED)
# What two different systems must share for their numbers to be comparable.
_SHARED = ("batch_size", "encoder", "epochs", "critic_units")
# Test examples of a probe, where its rows do not say.
_TEST_IMAGES = {
    "mnist": 10_000, "fashion_mnist": 10_000, "cifar10": 10_000, "cifar100": 10_000,
    "stl10": 8_000, "tiny-imagenet-200": 10_000, "digits": 360, "mnist_sample": 2_000,
}
_FIELDS = ("experiment", "variant", "seed", "step", "split", "metric", "value", "unit")


def _is_absent(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


@dataclass(frozen=True)
class Series:
    """One variant's rows of one metric: {seed: [(step, value), ...]} in the order of the steps."""

    experiment: str
    dataset: str | None
    variant: str
    tags: dict
    seeds: dict

    def examples(self):
        """Number of test examples behind an accuracy, or None."""
        return self.tags.get("examples") or _TEST_IMAGES.get(self.dataset)


class SeriesTable:
    """Rows by experiment, metric and split, as ``Series``."""

    def __init__(self, frame, metrics):
        self._series = {}
        frame = frame[frame["metric"].isin(metrics | {"bound", NON_FINITE})]
        frame = settled_tags(without_copies(frame))
        records = frame.drop(columns=["values", "png"], errors="ignore").to_dict("records")
        grouped = {}
        for row in records:
            place = (row["experiment"], row["metric"], row["split"])
            tags = {
                name: value for name, value in row.items()
                if name not in _FIELDS and not _is_absent(value)
            }
            settings = tuple(sorted(
                (name, str(value)) for name, value in tags.items() if name not in _ADDED
            ))
            key = (row["variant"], settings)
            known = grouped.setdefault(place, {}).setdefault(key, (tags, {}))
            known[1].setdefault(row["seed"], {})[row["step"]] = float(row["value"])
        for place, members in grouped.items():
            self._series[place] = [
                Series(
                    place[0], tags.get("dataset"), variant, tags,
                    {seed: sorted(values.items()) for seed, values in seeds.items()},
                )
                for (variant, _), (tags, seeds) in members.items()
            ]

    def matching(self, rows, metric):
        """The series that a side of a check means."""
        return [
            series
            for experiment in rows.experiments
            for series in self._series.get((experiment, metric, rows.split), ())
            if all(series.tags.get(name) == value for name, value in rows.tags.items())
        ]

    def last(self, series, seed, metric):
        """The last value of a metric in training of the run that a series is of, or None."""
        for other in self._series.get((series.experiment, metric, "train"), ()):
            same = (other.dataset, other.variant) == (series.dataset, series.variant)
            if same and seed in other.seeds:
                return other.seeds[seed][-1][1]
        return None


def at(series, place):
    """The value of ``[(step, value), ...]`` at one of ``published.checks.PLACES``."""
    if place == "first":
        return series[0][1]
    if place == "half":
        middle = series[-1][0] / 2
        return min(series, key=lambda pair: abs(pair[0] - middle))[1]
    if place == "tail":
        return float(np.mean(tail(series)))
    return series[-1][1]


def tail(series):
    """The values of the last quarter of ``[(step, value), ...]``, as an array."""
    return np.array([value for _, value in series[-max(1, len(series) // 4):]])


def differing(check, left, right):
    """Names of the settings in which two series differ and should not."""
    if left.experiment != right.experiment:
        names = [
            name for name in _SHARED
            if None not in (left.tags.get(name), right.tags.get(name))
            and left.tags[name] != right.tags[name]
        ]
        # Rows without this tag are older, and of codes as they are.
        raw = [not one.tags.get("standardized") for one in (left, right)]
        return names + ["standardized"] * (raw[0] != raw[1])
    # Options of what is compared differ with it: the units of a critic, the spread of a bound.
    compared = {*check.left.tags, *check.right.tags}
    names = {*left.tags, *right.tags} - compared - set(NO_SETTINGS)
    if check.left.metric != check.right.metric or "pixels" in (
        left.tags.get("features"), right.tags.get("features")
    ):
        # Another measurement of the same run.
        return [] if left.variant == right.variant else ["variant"]
    return sorted(name for name in names if left.tags.get(name) != right.tags.get(name))
