"""The multi-layer perceptron, plain or with a shortcut around every layer."""

import keras

from tf_infomax.encoders.base import Encoder
from tf_infomax.layers.own_layers import OwnLayers, network_seed
from tf_infomax.layers.shared import activation_function, initializer_of
from tf_infomax.naming.arguments import boolean, integers
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["MLP", "layer_initializer"]


def layer_initializer(initializer, seed, position):
    """A new instance of ``initializer`` for one layer, drawing from ``seed + position``.

    Args:
        initializer: any Keras identifier or instance.
        seed: int, or ``None`` for the instance's own seed: layers that draw from one seed would
            start with the same kernels.
        position: which layer of the network it is.
    """
    initializer = initializer_of(initializer)
    config = initializer.get_config()
    if "seed" in config:
        seed = _own_seed(config["seed"]) if seed is None else seed
        config["seed"] = layer_seed(seed, position)
    return type(initializer).from_config(config)


def _own_seed(seed):
    """The int from which an initializer's seed starts, or ``None``; it may be a generator's."""
    return seed["config"]["seed"] if isinstance(seed, dict) else seed


@keras.saving.register_keras_serializable(package="tf_infomax")
class MLP(OwnLayers, Encoder):
    """Dense layers; the activation is on all but the last, which is linear.

    With shortcuts every layer adds its own input after its activation, the last one too:
    ``h <- relu(h K + b) + h``. Started from kernels near zero it is near the identity, the
    encoder of Tschannen et al. (2020), section 3.1 ("non-invertible", Fig. 2).

    Args:
        layer_dimensions: widths, the last one the code's. With shortcuts all equal the input's.
        shortcuts: whether each layer has a skip connection.
        activation: hidden activation, any Keras identifier.
        kernel_initializer: any Keras identifier; biases start at zero.
        seed: int for reproducible kernels (layer i draws from ``seed + i``), or ``None``.

    Call arguments:
        inputs: ``[K, ...]`` of any type, flattened to ``[K, D]`` and cast to the compute dtype.
            Returns ``[K, layer_dimensions[-1]]``.

    Raises:
        ValueError: on arguments or inputs that do not fit.
    """

    flattens = True

    def __init__(
        self,
        layer_dimensions,
        shortcuts=False,
        activation="relu",
        kernel_initializer="glorot_uniform",
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.layer_dimensions = integers(layer_dimensions, "layer_dimensions")
        self.shortcuts = boolean(shortcuts, "shortcuts")
        if self.shortcuts and len(set(self.layer_dimensions)) > 1:
            raise ValueError(
                "With shortcuts all widths must be equal, since each layer adds its input. "
                f"Received: layer_dimensions={self.layer_dimensions}."
            )
        self.activation = activation_function(activation)
        self.kernel_initializer = initializer_of(kernel_initializer)
        self.seed = seed = network_seed(seed)
        last = len(self.layer_dimensions) - 1
        self.flatten = keras.layers.Flatten(
            "channels_last", dtype=self.dtype_policy, name="flatten"
        )
        self.dense = [
            keras.layers.Dense(
                width,
                activation=self.activation if position < last else None,
                kernel_initializer=layer_initializer(self.kernel_initializer, seed, position),
                dtype=self.dtype_policy,
                name=f"dense_{position}",
            )
            for position, width in enumerate(self.layer_dimensions)
        ]

    def _build_layers(self, input_shape):
        shape = self.flatten.compute_output_shape(input_shape)
        if self.shortcuts and shape[-1] != self.layer_dimensions[0]:
            raise ValueError(
                "With shortcuts the layers must be as wide as the input. Received: "
                f"layer_dimensions={self.layer_dimensions}, inputs of width {shape[-1]}."
            )
        self.flatten.build(input_shape)
        for layer in self.dense:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self._finish_build(input_shape)

    def call(self, inputs):
        return self.layer_outputs(inputs)[-1]

    def layer_outputs(self, inputs):
        """The activations after every layer, shortcuts included: a list of ``[K, width]``."""
        hidden = self.flatten(self._cast(inputs))
        outputs = []
        for layer in self.dense:
            hidden = layer(hidden) + hidden if self.shortcuts else layer(hidden)
            outputs.append(hidden)
        return outputs

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.layer_dimensions[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "layer_dimensions": self.layer_dimensions,
            "shortcuts": self.shortcuts,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "seed": self.seed,
        }
