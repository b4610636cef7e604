"""Encoders from users' models: models with named features, and networks read at some layers."""

import keras

from tf_infomax.encoders.base import Encoder
from tf_infomax.encoders.endpoint import Endpoint
from tf_infomax.encoders.protocol import has_member, missing_members
from tf_infomax.encoders.symbolic import symbolic_outputs
from tf_infomax.naming.arguments import integer
from tf_infomax.naming.registry import unknown_name

__all__ = ["Backbone", "NamedFeatures", "as_encoder"]


class _FeatureEncoder(Encoder):
    """An encoder around a Keras model whose output is a dict of named features."""

    def __init__(self, features, local_receptive_field=None, **kwargs):
        super().__init__(**kwargs)
        self.features = features
        self._receptive_field = (
            None
            if local_receptive_field is None
            else integer(local_receptive_field, "local_receptive_field")
        )

    def build(self, input_shape):
        shape = (None, *input_shape[1:])
        if len(shape) != 4 or None in shape[1:]:
            raise ValueError(
                "Images must have shape [K, H, W, C], H, W and C known. "
                f"Received: images of shape {tuple(input_shape)}."
            )
        # It makes the weights of a model that is not built.
        outputs = symbolic_outputs(self.features, shape, self.compute_dtype)
        _check_features(outputs)
        self._shapes = {name: tuple(value.shape)[1:] for name, value in outputs.items()}
        self._finish_build(shape)

    @property
    def endpoint_shapes(self):
        """Name -> shape without the batch axis; ``ValueError`` if the encoder is not built."""
        if not self.built:
            raise ValueError(
                "Shapes are known once the encoder is built, by `encoder.build((None, H, W, C))`. "
                f"Received: {self.name} without weights."
            )
        return dict(self._shapes)

    @property
    def endpoint_names(self):
        """All names, as in ``endpoint_shapes``."""
        return tuple(self.endpoint_shapes)

    @property
    def local_receptive_field(self):
        """Receptive field (side in pixels) of a local feature; ``ValueError`` if not given."""
        if self._receptive_field is None:
            raise ValueError(
                "Occlusion needs the receptive field of the local features, in pixels: "
                f"{type(self).__name__}(..., local_receptive_field=16). "
                "Received: local_receptive_field=None."
            )
        return self._receptive_field

    def endpoints(self, images, training=False):
        """All named features of a batch of images, in one pass: a dict of name -> tensor.

        Args:
            images: ``[K, H, W, C]`` of the shape that the encoder was built for.
            training: as for a call.
        """
        images = self._given_images(images)
        if tuple(images.shape[1:]) != self._input_shape[1:]:
            sides = ", ".join(map(str, self._input_shape[1:]))
            raise ValueError(
                f"This encoder takes images of shape [K, {sides}]. "
                f"Received: images of shape {tuple(images.shape)}."
            )
        return dict(self.features(self._cast(images), training=training))

    def endpoint(self, name):
        """A Keras model images -> the feature ``name``, which shares this encoder's weights."""
        return Endpoint(self, name)

    def call(self, inputs, training=False):
        return self.endpoints(inputs, training)["global"]

    def compute_output_shape(self, input_shape):
        if not self.built:
            self.build(input_shape)
        return (input_shape[0], *self._shapes["global"])

    def get_config(self):
        return {
            **super().get_config(),
            "model": keras.saving.serialize_keras_object(self.features),
            "local_receptive_field": self._receptive_field,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        model = keras.saving.deserialize_keras_object(config.pop("model"))
        return cls(model, **config)


@keras.saving.register_keras_serializable(package="tf_infomax")
class NamedFeatures(_FeatureEncoder):
    """An encoder made of a Keras model that gives a dict of named features.

    ``DeepInfoMax`` wraps any such model in it::

        images = keras.Input((32, 32, 3))
        local = keras.layers.Conv2D(64, 4, 4, activation="relu")(images)
        code = keras.layers.Dense(64)(keras.layers.Flatten()(local))
        encoder = encoders.NamedFeatures(keras.Model(images, {"local": local, "global": code}))

    Args:
        model: Keras model of one input, images ``[K, H, W, C]``; its output is a dict with "global"
            ``[K, D]`` (or a map of several codes) and usually "local", a map ``[K, H', W', C']``. A
            subclass must be registered with Keras to be saved.
        local_receptive_field: receptive field in pixels (side) of one place of "local"; only terms
            with ``occluded=True`` need it.

    Call arguments:
        inputs: images ``[K, H, W, C]``.  Returns the feature "global".
        training: of batch norm and dropout.

    Raises:
        ValueError: on anything else, or, when it is built, on a model without a dict of features.
    """

    def __init__(self, model, local_receptive_field=None, **kwargs):
        if not isinstance(model, keras.Model):
            raise ValueError(
                "`model` must be a Keras model that gives a dict of named features. "
                f"Received: model={model!r}."
            )
        outputs = _outputs(model)
        if outputs is not None:
            _check_features(outputs)
        super().__init__(model, local_receptive_field, **kwargs)


@keras.saving.register_keras_serializable(package="tf_infomax")
class Backbone(_FeatureEncoder):
    """A network such as those of ``keras.applications``, some layers of which are its features::

        network = keras.applications.MobileNetV2((96, 96, 3), weights=None, include_top=False,
                                                 pooling="avg")
        encoder = encoders.Backbone(network, local="block_6_expand_relu", conv="out_relu",
                                    global_="global_average_pooling2d")

    Layers after these are left out. Images are in [-1, 1], as everywhere in Deep InfoMax: a network
    for other values needs its own ``keras.layers.Rescaling``.

    Args:
        model: functional or sequential Keras model of one input, images ``[K, H, W, C]``.
        local: name of the layer whose output is "local", a map ``[K, H', W', C']``.
        global_: name of the layer whose output is "global", the code ``[K, D]``; a map gives
            several codes.
        conv, fc: names of the layers that are "conv" and "fc", or ``None``.
        local_receptive_field: as for ``NamedFeatures``.

    Call arguments:
        inputs: images ``[K, H, W, C]``.  Returns the feature "global".
        training: of batch norm and dropout.

    Raises:
        ValueError: on a model that is not made of layers, or layers that it lacks.
    """

    def __init__(
        self, model, local, global_, conv=None, fc=None, local_receptive_field=None, **kwargs
    ):
        if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
            raise ValueError(
                "`model` must be a functional or built sequential Keras model of one input. "
                f"Received: model={model!r}."
            )
        named = {"local": local, "conv": conv, "fc": fc, "global": global_}
        chosen = {name: layer for name, layer in named.items() if layer is not None}
        outputs = {name: _output_of(model, layer, name) for name, layer in chosen.items()}
        _check_features(outputs)
        features = keras.Model(model.inputs[0], outputs, name=model.name)
        super().__init__(features, local_receptive_field, **kwargs)
        self._layer_names = named

    def get_config(self):
        names = {name: layer for name, layer in self._layer_names.items() if name != "global"}
        return {**super().get_config(), **names, "global_": self._layer_names["global"]}


def as_encoder(model, input_shape=None):
    """``model`` as an encoder that follows ``encoders.protocol``.

    Args:
        model: an encoder of this package or your own, which is returned as it is; or a Keras model
            that gives a dict of named features, which is wrapped in ``NamedFeatures``.
        input_shape: ``[K, H, W, C]`` of the images, to build a model; ``None`` leaves it unbuilt.

    Raises:
        ValueError: on anything else; the message says what is missing.
    """
    encoder = _as_encoder(model)
    if input_shape is not None and not encoder.built:
        encoder.build(tuple(input_shape))
    return encoder


def _as_encoder(model):
    missing = missing_members(model)
    if not missing:
        return model
    if isinstance(model, keras.Model) and not any(has_member(model, name) for name in missing):
        outputs = _outputs(model)
        # The output of a subclass is known only once it is called.
        if outputs is None or isinstance(outputs, dict):
            return NamedFeatures(model)
        raise ValueError(
            "An encoder must give named features. Received: a Keras model with one output, "
            f"encoder={model!r}. Name its layers with encoders.Backbone(model, local=..., "
            'global_=...), or let it give a dict {"local": map, "global": code}.'
        )
    raise ValueError(
        "An encoder is one of encoders.get(name), a Keras model that gives a dict of named "
        "features, encoders.Backbone(model, local=..., global_=...), or a class that follows "
        f"tf_infomax.encoders.protocol. Missing: {', '.join(missing)}. "
        f"Received: encoder={model!r}."
    )


def _outputs(model):
    """The symbolic outputs of a Keras model, or ``None`` where they are not known yet."""
    # A subclass, or a sequential model that is not built, has no symbolic inputs.
    return model.output if getattr(model, "inputs", None) else None


def _check_features(outputs):
    """``ValueError`` unless ``outputs`` are named features that the terms can read."""
    if not isinstance(outputs, dict) or "global" not in outputs:
        received = list(outputs) if isinstance(outputs, dict) else type(outputs).__name__
        raise ValueError(
            'The features of an encoder must be a dict with "global", the code, and usually '
            f'"local", a map. Received: outputs={received!r}.'
        )
    for name, value in outputs.items():
        rank = len(value.shape)
        ranks = {"global": (2, 4), "local": (4,)}.get(name, range(2, 6))
        if rank not in ranks:
            wanted = {"global": "[K, D] or [K, h, w, D]", "local": "[K, H, W, C]"}
            raise ValueError(
                f"The feature {name!r} must have shape {wanted.get(name, '[K, ...]')}. "
                f"Received: shape {tuple(value.shape)}."
            )


def _output_of(model, layer, argument):
    argument = "global_" if argument == "global" else argument
    known = [one.name for one in model.layers]
    if not isinstance(layer, str):
        raise ValueError(
            f"`{argument}` must be the name of a layer. Received: {argument}={layer!r}."
        )
    if layer not in known:
        raise unknown_name(f"layer for `{argument}`", layer, known)
    return model.get_layer(layer).output
