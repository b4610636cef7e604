"""Which claims of the papers the rows of a short run show, with step 0 and errors beside them.

A difference of accuracies counts as seen where it exceeds 1.96 times its standard error (95 %),
and as unclear where it is smaller but has the claimed sign. The error is that of independent
test images; since all are measured on the same images, it is rather too large.
"""

import dataclasses
import math
import textwrap

from tf_infomax.results.rows import to_frame

__all__ = ["SeenClaim", "claims_table", "seen_claims"]

SEEN, UNCLEAR, NOT_SEEN = "seen", "unclear", "not seen"
_CERTAIN = 1.96  # standard errors: 95 %, both sides
# Test images of the data sets that the package or TFDS brings: the error of an accuracy.
_TEST_IMAGES = {"mnist_sample": 2_000, "mnist": 10_000, "cifar10": 10_000}
_WIDTH = 88  # characters of a line in a terminal
_ACCURACY = "probe/linear/accuracy"


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


class _Rows:
    """First and last values of one data set's rows, averaged over seeds."""

    def __init__(self, frame, dataset):
        self._frame = frame
        self._images = _TEST_IMAGES[dataset]

    def _values(self, experiment, variant, metric, features):
        frame = self._frame
        chosen = frame[(frame["experiment"] == experiment) & (frame["metric"] == metric)]
        chosen = chosen[chosen["variant"] == variant]
        if metric == "bound":
            chosen = chosen[chosen["split"] == "test"]
        if features is not None:
            chosen = chosen[chosen["features"] == features]
        return chosen

    def error(self, accuracy):
        """Standard error of an accuracy on the test images."""
        return math.sqrt(accuracy * (1.0 - accuracy) / self._images)

    def number(self, name, experiment, variant, metric=_ACCURACY, features=None, unit="fraction"):
        """The ``Number``, or ``None`` if there is no such row."""
        chosen = self._values(experiment, variant, metric, features)
        if chosen.empty:
            return None
        first, last = chosen["step"].min(), chosen["step"].max()
        ends = chosen[chosen["step"] == last]["value"]
        value, before = float(ends.mean()), None
        if first < last:
            before = float(chosen[chosen["step"] == first]["value"].mean())
        error = None
        if unit == "fraction" and 0.0 <= value <= 1.0:
            error = self.error(value)
            if len(ends) > 1:
                error = max(error, float(ends.std()) / math.sqrt(len(ends)))
        return Number(name, before, value, error, unit)


def seen_claims(rows):
    """The claims that ``rows`` can speak to, in the order of the papers.

    Args:
        rows: list of ``Row``. Accuracies count on data sets whose number of test images is known.
    Returns:
        List of ``SeenClaim``; empty if no claim has all its rows.
    """
    frame = to_frame(rows)
    found = []
    for dataset in dict.fromkeys(frame["dataset"]):
        if dataset in _TEST_IMAGES:
            own = _Rows(frame[frame["dataset"] == dataset], dataset)
            for claim in (_critics, _high_bound, _conditioning, _local_global, _local_untrained):
                found.append(claim(own))
    found.append(_estimate(frame))
    return [one for one in found if one is not None]


def _difference(better, worse):
    """Verdict on the claim that one accuracy is above another."""
    gap = better.value - worse.value
    if gap > _CERTAIN * math.hypot(better.error, worse.error):
        return SEEN
    return UNCLEAR if gap > 0 else NOT_SEEN


def _critics(rows):
    numbers = [
        rows.number(name, "critic_impact", f"{name}-infonce", features="code")
        for name in ("bilinear", "separable", "concat")
    ]
    if None in numbers:
        return None
    bilinear, _, concat = numbers
    return SeenClaim(
        "The bilinear critic gives better features than the concat critic, which has the higher "
        "capacity (accuracy of a linear classifier).",
        "MI-max, Fig. 3", tuple(numbers), _difference(bilinear, concat),
    )


def _high_bound(rows):
    bound = rows.number(
        "concat, InfoNCE", "critic_impact", "concat-infonce", "bound", unit="nats"
    )
    accuracy = rows.number("its accuracy", "critic_impact", "concat-infonce", features="code")
    pixels = rows.number("raw pixels", "critic_impact", "concat-infonce", features="pixels")
    if None in (bound, accuracy, pixels):
        return None
    rises = bound.before is not None and bound.value > bound.before + 1.0
    return SeenClaim(
        "A high bound on mutual information does not make good features: the concat critic does "
        "not beat raw pixels.",
        "MI-max, section 3.2", (bound, accuracy, dataclasses.replace(pixels, before=None)),
        # Here the claim is that nothing is gained.
        _not_above(accuracy, pixels) if rises else NOT_SEEN,
    )


def _not_above(one, other):
    gap = one.value - other.value
    if gap > _CERTAIN * math.hypot(one.error, other.error):
        return NOT_SEEN
    return SEEN if gap <= 0 else UNCLEAR


def _conditioning(rows):
    condition = rows.number(
        "median log condition number", "non_invertible", "infonce", "log_condition_number",
        unit="1",
    )
    accuracy = rows.number("accuracy", "non_invertible", "infonce", features="code")
    if condition is None or accuracy is None or condition.before is None or not accuracy.before:
        return None
    ends = [
        rows.number("", "non_invertible", "infonce", f"log_condition_number/{end}", unit="1")
        for end in ("p20", "p80")
    ]
    if None not in ends:
        detail = f"[p20 {ends[0].value:.2f}, p80 {ends[1].value:.2f}]"
        condition = dataclasses.replace(condition, detail=detail)
    start = dataclasses.replace(
        accuracy, value=accuracy.before, error=rows.error(accuracy.before)
    )
    grows = condition.value > condition.before + 1.0
    return SeenClaim(
        "Maximising the bound makes the encoder ill-conditioned, although it could stay "
        "invertible, while the accuracy rises.",
        "MI-max, Fig. 2", (condition, accuracy),
        _difference(accuracy, start) if grows else NOT_SEEN,
    )


def _dim(rows, name, system):
    return rows.number(name, system, "default", features="global")


def _local_global(rows):
    return _compared(
        rows, "dim_global", "DIM(G)",
        "Local information gives a better code than global information.",
    )


def _local_untrained(rows):
    return _compared(
        rows, "dim_untrained", "untrained",
        "Local information gives a better code than the untrained encoder.",
    )


def _compared(rows, other, name, claim):
    local, other = _dim(rows, "DIM(L)", "dim_local"), _dim(rows, name, other)
    if local is None or other is None:
        return None
    return SeenClaim(claim, "Deep InfoMax, Table 1", (local, other), _difference(local, other))


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
        lines.append(
            "\u00b1 is a standard error: of an accuracy, that of the number of test images. An\n"
            "accuracy is above another if the difference exceeds 1.96 times its error."
        )
    return "\n".join(lines)
