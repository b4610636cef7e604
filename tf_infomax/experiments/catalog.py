"""The experiments by name. Importing it needs no TensorFlow."""

from tf_infomax.experiments import alignment, deep_infomax, estimation, generative, mi_max
from tf_infomax.naming.registry import Registry

__all__ = ["add", "get", "names"]

_CATALOG = Registry("experiment")
for _experiment in (
    *mi_max.EXPERIMENTS,
    *deep_infomax.EXPERIMENTS,
    *generative.EXPERIMENTS,
    *alignment.EXPERIMENTS,
    *estimation.EXPERIMENTS,
):
    _CATALOG.add(_experiment.name, (_experiment,))
_CATALOG.add("quick_start", mi_max.QUICK_START)
# A collection of several files has the experiments of all of them.
for _name in dict.fromkeys((*deep_infomax.COLLECTIONS, *generative.COLLECTIONS)):
    _CATALOG.add(
        _name,
        tuple(
            experiment
            for module in (deep_infomax, generative)
            for experiment in module.COLLECTIONS.get(_name, ())
        ),
    )


def add(experiment):
    """Enters an experiment (or study) under its name."""
    _CATALOG.add(experiment.name, (experiment,))


def get(name):
    """The experiments that ``name`` stands for: a tuple, of one unless it is a collection."""
    return _CATALOG.get(name)


def names():
    """All names."""
    return _CATALOG.names()
