"""The encoders of Deep InfoMax: named layers, some of which are endpoints."""

import keras

from tf_infomax.encoders import configurations
from tf_infomax.encoders.base import Encoder
from tf_infomax.encoders.endpoint import Endpoint
from tf_infomax.encoders.stages import FoldCrops, make_output, make_stage, run_stage
from tf_infomax.layers.own_layers import OwnLayers, network_seed
from tf_infomax.naming.arguments import integer, integers, positive_integer
from tf_infomax.naming.registry import unknown_name
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["EncoderTail", "LayeredEncoder"]

# Seeds reserved for one layer: a residual stage draws from several.
_SEEDS_PER_LAYER = 100


class _Layered(OwnLayers, Encoder):
    """Base of an encoder and its tail: consecutive stages made from a configuration."""

    def __init__(self, config, output_units, widths, seed, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(config, str) or config not in configurations.CONFIGURATIONS:
            raise unknown_name("configuration", config, configurations.CONFIGURATIONS)
        self.config = config
        self.output_units = integer(
            output_units, "output_units", 0, "a positive integer, or 0 for no added layer"
        )
        self.seed = network_seed(seed)
        self._configuration = configuration = configurations.CONFIGURATIONS[config]
        own = [
            (name, layer.width) for name, layer in configuration.layers if hasattr(layer, "width")
        ]
        self.widths = None if widths is None else _checked_widths(widths, own)
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
                per_side = configurations.crops_along(shape[0], spec.crop)
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
            return layer_seed(self.seed, _SEEDS_PER_LAYER * position + part)

        return of

    def get_config(self):
        return {
            **super().get_config(),
            "config": self.config,
            "output_units": self.output_units,
            "widths": self.widths,
            "seed": self.seed,
        }


def _checked_widths(widths, own):
    """``widths`` as a tuple; ``own`` are (name, released width) of the layers that have a width."""
    try:
        given = integers(widths, "widths")
    except ValueError:
        given = ()
    if len(given) != len(own):
        raise ValueError(
            f"`widths` must be {len(own)} positive integers, of the layers "
            f"{', '.join(name for name, _ in own)} (as released: "
            f"{tuple(width for _, width in own)}). Received: widths={widths!r}."
        )
    return given


@keras.saving.register_keras_serializable(package="tf_infomax")
class LayeredEncoder(_Layered):
    """An encoder of the Deep InfoMax release: ``encoders.get("basic32x32")``.

    Its layers have names (``endpoint_shapes`` lists them), and so have the features that objectives
    and probes read: "local" (a map), "conv", "fc" (where the configuration names one) and
    "global", the code. Initialisation, padding, batch norm and layers are as released, except
    those of ``foldresnet34_32x32``, which could not be used as released and is repaired: its two
    strided stages are present, once each.

    Args:
        config: name of a configuration, such as "basic32x32".
        output_units: width of the last layer ("output"), dense and linear; 0 adds none. Where the
            configuration has several globals (foldmultialex64x64), they come before that layer.
        widths: widths of all other layers, in order, or ``None`` for the released widths; for a
            bottleneck stage the inner width, a quarter of its output's.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        inputs: images ``[K, S, S, C]`` in [-1, 1], of any type (cast to the compute dtype, values
            unchanged). S is any side that is large enough for the layers, not only the side in the
            configuration's name, for which it was released.
        training: whether batch norm uses the batch's statistics, and dropout drops.
        Returns the global feature: ``[K, output_units]``, or a map ``[K, h, w, D]`` where the
        configuration has several globals.

    Raises:
        ValueError: on unknown names, widths that do not fit, images that are too small, or of
            another shape than the encoder was built for.

    Reference: Hjelm et al. (2019), appendix A.1 and A.2, and the released code.
    """

    def __init__(self, config, output_units=64, widths=None, seed=None, **kwargs):
        super().__init__(config, output_units, widths, seed, **kwargs)

    def _build_layers(self, input_shape):
        smallest = configurations.smallest_side(self._configuration.layers)
        shape = tuple(input_shape)[1:]
        fits = len(shape) == 3 and None not in shape and shape[0] == shape[1] and shape[2]
        if not fits or shape[0] < smallest:
            raise ValueError(
                f"{self.config} encodes square images [K, S, S, C], S at least {smallest}. "
                f"Received: images of shape {tuple(input_shape)}."
            )
        self._make_stages(self._configuration.layers, shape, self.output_units)
        self._endpoints = {"global": self.stages[-1].name, **self._configuration.endpoints}
        self._finish_build(input_shape)

    @property
    def endpoint_shapes(self):
        """Name -> shape without the batch axis, of the endpoints and then of every layer.

        In layers between ``crops`` and ``fold`` every crop is an example.

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
        """Receptive field (side in pixels) of a local feature, at most the image's side."""
        size = self._input_shape[1] if self.built else self._configuration.size
        return self._configuration.local_receptive_field(size)

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
            ValueError: on images of another shape than the encoder was built for.
        """
        return self._run(self._given_images(images), training)

    def _run(self, images, training, last=None):
        """Endpoints and layers, up to the layer ``last``."""
        shape = self._input_shape[1:]
        if tuple(images.shape[1:]) != shape:
            raise ValueError(
                f"This {self.config} encodes images [K, {', '.join(map(str, shape))}]. "
                f"Received: images of shape {tuple(images.shape)}."
            )
        outputs, hidden = {}, self._cast(images)
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
        """A new copy of the layers from the local layer on, to be applied to the local map itself.

        The released global objective reads the local map by this branch; see ``EncoderTail``.

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
    """The layers of an encoder from the local layer on, the last of them replaced: ``tail(units)``.

    The local layer is included and is applied to its own output; only if it folds crops, of which
    none are left, the tail starts after it. The encoder's last layer (that of ``output_units``, or
    the configuration's own if there is none) is replaced by a dense layer of ``units``, linear and
    with bias.

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
        self.units = positive_integer(units, "units")

    def _build_layers(self, input_shape):
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
        smallest = configurations.smallest_side(layers)
        if min(input_shape[1:3]) < smallest:
            raise ValueError(
                f"The tail of {self.config} needs a local map of side {smallest} or more. "
                f"Received: inputs of shape {tuple(input_shape)}."
            )
        self._make_stages(layers, input_shape[1:], self.units)
        self._finish_build(input_shape)

    def call(self, inputs, training=False):
        inputs = self._cast(inputs)
        for stage in self.stages:
            inputs = run_stage(stage, inputs, training)
        return inputs

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}
