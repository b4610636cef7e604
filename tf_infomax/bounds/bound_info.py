"""What is known about a bound besides its function, without TensorFlow."""

import dataclasses
import functools
import importlib
import numbers
from collections.abc import Callable

from tf_infomax.naming.options import REQUIRED, check_options, options_of

__all__ = ["BoundInfo", "checked_alpha", "free_options"]

# Arguments that change from batch to batch, and are therefore not options of a bound.
_INPUTS = ("scores", "log_conditional", "log_marginal")


@dataclasses.dataclass(frozen=True)
class BoundInfo:
    """What to know before quoting a value of a bound.

    Attributes:
        name: registry name, and that of the function.
        home: module of ``bounds`` that has the function.
        unit: "nats" for mutual information, "1" for other divergences.
        kind: "lower" or "upper" if the expectation is such a bound on I(X; Y); "estimate" for an
            estimate of I(X; Y), in nats, that is not a bound; "divergence" for other quantities.
        ceiling: number of candidates per anchor (M + 1, or K) -> the largest possible value;
            ``ValueError`` on numbers of candidates, or options, for which there is none.
        summary: bias and variance in one line.
        reference: the source.
        reads: "scores" of a critic, the matrix "log_conditional" of a known p(y | x), or
            "log_densities", two vectors.
        best_shift: by how much the best critic lies above the log-density ratio, for bounds on
            mutual information that read scores, without options.
        given: options that are bound to the function.
    """

    name: str
    home: str
    unit: str
    kind: str
    ceiling: Callable[[int], float]
    summary: str
    reference: str
    reads: str = "scores"
    best_shift: float = 0.0
    given: dict = dataclasses.field(default_factory=dict, hash=False)

    @property
    def function(self):
        """Scores or log densities (see ``reads``) -> scalar."""
        function = getattr(importlib.import_module(f"tf_infomax.bounds.{self.home}"), self.name)
        return functools.partial(function, **self.given) if self.given else function

    @property
    def bounds_mi(self):
        """Whether the expectation is a lower or an upper bound on I(X; Y), in nats."""
        return self.kind in ("lower", "upper")

    @property
    def takes_baseline(self):
        """Whether the function has an argument ``log_baseline``, one number an anchor."""
        return "log_baseline" in self.options

    @property
    def options(self):
        """Names of the function's options -> their defaults."""
        return free_options(self.function)

    def with_options(self, **options):
        """This ``BoundInfo`` with options bound to the function and to the ceiling.

        Raises:
            ValueError: on options that the function does not have.
        """
        if not options:
            return self
        check_options("bound", self.name, options, self.options)
        return dataclasses.replace(
            self,
            given={**self.given, **options},
            ceiling=functools.partial(self.ceiling, **options),
        )


def checked_alpha(alpha):
    """``alpha``, the option of the bound "interpolated"; ``ValueError`` unless it is in [0, 1]."""
    if not isinstance(alpha, numbers.Real) or not 0.0 <= alpha <= 1.0:
        raise ValueError(f"`alpha` must be a number from 0 to 1. Received: alpha={alpha!r}.")
    return alpha


def free_options(function):
    """Name -> default of the options of ``function`` that are not bound yet."""
    found = options_of(function, without=_INPUTS)
    return {name: default for name, default in found.items() if default is not REQUIRED}
