"""Signatures of an exported model: named functions of named inputs, with any batch size."""

import dataclasses
import math
from collections.abc import Callable

import tensorflow as tf

from tf_infomax.layers.saved_model import write_saved_model
from tf_infomax.models import InfoMax

__all__ = ["SIGNATURES", "Signature", "save", "signatures"]


_ENDPOINTS = ("local", "conv", "fc", "global")
# All names that signatures can have.
SIGNATURES = ("encode", "score", *_ENDPOINTS)


@dataclasses.dataclass(frozen=True)
class Signature:
    """A function of the SavedModel.

    Attributes:
        function: function of tensors, given by name -> dict of tensors.
        inputs: tuple of ``tf.TensorSpec``, whose names are those of the function's arguments.
        accepts: further shapes of one input, batch axis first, that hold the same values.
    """

    function: Callable
    inputs: tuple
    accepts: tuple = ()

    @property
    def traced_inputs(self):
        """Specifications for tracing: any shape if several are accepted."""
        if not self.accepts:
            return self.inputs
        return tuple(tf.TensorSpec(None, spec.dtype, spec.name) for spec in self.inputs)


def signatures(trained):
    """The signatures of a trained model: ``encode``, ``score``, or both.

    ``encode``: "view" ``[K, D]``, or not flattened ``[K, H, W, C]``, as the Keras encoder takes
    them -> "code" ``[K, code]``, by the encoder of the first view.
    ``score``: "view_1" ``[K, D]`` and "view_2" ``[M, D]`` -> "scores" ``[K, M]``, no unit.
    Views are flattened row by row, float32 pixels in [0, 1].

    For Deep InfoMax: ``encode``, "image" ``[K, H, W, C]`` in [-1, 1] -> "code", the global code;
    and a signature for each named endpoint, "image" -> a tensor of that name: ``local``, ``conv``,
    ``fc``, ``global``.

    Args:
        trained: ``Trained``.

    Returns:
        Dict of signature name -> ``Signature``.
    """
    shape = trained.input_shape
    if hasattr(trained.encoder, "endpoints"):
        named = [name for name in _ENDPOINTS if name in trained.encoder.endpoint_shapes]
        found = {name: _endpoint(trained.encoder, name, shape) for name in named}
        return {"encode": _encode_images(trained.encoder, shape), **found}
    found = {}
    if trained.encoder is not None:
        found["encode"] = _encode_views(trained.encoder, shape, trained.view_shape)
    if isinstance(trained.model, InfoMax):
        found["score"] = _score(trained.model, shape)
    return found


# The arguments of a signature are named after those of the function.
def _encode_views(encoder, shape, view_shape):
    size = math.prod(shape)

    def encode(view):
        return {"code": encoder(tf.reshape(view, [tf.shape(view)[0], size]))}

    accepts = () if tuple(view_shape) == tuple(shape) else ((None, *view_shape),)
    return Signature(encode, (_batch("view", shape),), accepts)


def _encode_images(encoder, shape):
    def encode(image):
        return {"code": encoder(image)}

    return Signature(encode, (_batch("image", shape),))


def _endpoint(encoder, name, shape):
    def endpoint(image):
        return {name: encoder.endpoints(image, training=False)[name]}

    return Signature(endpoint, (_batch("image", shape),))


def _score(model, shape):
    def score(view_1, view_2):
        return {"scores": model((view_1, view_2))}

    return Signature(score, (_batch("view_1", shape), _batch("view_2", shape)))


def _batch(name, shape):
    return tf.TensorSpec((None, *shape), tf.float32, name)


def save(found, variables, path):
    """Writes a SavedModel with exactly these signatures.

    Args:
        found: dict of name -> ``Signature``.
        variables: the Keras variables behind them.
        path: folder to write to.

    Returns:
        Dict of name -> {"inputs": {name: shape}, "outputs": {name: shape}}, ``None`` = any size.
    """
    functions = {
        name: tf.function(signature.function).get_concrete_function(*signature.traced_inputs)
        for name, signature in found.items()
    }
    write_saved_model(path, variables, functions)
    return {
        name: {
            "inputs": {spec.name: spec.shape.as_list() for spec in found[name].inputs},
            "outputs": {
                key: spec.shape.as_list() for key, spec in function.structured_outputs.items()
            },
        }
        for name, function in functions.items()
    }
