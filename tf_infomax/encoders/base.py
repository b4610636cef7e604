"""Base of all encoders: inputs of any type, freezing, and an export with names."""

import math

import keras
import tensorflow as tf

from tf_infomax.layers.saved_model import write_saved_model
from tf_infomax.layers.shared import keep_frozen
from tf_infomax.naming.arguments import integer

__all__ = ["Encoder", "OwnLayers", "network_seed"]

# Layers draw from seeds above that of the network, and TensorFlow's seeds are of 64 bits.
_LARGEST_SEED = 2**62


def network_seed(seed):
    """``seed`` of a network as an ``int`` from 0 to 2^62, or ``None`` for Keras' global seed."""
    if seed is None:
        return None
    wanted = "an integer from 0 to 2**62, or None"
    return integer(seed, "seed", smallest=0, wanted=wanted, largest=_LARGEST_SEED)


def _layers_below(layer, prefix=""):
    """(path, sublayer), parents first. A path has names below a model, elsewhere positions."""
    inner = layer._flatten_layers(include_self=False, recursive=False)
    for position, one in enumerate(inner):
        # Models name their layers; layers leave it to Keras, whose names differ in every process.
        path = f"{prefix}{one.name if isinstance(layer, keras.Model) else position}"
        yield path, one
        yield from _layers_below(one, f"{path}/")


class OwnLayers:
    """Mixin, before ``keras.Model``, of models that make their layers from their own arguments.

    A second build does nothing. Which layers are frozen is part of the configuration, since what
    is loaded makes its layers anew; the key "frozen" is absent where all of them train alike.

    A model defines ``_build_layers(input_shape)`` in place of ``build``.

    Args:
        frozen: paths of the frozen layers, as in ``get_config``, or ``None``.
    """

    # Whether inputs may have any shape with the right number of values.
    flattens = False
    _built_for: tuple | None = None

    def __init__(self, frozen=None, **kwargs):
        super().__init__(**kwargs)
        self._frozen_at_build = None if frozen is None else _checked_paths(frozen)

    def build(self, input_shape):
        """Makes the weights; later calls check that inputs of this shape fit them.

        Raises:
            ValueError: on a shape for which the layers cannot be built, or were not.
        """
        shape = tuple(input_shape)
        if self._built_for is not None:
            if not self._was_built_for(shape[1:]):
                raise ValueError(
                    f"This {type(self).__name__} is built for inputs of shape {self._built_for}; "
                    f"make another for other inputs. Received: input_shape={shape}."
                )
            return
        self._build_layers(input_shape)
        if not self.trainable:
            keep_frozen(self)
        elif self._frozen_at_build is not None:
            for path, layer in list(_layers_below(self)):
                # Parents first: they pass theirs on.
                if layer.trainable != (path not in self._frozen_at_build):
                    layer.trainable = not layer.trainable
        self._built_for = (None, *shape[1:])

    def _was_built_for(self, inner):
        known = self._built_for[1:]
        if len(inner) == len(known):
            pairs = zip(inner, known, strict=True)
            if all(one == other or None in (one, other) for one, other in pairs):
                return True
        sizes_known = None not in (*inner, *known)
        return self.flattens and sizes_known and math.prod(inner) == math.prod(known)

    def get_config(self):
        config = super().get_config()
        if not self.trainable:
            # All of it is frozen, which Keras keeps.
            return config
        frozen = [path for path, layer in _layers_below(self) if not layer.trainable]
        if self._built_for is None and self._frozen_at_build is not None:
            frozen = list(self._frozen_at_build)
        return {**config, "frozen": frozen} if frozen else config


def _checked_paths(frozen):
    if not isinstance(frozen, list | tuple) or not all(isinstance(one, str) for one in frozen):
        raise ValueError(
            "`frozen` must be the list of paths of layers that `get_config` returns, or None. "
            f"Received: frozen={frozen!r}."
        )
    return tuple(frozen)


class Encoder(keras.Model):
    """A Keras model whose only input is a batch of images, or of vectors.

    Inputs of any type, such as uint8 pixels, are cast to the compute dtype, values unchanged:
    scaling to [-1, 1] is left to the caller. Channels come last, whatever Keras'
    ``image_data_format`` says. ``trainable = False`` freezes everything, including the statistics
    of batch norm.
    """

    # Name of the output of an export.
    output_name = "code"
    # Whether inputs may have any shape with the right number of values.
    flattens = False

    def _finish_build(self, input_shape):
        """Called at the end of ``build``; ``input_shape`` as received, batch axis first."""
        self._input_shape = (None, *input_shape[1:])
        self.built = True
        keep_frozen(self)

    def _given_images(self, images):
        """``images`` as a tensor, on which the encoder is built if it was not."""
        if isinstance(images, keras.KerasTensor):
            raise ValueError(
                "Endpoints are computed of images; of a keras.Input, in a functional model, one is "
                "encoder.endpoint(name)(input). "
                f"Received: a KerasTensor of shape {tuple(images.shape)}."
            )
        images = tf.convert_to_tensor(images)
        if not self.built:
            self.build(images.shape)
        return images

    def _cast(self, inputs):
        return tf.cast(inputs, self.compute_dtype)

    def export(
        self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs
    ):
        """As ``keras.Model.export``, with names: "images" -> "code" (or the endpoint's name).

        ``tf.saved_model.load(path).serve(images)`` gives the code itself, and the signatures
        "serve" and "serving_default" a dict of it. Any number of images is accepted; if the encoder
        flattens its inputs, so does the export.

        Args:
            filepath: folder to write to.
            format: formats other than "tf_saved_model" are left to Keras.
            verbose: whether to print the path.
            input_signature: if given, the export is left to Keras.

        Raises:
            ValueError: if the encoder is not built.
        """
        if format != "tf_saved_model" or input_signature is not None:
            super().export(
                filepath,
                format=format,
                verbose=verbose,
                input_signature=input_signature,
                **kwargs,
            )
            return
        if not self.built:
            raise ValueError(
                "An encoder must be built before it is exported: call it on some images. "
                f"Received: {type(self).__name__} without weights."
            )
        inner = self._input_shape[1:]
        shape = None if self.flattens else self._input_shape
        # Half precision is for computing in layers; an export should take float32.
        spec = tf.TensorSpec(shape, self.variable_dtype, name="images")

        @tf.function(input_signature=[spec])
        def serve(images):
            if self.flattens:
                images = tf.reshape(images, [tf.shape(images)[0], *inner])
            return self(images, training=False)

        @tf.function(input_signature=[spec])
        def named(images):
            return {self.output_name: serve(images)}

        signature = named.get_concrete_function()
        signatures = {"serve": signature, "serving_default": signature}
        write_saved_model(filepath, self.variables, signatures, serve)
        if verbose:
            print(f"Exported {self.name} to {filepath}: images -> {self.output_name}.")
