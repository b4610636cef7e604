"""Published papers, claims and values, each with its source."""

import math
from dataclasses import dataclass, field

__all__ = [
    "DERIVED",
    "OFFICIAL_CODE",
    "PAPER",
    "PAPER_READ",
    "QUOTED",
    "RECALLED",
    "Claim",
    "Paper",
    "Published",
    "log_ceiling",
]

RECALLED = "recalled, unverified"
OFFICIAL_CODE = "official code"
PAPER = "paper"
PAPER_READ = "paper (read)"
QUOTED = "paper, quoted in issue #34 of its code"
DERIVED = "derived"


@dataclass(frozen=True)
class Paper:
    """One of the papers.

    Args:
        citation: authors, title, where and when.
        values: remarks on its published values, one sentence or more.
    """

    citation: str
    values: str


@dataclass(frozen=True)
class Claim:
    """The claim of a paper about one experiment.

    Args:
        experiment: our catalogue name.
        title: heading of the report's section.
        figure: the paper's figure or table, or empty.
        section: the paper's section, or empty.
        text: the claim, in one sentence or two.
    """

    experiment: str
    title: str
    figure: str
    section: str
    text: str

    def place(self):
        """Place in the paper: section and figure, if there are any."""
        return ", ".join(filter(None, (self.section, self.figure)))


def _readable(value):
    # Accuracies keep both decimals ("0.90"), whole numbers none, infinity is not printed.
    two = 0 < abs(value) < 1 and value == round(value, 2)
    return f"{value:.2f}" if two else f"{value:.4g}"


@dataclass(frozen=True)
class Published:
    """One published value or range, valid where all of ``tags`` agree.

    Args:
        experiment: our catalogue name.
        metric, split: of the row beside which it is shown.
        low, high: the range in the row's unit; equal for a single value, infinite for open ends.
        source: mark of the source.
        tags: tags that the row must have, such as ``critic``; ``dataset`` unless it is any.
        note: a further remark, or empty.
        sd: the spread that the paper prints beside a single value, or None.
        table: "Table 1", or empty for values outside tables.
    """

    experiment: str
    metric: str
    split: str
    low: float
    high: float
    source: str
    tags: dict = field(default_factory=dict)
    note: str = ""
    sd: float | None = None
    table: str = ""

    def text(self):
        """The range as it is printed in tables."""
        low, high = map(_readable, (self.low, self.high))
        if self.low == self.high:
            return low if self.sd is None else f"{low} \u00b1 {_readable(self.sd)}"
        if math.isinf(self.low):
            return f"\u2264 {high}"
        if math.isinf(self.high):
            return f"> {low}"
        return f"{low} to {high}"

    def matches(self, experiment, metric, split, tags):
        """Whether a row of that experiment, metric and split, with these tags, is meant."""
        return (self.experiment, self.metric, self.split) == (experiment, metric, split) and all(
            tags.get(name) == value for name, value in self.tags.items()
        )


def log_ceiling(batch_size):
    """Ceiling of InfoNCE in nats at a batch of ``batch_size`` pairs: its logarithm."""
    return math.log(batch_size)
