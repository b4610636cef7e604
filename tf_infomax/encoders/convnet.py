"""The convolutional encoder of the matched-bound experiment."""

import math

import keras

from tf_infomax.encoders.base import Encoder
from tf_infomax.layers.own_layers import OwnLayers, network_seed
from tf_infomax.layers.shared import JointLayerNormalization, activation_function, glorot_uniform
from tf_infomax.naming.arguments import integers, positive_integer

__all__ = ["ConvNet"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class ConvNet(OwnLayers, Encoder):
    """Two strided convolutions, layer norm, global average pooling and a dense layer.

    ``conv c, stride 2, relu -> conv 2c, stride 2, relu -> layer norm -> average -> dense``

    Args:
        channels: channels c of the first convolution; the second has twice as many.
        kernel_size: side of both kernels; padding is "same".
        output_dim: width of the code.
        activation: of the convolutions, any Keras identifier.
        image_shape: ``(H, W, C)``, needed if inputs are flattened (row-major).
        seed: int for reproducible kernels, or ``None``.

    Call arguments:
        inputs: ``[K, H, W, C]`` of any type (cast to the compute dtype), or ``[K, H W C]`` with
            ``image_shape``.  Returns ``[K, output_dim]``.

    Raises:
        ValueError: on arguments or inputs that do not fit.

    Reference: Tschannen et al. (2020), section 3.3 and Fig. 4a,b.
    """

    def __init__(
        self,
        channels=64,
        kernel_size=5,
        output_dim=100,
        activation="relu",
        image_shape=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.channels = channels = positive_integer(channels, "channels")
        self.kernel_size = positive_integer(kernel_size, "kernel_size")
        self.output_dim = positive_integer(output_dim, "output_dim")
        self.activation = activation_function(activation)
        self.image_shape = None
        if image_shape is not None:
            self.image_shape = integers(image_shape, "image_shape")
            if len(self.image_shape) != 3:
                raise ValueError(
                    "`image_shape` must be (height, width, channels). "
                    f"Received: image_shape={image_shape!r}."
                )
        self.seed = seed = network_seed(seed)
        policy = self.dtype_policy
        self.unflatten = (
            None
            if self.image_shape is None
            else keras.layers.Reshape(self.image_shape, dtype=policy, name="unflatten")
        )
        self.convolutions = [
            keras.layers.Conv2D(
                width,
                self.kernel_size,
                strides=2,
                padding="same",
                data_format="channels_last",
                activation=self.activation,
                kernel_initializer=glorot_uniform(seed, position),
                dtype=policy,
                name=f"conv_{position}",
            )
            for position, width in enumerate((channels, 2 * channels))
        ]
        self.normalization = JointLayerNormalization(dtype=policy, name="layer_norm")
        self.pooling = keras.layers.GlobalAveragePooling2D(
            "channels_last", dtype=policy, name="average"
        )
        self.projection = keras.layers.Dense(
            self.output_dim,
            kernel_initializer=glorot_uniform(seed, 2),
            dtype=policy,
            name="dense",
        )

    @property
    def flattens(self):
        """Whether flattened images are accepted too."""
        return self.image_shape is not None

    def _stages(self):
        return (*self.convolutions, self.normalization, self.pooling, self.projection)

    def _build_layers(self, input_shape):
        shape = tuple(input_shape)
        if len(shape) != 4:
            if self.image_shape is None:
                raise ValueError(
                    "ConvNet needs images [K, H, W, C], or `image_shape` to unflatten its inputs. "
                    f"Received: inputs of shape {shape}."
                )
            if math.prod(shape[1:]) != math.prod(self.image_shape):
                raise ValueError(
                    f"Inputs must hold {math.prod(self.image_shape)} values to be unflattened to "
                    f"{self.image_shape}. Received: inputs of shape {shape}."
                )
            shape = (shape[0], *self.image_shape)
        for stage in self._stages():
            stage.build(shape)
            shape = stage.compute_output_shape(shape)
        self._finish_build(input_shape)

    def call(self, inputs):
        hidden = self._cast(inputs)
        if len(inputs.shape) != 4:
            hidden = self.unflatten(hidden)
        for stage in self._stages():
            hidden = stage(hidden)
        return hidden

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "kernel_size": self.kernel_size,
            "output_dim": self.output_dim,
            "activation": keras.activations.serialize(self.activation),
            "image_shape": self.image_shape,
            "seed": self.seed,
        }
