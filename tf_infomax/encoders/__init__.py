"""Encoders: a view -> its code. Keras models, which can be used alone with ``model.fit``.

The encoders of the Deep InfoMax release keep its names ("basic32x32", ...). Your own encoder
follows ``protocol``, or is made by ``as_encoder``, ``NamedFeatures`` or ``Backbone``.

``get(name, **options)`` builds one by name, ``names()`` lists the names.
"""

import functools

from tf_infomax.encoders.configurations import CONFIGURATIONS
from tf_infomax.encoders.convnet import ConvNet
from tf_infomax.encoders.endpoint import Endpoint
from tf_infomax.encoders.features import Backbone, NamedFeatures, as_encoder
from tf_infomax.encoders.invertible import RealNVP
from tf_infomax.encoders.layered import EncoderTail, LayeredEncoder
from tf_infomax.encoders.mlp import MLP
from tf_infomax.naming.registry import Family

__all__ = [
    "MLP",
    "Backbone",
    "ConvNet",
    "EncoderTail",
    "Endpoint",
    "LayeredEncoder",
    "NamedFeatures",
    "RealNVP",
    "as_encoder",
    "class_of",
    "get",
    "names",
    "register",
]

_ENCODERS = Family("encoder")
_ENCODERS.add("mlp", MLP)
_ENCODERS.add("convnet", ConvNet)
_ENCODERS.add("realnvp", RealNVP)
for _name in CONFIGURATIONS:
    _ENCODERS.add(_name, functools.partial(LayeredEncoder, _name))

get, class_of, names, register = _ENCODERS.functions()
