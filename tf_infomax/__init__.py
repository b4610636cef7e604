"""Mutual-information maximisation for representation learning, in TensorFlow and Keras 3.

Deep InfoMax (Hjelm et al. 2019) and "On Mutual Information Maximization for Representation
Learning" (Tschannen et al. 2020) through one pipeline. Families are loaded on first use, so the
catalogue of experiments and the results can be read without TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING, Any

from tf_infomax.naming import keras_names, moved
from tf_infomax.naming.version import __version__

if TYPE_CHECKING:
    # What `__getattr__` loads on first use, for type checkers and editors.
    from tf_infomax import (
        bounds,
        critics,
        data,
        decoders,
        distributions,
        encoders,
        estimation,
        evaluation,
        experiments,
        export,
        flows,
        models,
        objectives,
        plots,
        report,
        results,
        scores,
    )
    from tf_infomax.estimation import MutualInformationEstimator
    from tf_infomax.export import load_pretrained
    from tf_infomax.layers import optimizers
    from tf_infomax.models import AlignedViews, DeepInfoMax, InfoMax, RepresentationModel
    from tf_infomax.naming.keras_names import load_model
    from tf_infomax.numerics import geometry
    from tf_infomax.scores import BlockedScores, PairScores

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
    "load_pretrained": "export",
}

__all__ = [*_MODULES, *_OBJECTS, "__version__"]


def __getattr__(name: str) -> Any:
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
