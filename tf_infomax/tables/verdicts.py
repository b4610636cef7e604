"""What rows say about the statements of the papers: holds, does not hold, or not decided.

Every verdict is of the rows that it was computed from, at their budget. With several seeds the
difference of both sides is taken seed by seed; with fewer than three, its error is that of two
binomial proportions (for accuracies) and of the spread between runs that the check names (see
``intervals``). Runs whose loss was not finite, or whose bound ended below zero, have not been
trained and decide nothing.
"""

import collections
import itertools
import math
from dataclasses import dataclass

import numpy as np

from tf_infomax.published import all_checks
from tf_infomax.published.checks import Check, Rows
from tf_infomax.results.metrics import NON_FINITE
from tf_infomax.tables.check_series import NO_SETTINGS, SeriesTable, at, differing
from tf_infomax.tables.intervals import interval
from tf_infomax.tables.paper_layouts import PAPER_EPOCHS, TRAINING_IMAGES

__all__ = ["DOES_NOT_HOLD", "HOLDS", "NOT_DECIDED", "Verdict", "verdicts"]

HOLDS = "holds"
DOES_NOT_HOLD = "does not hold"
NOT_DECIDED = "not decided at this budget"

# Trainings count as shorter than the paper's below this fraction of its length.
_AS_LONG = 0.9


@dataclass(frozen=True)
class Verdict:
    """What some rows say about a ``Check``.

    Args:
        check: the ``published.checks.Check``.
        verdict: ``HOLDS``, ``DOES_NOT_HOLD`` or ``NOT_DECIDED``.
        dataset: tag of the rows, or None.
        metric: that was compared.
        setting: what else both sides share, such as "infonce", or empty.
        left, right: means of both sides; NaN without rows.
        difference: mean of left minus right.
        low, high: 95 % interval of the difference; NaN where there is none.
        seeds: number of seeds that were compared.
        budget: length of the training and of the paper's, as text.
        is_short: whether the training was shorter than nine tenths of the paper's.
        basis: what the interval rests on, as text.
        note: why nothing was decided, or empty.
    """

    check: Check
    verdict: str
    dataset: str | None = None
    metric: str = ""
    setting: str = ""
    left: float = math.nan
    right: float = math.nan
    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    seeds: int = 0
    budget: str = ""
    is_short: bool = False
    basis: str = ""
    note: str = ""

    def text(self):
        """The verdict; where it rests on a short training, it says so."""
        if self.verdict != NOT_DECIDED and self.is_short:
            return f"{self.verdict} at this budget"
        return self.verdict

    @property
    def has_rows(self):
        """Whether there were rows to compare."""
        return self.seeds > 0

    def interval_text(self):
        """The difference with its interval: "0.0267 [0.0076, 0.0458]"."""
        if not math.isfinite(self.difference):
            return ""
        text = _number(self.difference)
        if math.isfinite(self.low) and self.low < self.high:
            text += f" [{_number(self.low)}, {_number(self.high)}]"
        return text


def _number(value):
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"


def verdicts(frame, checks=None):
    """The verdict of every check on some rows.

    Args:
        frame: rows of any experiments, data sets and budgets, from ``results.to_frame``.
        checks: sequence of ``Check``; by default all of ``published.all_checks()``.
    Returns:
        List of ``Verdict`` in the order of the checks: several of one check if it is made for
        several data sets, metrics or settings; one without rows if there are none.
    """
    checks = all_checks() if checks is None else checks
    table = SeriesTable(frame, {metric for check in checks for metric in _metrics(check)})
    found = []
    for check in checks:
        own = []
        for metric in (check.left.metric, *check.other_metrics):
            own += _of_check(check, metric, table)
        measured = [one for one in own if one.has_rows]
        # Sides that cannot be compared matter only where nothing can.
        found += measured or own[:1] or [Verdict(check, NOT_DECIDED, note="no rows")]
    return found


def _metrics(check):
    right = (check.right.metric,) if isinstance(check.right, Rows) else ()
    return (check.left.metric, *check.other_metrics, *right)


def _of_check(check, metric, table):
    """Verdicts on every pair of series that differs in what the check compares only."""
    lefts = table.matching(check.left, metric)
    if not isinstance(check.right, Rows):
        return _all_compared(check, metric, [(left, None) for left in lefts], table)
    own = check.right.metric if check.right.metric != check.left.metric else metric
    rights = table.matching(check.right, own)
    pairs = [
        (left, right, differing(check, left, right))
        for left, right in itertools.product(lefts, rights)
        if left.dataset == right.dataset and _is_alike(check, left, right)
    ]
    fitting = [(left, right) for left, right, names in pairs if not names]
    if fitting:
        return _all_compared(check, metric, fitting, table)
    if pairs:
        names = min((names for *_, names in pairs), key=len)
        return [
            Verdict(
                check, NOT_DECIDED, pairs[0][0].dataset, metric,
                note=f"both sides differ in {', '.join(names)}, too",
            )
        ]
    return []


def _all_compared(check, metric, pairs, table):
    return [
        _compared(check, metric, left, right, setting, table)
        for (left, right), setting in zip(pairs, _settings(check, pairs), strict=True)
    ]


def _is_alike(check, left, right):
    """Whether two series can be the two sides: of one experiment if the check names one."""
    alternatives = check.left.experiments == check.right.experiments
    return left.experiment == right.experiment if alternatives else True


def _compared(check, metric, left, right, setting, table):
    """The ``Verdict`` on one pair of series (``right`` None: a number)."""
    place = {"dataset": left.dataset, "metric": metric, "setting": setting}
    seeds = sorted(set(left.seeds) if right is None else set(left.seeds) & set(right.seeds))
    values, reasons = {}, collections.Counter()
    for seed in seeds:
        pair, reason = _values(check, left, right, seed, table)
        if reason or not all(math.isfinite(value) for value in pair[:2]):
            reasons[reason or "non-finite values"] += 1
        else:
            values[seed] = pair
    if not values:
        return Verdict(check, NOT_DECIDED, **place, note="; ".join(reasons) or "no common seed")
    notes = [
        f"{_seeds(count)} left out: {reason}" for reason, count in reasons.items()
    ]
    # Seeds are never mixed across lengths: a run that is still going on would blur the rest.
    step = max(pair[2] for pair in values.values())
    seeds = [seed for seed, pair in values.items() if pair[2] == step]
    shorter = len(values) - len(seeds)
    if shorter:
        notes.append(f"{_seeds(shorter, 'shorter ')} left out")
    ours = np.array([values[seed][:2] for seed in seeds])
    found = interval(check, left, right, seeds, ours)
    budget, is_short = _budget(check, left, step)
    return Verdict(
        check, _decided(check, found.low, found.high), **place,
        left=float(ours[:, 0].mean()), right=float(ours[:, 1].mean()),
        difference=float((ours[:, 0] - ours[:, 1]).mean()), low=found.low, high=found.high,
        seeds=len(ours), budget=budget, is_short=is_short, basis=found.basis,
        note="; ".join(filter(None, (*notes, found.reason))),
    )


def _seeds(count, kind=""):
    return f"{count} {kind}seed{'s' * (count > 1)}"


def _settings(check, pairs):
    """For each pair, what tells it from the check's other pairs, as text."""
    compared = set(check.left.tags) | (
        set(check.right.tags) if isinstance(check.right, Rows) else set()
    )
    hidden = {*compared, *NO_SETTINGS, "dataset"}
    tags = [
        {**({} if right is None else right.tags), **left.tags} for left, right in pairs
    ]
    names = dict.fromkeys(name for one in tags for name in one if name not in hidden)
    varying = [name for name in names if len({str(one.get(name)) for one in tags}) > 1]
    return [
        ", ".join(
            f"{name} {one[name]:g}" if isinstance(one[name], int | float) else str(one[name])
            for name in varying
            if name in one
        )
        for one in tags
    ]


def _values(check, left, right, seed, table):
    """((left, right, step), "") of one seed, or (None, reason)."""
    ours, theirs = left.seeds[seed], None if right is None else right.seeds[seed]
    for series in filter(None, (left, right)):
        reason = _untrained(check, series, seed, table)
        if reason:
            return None, reason
    if right is not None and check.same_length:
        common = {step for step, _ in ours} & {step for step, _ in theirs}
        if not common:
            lengths = f"{ours[-1][0]:,} and {theirs[-1][0]:,} steps"
            return None, f"both sides were trained for different lengths, {lengths}"
        ours, theirs = ([pair for pair in one if pair[0] in common] for one in (ours, theirs))
    last = ours[-1][0]
    is_trained = check.steps != 0
    if is_trained and last == 0:
        return None, "the rows are of an untrained model"
    value = at(ours, check.left.at)
    if right is None:
        return (value, float(check.right), last), ""
    if left is right and check.right.at == "first" and theirs[0][0] == last:
        return None, "measured at one step only"
    other = at(theirs, check.right.at)
    # In percent both sides would agree, but neither with tolerances and spreads.
    beyond = [one for one in (value, other) if one < 0.0 or 1.0 < one < math.inf]
    if "accuracy" in check.left.metric and beyond:
        return None, f"accuracies are fractions from 0 to 1, not {value:g} and {other:g}"
    return (value, other, last), ""


def _untrained(check, series, seed, table):
    """Why a run does not count, or an empty text."""
    if table.last(series, seed, NON_FINITE) is not None:
        return "a loss was not finite"
    bound = table.last(series, seed, "bound")
    if bound is not None and not bound >= 0.0:
        return f"the bound of a run ended at {bound:.1f} nats, so it was not trained"
    if check.matched is not None:
        target = series.tags.get("target")
        if None in (bound, target) or abs(bound - float(target)) > check.matched:
            return f"the bound is not within {check.matched:g} nats of its target"
    return ""


def _decided(check, low, high):
    """The verdict that an interval allows; NaN allows none."""
    least, most = check.interval()
    if low > least and high < most:
        return HOLDS
    if high < least or low > most:
        return DOES_NOT_HOLD
    return NOT_DECIDED


def _budget(check, left, step):
    """(length of our training and of the paper's, whether ours is short)."""
    if check.steps == 0:
        return "nothing is trained", False
    if check.steps is not None:
        return f"{step:,} of {check.steps:,} steps", step < _AS_LONG * check.steps
    images, size = TRAINING_IMAGES.get(left.dataset), left.tags.get("batch_size")
    theirs = PAPER_EPOCHS.get(left.dataset)
    # Where the paper trained nothing, no length is its own.
    if not images or not size:
        return f"{step:,} steps; the paper has no such data", True
    epochs = step * size / images
    text = f"{epochs:,.0f}" if epochs >= 9.95 else f"{epochs:.2g}"
    if theirs is None:
        return f"{text} epochs; the paper has no such data", True
    return f"{text} of {theirs[0]:,} epochs", epochs < _AS_LONG * theirs[0]
