"""Which claims of the papers the rows of a short run show, with step 0 and errors beside them.

The claims are ``published.first_run_checks``, decided by ``verdicts`` as all others: seen if every
statement holds, not seen if one does not hold, else unclear.
"""

import dataclasses
import math
import textwrap
from dataclasses import replace

import numpy as np

from tf_infomax.published.first_run_checks import CLAIMS, Shown
from tf_infomax.results.rows import to_frame
from tf_infomax.tables.check_series import SeriesTable, at
from tf_infomax.tables.intervals import accuracy_variance
from tf_infomax.tables.verdicts import DOES_NOT_HOLD, HOLDS, verdicts

__all__ = ["LEGEND", "SeenClaim", "claims_table", "seen_claims"]

SEEN, UNCLEAR, NOT_SEEN = "seen", "unclear", "not seen"
_WIDTH, _LEGEND_WIDTH = 88, 80  # characters of a line in a terminal
LEGEND = (
    "\u00b1 is a standard error: of an accuracy, that of the number of test images. One is above "
    "another if 0 is below the 95 % interval of the difference, in which the spread between runs "
    "counts, too."
)


@dataclasses.dataclass(frozen=True)
class Number:
    """A value with its error.

    Attributes:
        name: what was measured.
        before: value at step 0, or ``None``.
        value: at the last step.
        error: standard error of ``value``, or ``None`` if it has none.
        unit: "fraction", "nats" or "1".
        detail: text in place of ``error``, such as an interval, or empty.
    """

    name: str
    before: float | None
    value: float
    error: float | None = None
    unit: str = "fraction"
    detail: str = ""

    def before_text(self):
        """The value at step 0; empty if there is none."""
        # `z`: no sign at a value that is rounded to zero.
        return "" if self.before is None else f"{self.before:z.{self._digits()}f}"

    def value_text(self):
        """``0.842 ± 0.008``, ``0.39 ± 0.01 nats [0.37, 0.42]``."""
        parts = [f"{self.value:.{self._digits()}f}"]
        if self.error is not None:
            parts.append(f"\u00b1 {self.error:.{self._digits()}f}")
        if self.unit == "nats":
            parts.append("nats")
        return " ".join([*parts, *([self.detail] if self.detail else [])])

    def _digits(self):
        return 3 if self.unit == "fraction" else 2


@dataclasses.dataclass(frozen=True)
class SeenClaim:
    """A claim, the numbers that speak for or against it, and the verdict.

    Attributes:
        claim: one sentence.
        source: paper and figure or table.
        numbers: tuple of ``Number``.
        verdict: "seen", "unclear" or "not seen".
    """

    claim: str
    source: str
    numbers: tuple
    verdict: str


def seen_claims(rows):
    """The claims that ``rows`` can speak to, in the order of the papers.

    Args:
        rows: list of ``Row``.
    Returns:
        List of ``SeenClaim``; empty if no claim has all its rows.
    """
    frame = to_frame(rows)
    found = []
    for dataset in dict.fromkeys(frame["dataset"]):
        own = frame[frame["dataset"] == dataset]
        metrics = {name for claim in CLAIMS for one in claim.shown for name in _metrics(one)}
        table = SeriesTable(own, metrics)
        for claim in CLAIMS:
            numbers = tuple(_number(one, table) for one in claim.shown)
            if None not in numbers:
                verdict = _together(verdicts(own, claim.checks))
                found.append(SeenClaim(claim.claim, claim.place, numbers, verdict))
    found.append(_estimate(frame))
    return [one for one in found if one is not None]


def _metrics(shown):
    return (shown.rows.metric, *shown.ends)


def _together(found):
    """Whether all statements of a claim hold, as a word."""
    words = {one.verdict for one in found}
    if DOES_NOT_HOLD in words:
        return NOT_SEEN
    return SEEN if words == {HOLDS} else UNCLEAR


def _number(shown, table):
    """The ``Number`` of the first series that is meant, its means over seeds, or ``None``."""
    series = next(iter(table.matching(shown.rows, shown.rows.metric)), None)
    if series is None:
        return None
    first, last = ([at(values, place) for values in series.seeds.values()]
                   for place in ("first", "last"))
    value, before, error = float(np.mean(last)), None, None
    is_repeated = all(values[0][0] < values[-1][0] for values in series.seeds.values())
    if shown.has_start and is_repeated:
        before = float(np.mean(first))
    if shown.unit == "fraction" and series.examples() and 0.0 <= value <= 1.0:
        error = math.sqrt(accuracy_variance(value, series.examples()))
        if len(last) > 1:
            error = max(error, float(np.std(last, ddof=1)) / math.sqrt(len(last)))
    ends = [
        f"{metric.rpartition('/')[2]} {end.value:.2f}"
        for metric in shown.ends
        if (end := _number(Shown("", replace(shown.rows, metric=metric), shown.unit), table))
    ]
    detail = f"[{', '.join(ends)}]" if len(ends) > 1 else ""
    return Number(shown.name, before, value, error, shown.unit, detail)


def _estimate(frame):
    own = frame[frame["experiment"] == "pair_estimate"]
    values = own.groupby("metric")["value"].mean().to_dict()
    wanted = ("mutual_information", "estimate", "estimate/low", "estimate/high",
              "estimate/standard_error", "estimate/gaussian")
    if any(name not in values for name in wanted) or own["variant"].nunique() > 1:
        return None
    truth, value, low, high, error, gaussian = (values[name] for name in wanted)
    numbers = (
        Number("estimate", None, value, error, "nats", f"[{low:.2f}, {high:.2f}]"),
        Number("truth", None, truth, unit="nats"),
        Number("from correlations alone", None, abs(gaussian), unit="nats"),
    )
    return SeenClaim(
        "The estimator finds dependence that no correlation shows, and its interval holds the "
        "true value.",
        "this package", numbers, SEEN if low <= truth <= high else NOT_SEEN,
    )


def claims_table(claims):
    """The claims as plain text for a terminal; each number on a line of its own.

    Args:
        claims: from ``seen_claims``.
    Returns:
        Text of several lines, without a final newline; empty without claims.
    """
    lines, width = [], max(map(len, (SEEN, UNCLEAR, NOT_SEEN)))
    for one in claims:
        text = f"{one.claim} ({one.source})"
        first, *others = textwrap.wrap(text, _WIDTH - width - 2)
        lines.append(f"{one.verdict:{width}}  {first}")
        lines += [f"{'':{width}}  {other}" for other in others]
        for number in one.numbers:
            lines.append(
                f"{'':{width}}    {number.name:28}  {number.before_text():>7}  "
                f"{number.value_text()}".rstrip()
            )
    if lines:
        lines.insert(0, f"{'claim':{width}}    {'':28}  {'step 0':>7}  last step")
        lines.insert(1, "-" * _WIDTH)
        lines += textwrap.wrap(f"{LEGEND[:-1]} (docs/claims.md).", _LEGEND_WIDTH)
    return "\n".join(lines)
