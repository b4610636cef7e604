"""Encoders: a view -> its code. Keras models, which can be used alone with ``model.fit``.

The encoders of the Deep InfoMax release keep its names ("basic32x32", ...). Your own encoder
follows ``protocol``, or is made by ``as_encoder``, ``NamedFeatures`` or ``Backbone``.

``get(name, **options)`` builds one by name, ``names()`` lists the names. The names
need no TensorFlow; encoders are imported on first use.
"""

import functools
from typing import TYPE_CHECKING

from tf_infomax.encoders.configurations import CONFIGURATIONS
from tf_infomax.naming.lazy import lazy_names
from tf_infomax.naming.registry import Family

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
    from tf_infomax.encoders.convnet import ConvNet
    from tf_infomax.encoders.endpoint import Endpoint
    from tf_infomax.encoders.features import Backbone, NamedFeatures, as_encoder
    from tf_infomax.encoders.invertible import RealNVP
    from tf_infomax.encoders.layered import EncoderTail, LayeredEncoder
    from tf_infomax.encoders.mlp import MLP

_HOMES = {
    "MLP": "mlp",
    "Backbone": "features",
    "ConvNet": "convnet",
    "EncoderTail": "layered",
    "Endpoint": "endpoint",
    "LayeredEncoder": "layered",
    "NamedFeatures": "features",
    "RealNVP": "invertible",
    "as_encoder": "features",
}

__all__ = [
    "ENCODERS",
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


def _of_release(name):
    from tf_infomax.encoders.layered import LayeredEncoder

    return functools.partial(LayeredEncoder, name)


ENCODERS = Family(
    "encoder",
    {
        "mlp": "tf_infomax.encoders.mlp:MLP",
        "convnet": "tf_infomax.encoders.convnet:ConvNet",
        "realnvp": "tf_infomax.encoders.invertible:RealNVP",
        **{name: functools.partial(_of_release, name) for name in CONFIGURATIONS},
    },
    synonyms={
        "cnn": ("convnet",),
        "conv": ("convnet",),
        "flow": ("realnvp",),
        "invertible": ("realnvp",),
        "dense": ("mlp",),
        "alexnet": ("alex64x64", "foldalex64x64"),
        "resnet": ("resnet19_32x32", "resnet34_32x32"),
    },
)

get, class_of, names, register = ENCODERS.functions()
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
