"""The experiments by name. Importing it needs no TensorFlow."""

from tf_infomax.experiments import (
    alignment,
    competing_methods,
    deep_infomax,
    estimation,
    generative,
    mi_max,
    quick_start,
)
from tf_infomax.experiments.spec import Experiment
from tf_infomax.experiments.study import Study
from tf_infomax.naming.registry import Registry

__all__ = ["add", "get", "names"]

_CATALOG = Registry("experiment")
_CATALOG.add("quick_start", quick_start.QUICK_START)
for _experiment in (
    *mi_max.EXPERIMENTS,
    *deep_infomax.EXPERIMENTS,
    *generative.EXPERIMENTS,
    *competing_methods.EXPERIMENTS,
    *alignment.EXPERIMENTS,
    *estimation.EXPERIMENTS,
    quick_start.ESTIMATE,
):
    _CATALOG.add(_experiment.name, (_experiment,))
_COLLECTIONS: dict[str, tuple] = {}
for _source in (deep_infomax, generative, competing_methods):
    # A table of the paper lists systems of several files.
    for _name, _experiments in _source.COLLECTIONS.items():
        _COLLECTIONS[_name] = (*_COLLECTIONS.get(_name, ()), *_experiments)
for _name, _experiments in _COLLECTIONS.items():
    _CATALOG.add(_name, _experiments)


def add(experiment: Experiment | Study) -> None:
    """Enters an experiment (or study) under its name."""
    _CATALOG.add(experiment.name, (experiment,))


def get(name: str) -> tuple[Experiment | Study, ...]:
    """The experiments that ``name`` stands for: a tuple, of one unless it is a collection."""
    return _CATALOG.get(name)


def names() -> tuple[str, ...]:
    """All names."""
    return _CATALOG.names()
