"""The computations of studies by name, each loaded on first use."""

import dataclasses
import importlib
import inspect
from collections.abc import Callable

from tf_infomax.bounds.catalog import BOUNDS
from tf_infomax.critics import CRITICS
from tf_infomax.encoders import ENCODERS
from tf_infomax.naming.option_kinds import OneOf
from tf_infomax.naming.options import check_options, options_of
from tf_infomax.naming.registry import unknown_name
from tf_infomax.training.pace import Pace

__all__ = ["SCHEMES", "TESTS", "Computation", "Setting", "check", "get", "names", "words"]

# Words of options.
SCHEMES = ("uniform", "softmax", "softmax_dropout", "dirichlet")
TESTS = ("baseline", "data_processing", "additivity")

# Name -> module of this package that holds the function of the same name.
_HOMES = {
    "estimator_variance": "estimator_variance",
    "formal_limit": "formal_limit",
    "jsd_and_kl": "discrete_joints",
    "k_pair_identity": "k_pair_identity",
    "pair_estimate": "pair_estimate",
    "self_consistency": "self_consistency",
}
# Name -> the registries and words that its options are from.
_WORDS = {
    "jsd_and_kl": {"scheme": OneOf(SCHEMES)},
    "self_consistency": {
        "bound": BOUNDS, "critic": CRITICS, "encoder": ENCODERS, "test": OneOf(TESTS),
    },
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """Seed and data of a computation.

    Attributes:
        seed: of the run; all random numbers descend from it.
        data_dir: where TFDS finds prepared data sets, or ``None``.
        download: whether TFDS may download a missing data set.
        note: called with a sentence on how long it will take, as soon as that is known.
    """

    seed: int
    data_dir: str | None = None
    download: bool = False
    note: Callable = lambda text: None

    def paced(self, numbers):
        """Yields what the sequence ``numbers`` holds, and tells after the first second what all
        will take.
        """
        pace = Pace(len(numbers), self.note)
        for number in numbers:
            yield number
            pace.one_more()


@dataclasses.dataclass(frozen=True)
class Computation:
    """A computation, with the checks of its options.

    Attributes:
        compute: ``(setting, **options)`` -> iterable of ``Measurement``.
        check: ``(setting, **options)`` raises ``ValueError`` on invalid options, before anything is
            computed; it receives all options of ``compute``, defaults included.
        tags: names of the options that rows carry as tags.
    """

    compute: Callable
    check: Callable
    tags: tuple


def names():
    """Names of all computations."""
    return tuple(_HOMES)


def words(name):
    """Options of the computation ``name`` that are chosen by name -> registry, or ``OneOf``.

    Nothing of TensorFlow is imported.
    """
    if name == "pair_estimate":
        # Here, because SciPy takes a second, and no other computation needs its distributions.
        from tf_infomax.distributions.catalog import FAMILIES

        return {"family": FAMILIES}
    return _WORDS.get(name, {})


def get(name):
    """The ``Computation`` called ``name``; ``ValueError`` with the nearest names if unknown."""
    if name not in _HOMES:
        raise unknown_name("study", name, _HOMES)
    module = importlib.import_module(f"tf_infomax.studies.{_HOMES[name]}")
    return module.COMPUTATION


def check(name, setting, options):
    """Raises ``ValueError`` on an unknown computation, unknown options or impossible values."""
    computation = get(name)
    signature = inspect.signature(computation.compute)
    check_options("study", name, options, options_of(computation.compute, without=("setting",)))
    try:
        arguments = signature.bind(setting, **options)
        arguments.apply_defaults()
        computation.check(**arguments.arguments)
    except TypeError as error:
        raise ValueError(f"The study {name!r} cannot be made: {error}.") from error
