"""Mutual-information maximisation for representation learning, in TensorFlow and Keras 3.

Deep InfoMax (Hjelm et al. 2019) and "On Mutual Information Maximization for Representation
Learning" (Tschannen et al. 2020) through one pipeline. Families are loaded on first use, so the
catalogue of experiments and the results can be read without TensorFlow.
"""

import importlib

from tf_infomax.naming import keras_names, moved
from tf_infomax.naming.version import __version__

# Public families -> their modules, where these have other names.
_MODULES = {
    "bounds": "bounds",
    "critics": "critics",
    "data": "data",
    "decoders": "decoders",
    "distributions": "distributions",
    "encoders": "encoders",
    "estimation": "estimation",
    "evaluation": "evaluation",
    "experiments": "experiments",
    "export": "export",
    "flows": "flows",
    "geometry": "numerics.geometry",
    "models": "models",
    "objectives": "objectives",
    "optimizers": "layers.optimizers",
    "plots": "plots",
    "report": "report",
    "results": "results",
    "scores": "scores",
}
# Public classes and functions that stand above the families: name -> module.
_OBJECTS = {
    "AlignedViews": "models",
    "BlockedScores": "scores",
    "DeepInfoMax": "models",
    "InfoMax": "models",
    "MutualInformationEstimator": "estimation",
    "PairScores": "scores",
    "RepresentationModel": "models",
    "load_model": "naming.keras_names",
}

__all__ = [*_MODULES, *_OBJECTS, "__version__"]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"tf_infomax.{_MODULES[name]}")
    if name in _OBJECTS:
        return getattr(importlib.import_module(f"tf_infomax.{_OBJECTS[name]}"), name)
    raise AttributeError(f"module 'tf_infomax' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


# So that files with our models load after `import tf_infomax` alone.
keras_names.announce()
# So that programs of before find modules under their former names.
moved.announce()
