"""The computations of studies by name, each loaded on first use."""

import dataclasses
import importlib
import inspect
from collections.abc import Callable

from tf_infomax.registry import nearest, unknown_name

__all__ = ["Computation", "Setting", "check", "get", "names"]

# Name -> module of this package that holds the function of the same name.
_HOMES = {
    "estimator_variance": "estimator_variance",
    "formal_limit": "formal_limit",
    "jsd_and_kl": "discrete_joints",
    "self_consistency": "self_consistency",
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """Where a computation runs.

    Attributes:
        seed: of the run; all random numbers descend from it.
        data_dir: where TFDS finds prepared data sets, or ``None``.
        download: whether TFDS may download a missing data set.
    """

    seed: int
    data_dir: str | None = None
    download: bool = False


@dataclasses.dataclass(frozen=True)
class Computation:
    """A computation and what can be said about its options beforehand.

    Attributes:
        compute: ``(setting, **options)`` -> iterable of ``Measurement``.
        check: ``(setting, **options)`` raises ``ValueError`` on options that cannot work, before
            anything is computed.
        tags: names of the options that rows carry as tags.
    """

    compute: Callable
    check: Callable
    tags: tuple


def names():
    """All computations."""
    return tuple(_HOMES)


def get(name):
    """The ``Computation`` called ``name``; ``ValueError`` with the nearest names if unknown."""
    if name not in _HOMES:
        raise unknown_name("study", name, _HOMES)
    module = importlib.import_module(f"tf_infomax.studies.{_HOMES[name]}")
    return module.COMPUTATION


def check(name, setting, options):
    """Raises ``ValueError`` on an unknown computation, unknown options or impossible values."""
    computation = get(name)
    parameters = inspect.signature(computation.compute).parameters
    known = [option for option in parameters if option != "setting"]
    for option in options:
        if option not in known:
            close = nearest(option, known)
            hint = f" Nearest: {', '.join(close)}." if close else ""
            raise ValueError(
                f"The study {name!r} has no option {option!r}.{hint} Options: {', '.join(known)}."
            )
    try:
        inspect.signature(computation.compute).bind(setting, **options)
        computation.check(setting, **options)
    except TypeError as error:
        raise ValueError(f"The study {name!r} cannot be made: {error}.") from error
