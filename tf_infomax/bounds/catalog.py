"""The bounds by name, each with its unit, what it bounds and where it stops."""

import dataclasses
import math
from collections.abc import Callable

from tf_infomax.bounds import variational
from tf_infomax.registry import Registry

__all__ = ["BoundInfo", "get", "info", "name_of", "names"]


@dataclasses.dataclass(frozen=True)
class BoundInfo:
    """What one needs to know before quoting a value.

    Attributes:
        name: registry name.
        function: scores -> scalar.
        unit: "nats" for mutual information; divergences that are not KL have their own.
        bounds_mi: whether the expectation is a lower bound on I(X; Y) in nats.
        ceiling: number of candidates per anchor (M + 1) -> the largest possible value.
        summary: bias and variance in one line.
        reference: where it comes from.
    """

    name: str
    function: Callable
    unit: str
    bounds_mi: bool
    ceiling: Callable[[int], float]
    summary: str
    reference: str


def _unbounded(candidates):
    del candidates
    return math.inf


_BOUNDS = Registry("bound")
for _entry in (
    BoundInfo(
        "infonce", variational.infonce, "nats", True, math.log,
        "low variance; saturates at log(M + 1), so biased where I(X; Y) is larger",
        "van den Oord et al. (2018), arXiv:1807.03748",
    ),
    BoundInfo(
        "nwj", variational.nwj, "nats", True, _unbounded,
        "unbiased for its critic; variance grows like exp(I(X; Y))",
        "Nguyen, Wainwright, Jordan (2010), arXiv:0809.0853",
    ),
    BoundInfo(
        "tuba", variational.tuba, "nats", True, _unbounded,
        "as NWJ, with a free baseline in place of e",
        "Poole et al. (2019), arXiv:1905.06922",
    ),
    BoundInfo(
        "donsker_varadhan", variational.donsker_varadhan, "nats", True, _unbounded,
        "a finite batch is biased upwards, in value and gradient; variance grows like exp(I(X; Y))",
        "Donsker and Varadhan (1983); Belghazi et al. (2018), arXiv:1801.04062",
    ),
):
    _BOUNDS.add(_entry.name, _entry)


def names():
    """All registered names."""
    return _BOUNDS.names()


def info(name):
    """The ``BoundInfo`` called ``name``; ``ValueError`` with the nearest names if unknown."""
    return _BOUNDS.get(name)


def get(bound):
    """The function called ``bound``; a callable is handed back as it is."""
    return bound if callable(bound) else info(bound).function


def name_of(bound):
    """The registry name of ``bound`` (a name or a registered function)."""
    for name in names():
        if bound == name or bound is info(name).function:
            return name
    return info(bound).name
