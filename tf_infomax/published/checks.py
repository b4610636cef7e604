"""Statements of the papers that rows can confirm or refute, as data.

A ``Check`` says which numbers are compared and how large their difference should be;
``tables.verdicts`` evaluates it on any rows.
"""

import math
from dataclasses import dataclass, field

__all__ = ["COMPARISONS", "PLACES", "Check", "Rows"]

# Sign of the difference, left minus right, that a comparison asks for.
COMPARISONS = (">", ">=", "<", "<=", "=")
# Where in a run a number is taken: at its last, first or middle measurement; "tail" is the mean
# over the last quarter of the measurements, for values that scatter from batch to batch.
PLACES = ("last", "first", "half", "tail")


@dataclass(frozen=True)
class Rows:
    """The rows of one side of a comparison.

    Args:
        experiments: catalogue names; several are alternatives.
        metric, split: of the rows.
        tags: tags that the rows must have; ``features`` among them, where the metric has any.
        at: one of ``PLACES``.
        label: name of this side in tables, such as "bilinear".
    """

    experiments: tuple
    metric: str
    split: str
    tags: dict = field(default_factory=dict)
    at: str = "last"
    label: str = ""


@dataclass(frozen=True)
class Check:
    """One statement, and the comparison of two numbers that decides it.

    The comparison is of ``left`` minus ``right``: ">" asks for a difference above ``tolerance``,
    ">=" for one above ``-tolerance``; "<" and "<=" mirror them; "=" asks for one between
    ``-tolerance`` and ``tolerance``.

    Args:
        claim: the claim that it is part of: "C4", "Table 1".
        statement: one sentence.
        place: figure or table of the paper.
        source: mark of the source.
        left: ``Rows``.
        right: ``Rows``, or a number.
        comparison: one of ``COMPARISONS``.
        tolerance: in the unit of the metric, 0 or more.
        run_sd: standard deviation between runs of other seeds, in the unit of the metric, which
            stands in for the spread where there is a single seed; 0 for a value that is computed
            rather than estimated; ``None`` if unknown, so that a single seed decides nothing.
        run_sd_source: where ``run_sd`` is from.
        run_sd_data: data sets on which ``run_sd`` is valid; empty for any.
        steps: training steps of the paper; 0 if nothing is trained; ``None`` for Deep InfoMax,
            whose length is in epochs (``tables.paper_layouts.PAPER_EPOCHS``).
        same_length: whether both sides must have been trained for the same number of steps.
        matched: for runs that hold a bound at a target: largest distance, in nats, of the bound on
            training pairs from it; or ``None``.
        other_metrics: metrics for which the same comparison is made as well.
    """

    claim: str
    statement: str
    place: str
    source: str
    left: Rows
    right: Rows | float
    comparison: str = ">"
    tolerance: float = 0.0
    run_sd: float | None = None
    run_sd_source: str = ""
    run_sd_data: tuple = ()
    steps: int | None = None
    same_length: bool = True
    matched: float | None = None
    other_metrics: tuple = ()

    def interval(self):
        """(least, most) difference, left minus right, for which the statement is true."""
        margin = self.tolerance
        return {
            ">": (margin, math.inf),
            ">=": (-margin, math.inf),
            "<": (-math.inf, -margin),
            "<=": (-math.inf, margin),
            "=": (-margin, margin),
        }[self.comparison]

    def experiments(self):
        """Catalogue names of both sides."""
        right = self.right.experiments if isinstance(self.right, Rows) else ()
        return tuple(dict.fromkeys((*self.left.experiments, *right)))
