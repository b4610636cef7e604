"""Claims, values and ranges of the papers, as data, printed beside our numbers.

One lookup for both papers. Every entry carries the mark of its source, such as "recalled,
unverified": from memory of the paper, not a reference number.
"""

import math

from tf_infomax.published import (
    competing_methods,
    deep_infomax,
    deep_infomax_checks,
    estimation,
    mi_max,
    mi_max_checks,
)
from tf_infomax.published.checks import Check, Rows
from tf_infomax.published.entries import (
    DERIVED,
    Claim,
    Paper,
    Published,
    log_ceiling,
)
from tf_infomax.published.official_curves import PACKAGED, OfficialCurves, read_official_curves

__all__ = [
    "PACKAGED",
    "Check",
    "Claim",
    "OfficialCurves",
    "Paper",
    "Published",
    "Rows",
    "all_checks",
    "claim",
    "experiments",
    "log_ceiling",
    "papers_of",
    "published",
    "read_official_curves",
]

# In the order in which the report covers them.
_MODULES = (mi_max, deep_infomax, competing_methods, estimation)


def claim(experiment):
    """The ``Claim`` of a paper about an experiment, or None for our own experiments."""
    return next((entry for entry in _claims() if entry.experiment == experiment), None)


def all_checks():
    """The statements of both papers that rows can decide: a tuple of ``Check``."""
    return (*mi_max_checks.CHECKS, *deep_infomax_checks.CHECKS)


def experiments():
    """Names of the experiments that a paper makes a claim about, in the papers' order."""
    return tuple(entry.experiment for entry in _claims())


def papers_of(names):
    """The ``Paper`` records from which the experiments ``names`` are; those with
    values if none of them is."""
    wanted = set(names)
    found = [
        module for module in _MODULES if wanted & {entry.experiment for entry in module.CLAIMS}
    ]
    found = found or [module for module in _MODULES if module.VALUES]
    # Two modules may be of one paper.
    return list({id(module.SOURCE): module.SOURCE for module in found}.values())


def _claims():
    return [entry for module in _MODULES for entry in module.CLAIMS]


def published(experiment, metric, split, tags, table=None):
    """The ``Published`` entry for a value of ours, or None.

    Where the paper gives nothing, an InfoNCE value of MI-max still has its ceiling, log K.

    Args:
        experiment, metric, split: of the row.
        tags: the row's tags as a mapping; missing ones may be absent or None.
        table: "Table 5" and so on, since a system may stand in several; None means the first.
    """
    for module in _MODULES:
        for entry in module.VALUES:
            if table in (None, entry.table) and entry.matches(experiment, metric, split, tags):
                return entry
    if metric == "bound" and tags.get("bound") == "infonce" and tags.get("batch_size"):
        ceiling = log_ceiling(tags["batch_size"])
        return Published(experiment, metric, split, -math.inf, ceiling, DERIVED, note="log K")
    return None
