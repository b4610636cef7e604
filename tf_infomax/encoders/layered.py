"""The encoders of Deep InfoMax: layers by name, some of which are endpoints."""

import keras
import tensorflow as tf

from tf_infomax.encoders import configurations
from tf_infomax.encoders.stages import FoldCrops, make_output, make_stage, run_stage
from tf_infomax.registry import unknown_name

__all__ = ["EncoderTail", "Endpoint", "LayeredEncoder"]

# Seeds that one layer may use: a residual stage draws from several.
_SEEDS_PER_LAYER = 100


class _Layered(keras.Model):
    """What an encoder and its tail share: stages made from a configuration, one after the other."""

    def __init__(self, config, output_units, widths, seed, **kwargs):
        super().__init__(**kwargs)
        if config not in configurations.CONFIGURATIONS:
            raise unknown_name("configuration", config, configurations.CONFIGURATIONS)
        if not _is_integer(output_units) or output_units < 0:
            raise ValueError(
                "`output_units` must be a positive integer, or 0 for no added layer. "
                f"Received: output_units={output_units!r}."
            )
        self.config = config
        self.output_units = output_units
        self.seed = seed
        self._configuration = configuration = configurations.CONFIGURATIONS[config]
        own = [
            (name, layer.width) for name, layer in configuration.layers if hasattr(layer, "width")
        ]
        if widths is not None and not (
            isinstance(widths, (tuple, list))
            and len(widths) == len(own)
            and all(_is_integer(width) and width > 0 for width in widths)
        ):
            raise ValueError(
                f"`widths` must be {len(own)} positive integers, of the layers "
                f"{', '.join(name for name, _ in own)} (as released: "
                f"{tuple(width for _, width in own)}). Received: widths={widths!r}."
            )
        self.widths = None if widths is None else tuple(widths)
        widths = self.widths or [width for _, width in own]
        self._width_of = {name: width for (name, _), width in zip(own, widths, strict=True)}

    def _make_stages(self, layers, input_shape, units):
        """Sets ``stages``, built, and their ``_shapes``, for inputs of shape ``[H, W, C]``.

        Args:
            layers: (name, entry) of a configuration.
            input_shape: without the batch axis.
            units: width of the dense layer that is added, or 0.
        """
        self.stages, self._shapes = [], {}
        shape, per_side = tuple(input_shape), None
        for position, (name, spec) in enumerate(layers):
            if isinstance(spec, configurations.Unfold):
                per_side = 2 * shape[0] // spec.crop - 1
            if isinstance(spec, configurations.Fold):
                stage = FoldCrops(per_side, name=name, dtype=self.dtype_policy)
            else:
                width, seed = self._width_of.get(name), self._seed_of(position)
                stage = make_stage(spec, width, shape, seed, name, self.dtype_policy)
            shape = self._add(stage, shape)
        if units:
            seed = self._seed_of(len(layers))(0)
            self._add(make_output(units, shape, seed, self.dtype_policy), shape)

    def _add(self, stage, shape):
        stage.build((None, *shape))
        self.stages.append(stage)
        self._shapes[stage.name] = tuple(stage.compute_output_shape((None, *shape)))[1:]
        return self._shapes[stage.name]

    def _seed_of(self, position):
        def of(part):
            return None if self.seed is None else self.seed + _SEEDS_PER_LAYER * position + part

        return of

    def get_config(self):
        return {
            **super().get_config(),
            "config": self.config,
            "output_units": self.output_units,
            "widths": self.widths,
            "seed": self.seed,
        }


def _is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


@keras.saving.register_keras_serializable(package="tf_infomax")
class LayeredEncoder(_Layered):
    """An encoder of the Deep InfoMax release: ``encoders.get("basic32x32")``.

    Its layers have names (``endpoint_shapes`` lists them), and so have the features that objectives
    and probes read: "local" (a map), "conv", "fc" (where the configuration names one) and
    "global", the code. Initialisation, padding and batch norm are the release's; so are the
    layers, except those of ``foldresnet34_32x32``, which could not be used and is repaired: its two
    strided stages are there, once each.

    Args:
        config: name of a configuration, such as "basic32x32".
        output_units: width of the last layer ("output"), dense and linear; 0 adds none. Where the
            configuration has several globals (foldmultialex64x64), they come before that layer.
        widths: widths of all layers but that one, in order, or ``None`` for the released ones; of a
            bottleneck stage the inner width, a quarter of its output's.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        inputs: images ``[K, S, S, C]``, S the configuration's size, in [-1, 1].
        training: whether batch norm uses the batch's statistics, and dropout drops.
        Returns the global feature: ``[K, output_units]``, or a map ``[K, h, w, D]`` where the
        configuration has several globals.

    Raises:
        ValueError: on unknown names, widths that do not fit, or images of another size.

    Reference: Hjelm et al. (2019), appendix A.1 and A.2, and the released code.
    """

    def __init__(self, config, output_units=64, widths=None, seed=None, **kwargs):
        super().__init__(config, output_units, widths, seed, **kwargs)

    def build(self, input_shape):
        size = self._configuration.size
        if len(input_shape) != 4 or tuple(input_shape[1:3]) != (size, size) or not input_shape[3]:
            raise ValueError(
                f"{self.config} encodes images [K, {size}, {size}, C]. "
                f"Received: images of shape {tuple(input_shape)}."
            )
        self._make_stages(self._configuration.layers, input_shape[1:], self.output_units)
        self._channels = input_shape[3]
        self._endpoints = {"global": self.stages[-1].name, **self._configuration.endpoints}
        self.built = True

    @property
    def endpoint_shapes(self):
        """Name -> shape without the batch axis, of the endpoints and then of every layer.

        Of layers between ``crops`` and ``fold`` a crop counts as an example.

        Raises:
            ValueError: if the encoder is not built.
        """
        if not self.built:
            raise ValueError(
                "Shapes are known once the encoder is built, by `encoder.build((None, S, S, C))`. "
                f"Received: {self.config} without weights."
            )
        named = {name: self._shapes[layer] for name, layer in self._endpoints.items()}
        order = ("local", "conv", "fc", "global")
        return {**{name: named[name] for name in order if name in named}, **self._shapes}

    @property
    def endpoint_names(self):
        """All names, as in ``endpoint_shapes``."""
        return tuple(self.endpoint_shapes)

    @property
    def local_receptive_field(self):
        """Side in pixels of what one place of the local map sees."""
        return self._configuration.local_receptive_field

    def call(self, inputs, training=False):
        return self._run(inputs, training, last=self._endpoints["global"])["global"]

    def endpoints(self, images, training=False):
        """All endpoints and layers of a batch of images, in one pass.

        Args:
            images: ``[K, S, S, C]`` in [-1, 1].
            training: as for a call; running statistics are updated.

        Returns:
            Dict of name -> tensor, the names of ``endpoint_shapes``.

        Raises:
            ValueError: on images of another size.
        """
        images = tf.convert_to_tensor(images)
        if not self.built:
            self.build(images.shape)
        return self._run(images, training)

    def _run(self, images, training, last=None):
        """Endpoints and layers, up to the layer ``last``."""
        size = self._configuration.size
        if tuple(images.shape[1:]) != (size, size, self._channels):
            raise ValueError(
                f"This {self.config} encodes images [K, {size}, {size}, {self._channels}]. "
                f"Received: images of shape {tuple(images.shape)}."
            )
        outputs, hidden = {}, images
        for stage in self.stages:
            hidden = run_stage(stage, hidden, training)
            outputs[stage.name] = hidden
            if stage.name == last:
                break
        named = {name: layer for name, layer in self._endpoints.items() if layer in outputs}
        return {**{name: outputs[layer] for name, layer in named.items()}, **outputs}

    def endpoint(self, name):
        """A Keras model images -> the endpoint ``name``, which shares this encoder's weights."""
        return Endpoint(self, name)

    def tail(self, units, seed=None):
        """The layers from the local one on, made anew, to be applied to the local map itself.

        The branch by which the released global objective reads the local map: see ``EncoderTail``.

        Args:
            units: width of the last layer.
            seed: int for reproducible weights, or ``None``.
        """
        return EncoderTail(
            self.config, units, self.output_units, self.widths, seed, dtype=self.dtype_policy
        )

    def compute_output_shape(self, input_shape):
        if not self.built:
            self.build(input_shape)
        return (input_shape[0], *self._shapes[self._endpoints["global"]])


@keras.saving.register_keras_serializable(package="tf_infomax")
class EncoderTail(_Layered):
    """The layers of an encoder from the local one on, the last of them replaced: ``tail(units)``.

    The local layer is there again and is applied to its own output; only where it is the folding
    of crops, of which none are left, the tail starts after it. In place of the encoder's last layer
    (that of ``output_units``, or the configuration's own if there is none) stands a dense layer of
    ``units``, linear and with bias.

    Args:
        config, output_units, widths: those of the ``LayeredEncoder``.
        units: width of the last layer.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        inputs: the local map ``[K, H, W, C]``.  Returns ``[K, units]``.
        training: whether batch norm uses the batch's statistics, and dropout drops.

    Raises:
        ValueError: on unknown names, or widths that do not fit.

    Reference: the global objective of the code of Hjelm et al. (2019).
    """

    def __init__(self, config, units, output_units=64, widths=None, seed=None, **kwargs):
        super().__init__(config, output_units, widths, seed, **kwargs)
        if not _is_integer(units) or units < 1:
            raise ValueError(f"`units` must be a positive integer. Received: units={units!r}.")
        self.units = units

    def build(self, input_shape):
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                "The tail of an encoder needs its local map [K, H, W, C]. "
                f"Received: inputs of shape {tuple(input_shape)}."
            )
        layers = self._configuration.layers
        first = [name for name, _ in layers].index(self._configuration.endpoints["local"])
        if isinstance(layers[first][1], configurations.Fold):
            first += 1
        layers = layers[first : len(layers) if self.output_units else -1]
        self._make_stages(layers, input_shape[1:], self.units)
        self.built = True

    def call(self, inputs, training=False):
        for stage in self.stages:
            inputs = run_stage(stage, inputs, training)
        return inputs

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="tf_infomax")
class Endpoint(keras.Model):
    """One endpoint of a layered encoder as a model of its own.

    Args:
        encoder: ``LayeredEncoder``, whose weights it shares.
        endpoint: name of one of its endpoints.

    Call arguments:
        inputs: images ``[K, S, S, C]``.  Returns the endpoint's values.
    """

    def __init__(self, encoder, endpoint, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.endpoint = endpoint
        if encoder.built:
            self.build(None)

    def build(self, input_shape):
        if not self.encoder.built:
            self.encoder.build(input_shape)
        if self.endpoint not in self.encoder.endpoint_shapes:
            raise unknown_name("endpoint", self.endpoint, self.encoder.endpoint_shapes)
        self.built = True

    def call(self, inputs, training=False):
        return self.encoder.endpoints(inputs, training=training)[self.endpoint]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.encoder.endpoint_shapes[self.endpoint])

    def get_config(self):
        encoder = keras.saving.serialize_keras_object(self.encoder)
        return {**super().get_config(), "encoder": encoder, "endpoint": self.endpoint}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        encoder = keras.saving.deserialize_keras_object(config.pop("encoder"))
        return cls(encoder, **config)
