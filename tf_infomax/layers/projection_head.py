"""The network between a code and a loss of two views, which is left out after training."""

import keras
import tensorflow as tf

from tf_infomax.layers.released import BatchNormalization, Dense
from tf_infomax.layers.shared import keep_frozen
from tf_infomax.naming.arguments import integers, seed_or_none
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["ProjectionHead"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class ProjectionHead(keras.layers.Layer):
    """Dense layers, each but the last followed by batch norm and ReLU; the last is linear.

    Args:
        units: widths of the layers; ``()`` gives the inputs back.
        seed: int for reproducible weights, or ``None``; layer i draws from ``seed + i``.

    Call arguments:
        inputs: ``[K, D]``.
        training: whether batch norm uses, and updates from, the batch's statistics.
        Returns ``[K, units[-1]]``.
    """

    def __init__(self, units=(), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.units = integers(units, "units", smallest_number=0)
        self.seed = seed = seed_or_none(seed)
        policy, last = self.dtype_policy, len(self.units) - 1
        self.stages = [
            Dense(
                width,
                # Batch norm takes any constant away.
                use_bias=position == last,
                seed=layer_seed(seed, position),
                dtype=policy,
                name=f"dense_{position}",
            )
            for position, width in enumerate(self.units)
        ]
        self.norms = [
            BatchNormalization(dtype=policy, name=f"batch_norm_{position}")
            for position in range(last)
        ]

    def build(self, input_shape):
        width = input_shape[-1]
        for position, stage in enumerate(self.stages):
            stage.build((None, width))
            width = stage.units
            if position < len(self.norms):
                self.norms[position].build((None, width))
        self.built = True
        keep_frozen(self)

    def call(self, inputs, training=False):
        hidden = tf.cast(inputs, self.compute_dtype)
        for stage, norm in zip(self.stages, self.norms, strict=False):
            hidden = tf.nn.relu(norm(stage(hidden), training=training))
        return self.stages[-1](hidden) if self.stages else hidden

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units[-1] if self.units else input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "units": self.units, "seed": self.seed}
