"""The 95 % interval of a difference between two systems, from one seed or several.

Three seeds or more give a t interval of their differences. Two give one degree of freedom: their
difference is small by chance so often (and accuracies on few examples are so often equal) that a
t interval of them can be absurdly narrow. So fewer than three seeds, and seeds whose differences
are all equal, rest on the spread between runs that the check names; of two seeds the spread counts
as well, where it is larger.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tf_infomax.tables.check_series import tail

__all__ = ["Interval", "accuracy_variance", "confidence_interval", "interval"]

_LEVEL = 0.95
_FEWEST_SEEDS = 3
# Blocks of a tail: their means are taken for independent.
_BLOCKS = 5
# Differences closer than this share of their values are equal but for rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Interval:
    """A 95 % interval.

    Args:
        low, high: its ends; NaN where nothing is known about the spread.
        basis: what it rests on, as text; empty if there is none.
        reason: why there is none, or empty.
    """

    low: float = math.nan
    high: float = math.nan
    basis: str = ""
    reason: str = ""


def confidence_interval(differences):
    """The 95 % t interval of the mean of two or more differences, as (low, high)."""
    differences = np.asarray(differences, float)
    error = stats.sem(differences)
    if not error:
        return float(differences.mean()), float(differences.mean())
    low, high = stats.t.interval(_LEVEL, len(differences) - 1, differences.mean(), error)
    return float(low), float(high)


def accuracy_variance(accuracy, examples):
    """Binomial variance of an accuracy, that of its posterior under Jeffreys' prior.

    With many examples it is ``accuracy * (1 - accuracy) / examples``, which would call 60 right
    ones of 60 exact.
    """
    right = accuracy * examples
    return float(stats.beta(right + 0.5, examples - right + 0.5).var())


def interval(check, left, right, seeds, values):
    """The ``Interval`` of the mean of left minus right.

    Args:
        check: ``published.checks.Check``.
        left, right: ``check_series.Series`` of both sides; ``right`` is ``None`` for a number.
        seeds: those that are compared.
        values: ``[seeds, 2]``, left and right of each.
    """
    differences = values[:, 0] - values[:, 1]
    is_computed = check.run_sd == 0 and len(differences) > 1
    if is_computed or (len(differences) >= _FEWEST_SEEDS and not _are_equal(values)):
        return Interval(*confidence_interval(differences), f"t, {len(differences)} seeds")
    if check.left.at == "tail":
        return _of_parts(left, seeds, values)
    return _of_named_spread(check, left, right, values)


def _are_equal(values):
    differences = values[:, 0] - values[:, 1]
    return np.ptp(differences) <= _ROUNDING * np.abs(values).max()


def _of_parts(left, seeds, values):
    """From parts of the last quarter of the first run."""
    there = tail(left.seeds[seeds[0]])
    if len(there) < 2 * _BLOCKS:
        return Interval(reason=f"{_seeds_text(values)}, and too few values at the end of the run")
    means = [block.mean() for block in np.array_split(there, _BLOCKS)]
    low, high = confidence_interval(np.array(means) - values[0, 1])
    return Interval(low, high, f"t, {_BLOCKS} parts of one run")


def _of_named_spread(check, left, right, values):
    """From the standard deviation between runs that the check names, and binomial errors."""
    named = check.run_sd
    if named is None or (check.run_sd_data and left.dataset not in check.run_sd_data):
        return Interval(
            reason=f"{_seeds_text(values)}, and the spread between runs is unknown here"
        )
    sides = [(left, values[:, 0])] + ([] if right is None else [(right, values[:, 1])])
    spread = named**2 * sum(series.tags.get("features") != "pixels" for series, _ in sides)
    parts, count = [], len(values)
    if named:
        parts.append(f"sd of runs {named:g} ({check.run_sd_source})")
    if count > 1:
        observed = float(np.var(values[:, 0] - values[:, 1], ddof=1))
        if observed > spread:
            spread, parts = observed, [f"sd of their differences {math.sqrt(observed):.2g}"]
        # Equal seeds count as one: nothing shows that they are independent.
        spread /= 1 if _are_equal(values) else count
    binomial = 0.0
    if "accuracy" in check.left.metric:
        for series, accuracies in sides:
            examples, accuracy = series.examples(), accuracies.mean()
            if examples is None:
                return Interval(
                    reason=f"{_seeds_text(values)}, and the number of test examples is unknown"
                )
            # All seeds are tested on the same examples: more seeds do not make this smaller.
            binomial += accuracy_variance(accuracy, float(examples))
        parts.insert(0, "binomial")
    half = stats.norm.ppf(0.5 + _LEVEL / 2) * math.sqrt(spread + binomial)
    mean = float((values[:, 0] - values[:, 1]).mean())
    basis = f"{_seeds_text(values)}: {', '.join(parts) or check.run_sd_source}"
    return Interval(mean - half, mean + half, basis)


def _seeds_text(values):
    count = len(values)
    if count == 1:
        return "1 seed"
    return f"{count} equal differences" if _are_equal(values) else f"{count} seeds"
