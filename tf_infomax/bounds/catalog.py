"""The bounds by name, each with its unit, what it bounds and where it stops."""

import dataclasses
import math
from collections.abc import Callable

from tf_infomax.bounds import divergences, variational
from tf_infomax.registry import Registry

__all__ = ["BoundInfo", "get", "info", "name_of", "names"]


@dataclasses.dataclass(frozen=True)
class BoundInfo:
    """What one needs to know before quoting a value.

    Attributes:
        name: registry name.
        function: scores -> scalar.
        unit: "nats" for mutual information, "1" for other divergences.
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


def _constant(ceiling):
    return lambda candidates: ceiling


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
    BoundInfo(
        "jsd", divergences.jsd, "1", False, _constant(2.0 * math.log(2.0)),
        "not MI: twice the Jensen-Shannon divergence; unbiased for its critic, low variance",
        "Hjelm et al. (2019), arXiv:1808.06670, equation (4)",
    ),
    BoundInfo(
        "gan", divergences.gan, "1", False, _constant(0.0),
        "not MI: jsd - 2 log 2; unbiased for its critic, low variance",
        "Goodfellow et al. (2014), arXiv:1406.2661",
    ),
    BoundInfo(
        "reverse_kl", divergences.reverse_kl, "1", False, _unbounded,
        "not MI: KL(product || joint); unbiased for its critic, unstable for low joint scores",
        "Nowozin, Cseke, Tomioka (2016), arXiv:1606.00709",
    ),
    BoundInfo(
        "squared_hellinger", divergences.squared_hellinger, "1", False, _constant(2.0),
        "not MI: squared Hellinger distance, at most 2; unbiased for its critic",
        "Nowozin, Cseke, Tomioka (2016), arXiv:1606.00709",
    ),
    BoundInfo(
        "chi_squared", divergences.chi_squared, "1", False, _unbounded,
        "not MI: Pearson's chi squared, E[(r - 1)^2]; unbiased for its critic",
        "Nowozin, Cseke, Tomioka (2016), arXiv:1606.00709",
    ),
    BoundInfo(
        "chi_squared_released", divergences.chi_squared_released, "1", False, _unbounded,
        "no bound on anything: the release's X2, which grows with the magnitude of all scores",
        "code of Hjelm et al. (2019), arXiv:1808.06670",
    ),
    BoundInfo(
        "wasserstein", divergences.wasserstein, "1", False, _unbounded,
        "not MI: earth mover's distance, for critics that are 1-Lipschitz",
        "Arjovsky, Chintala, Bottou (2017), arXiv:1701.07875",
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
