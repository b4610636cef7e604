"""Encoders: a view -> its code. Keras models, usable alone in anybody's ``model.fit``.

``get(name, **options)`` builds one by name, ``names()`` lists the names.
"""

from tf_infomax.encoders.convnet import ConvNet
from tf_infomax.encoders.invertible import RealNVP
from tf_infomax.encoders.mlp import MLP
from tf_infomax.registry import Registry

__all__ = ["MLP", "ConvNet", "RealNVP", "class_of", "get", "names"]

_ENCODERS = Registry("encoder")
_ENCODERS.add("mlp", MLP)
_ENCODERS.add("convnet", ConvNet)
_ENCODERS.add("realnvp", RealNVP)


def get(name, /, **options):
    """A new encoder called ``name``; ``options`` go to its constructor."""
    return class_of(name)(**options)


def class_of(name):
    """The class of the encoder ``name``; ``ValueError`` with the nearest names if unknown."""
    return _ENCODERS.get(name)


def names():
    """All registered names."""
    return _ENCODERS.names()
