"""The network that discriminates two distributions of a code, in prior matching and NDM."""

import keras
import tensorflow as tf

from tf_infomax.layers.released import Dense
from tf_infomax.layers.shared import keep_frozen
from tf_infomax.naming.arguments import integers, seed_or_none
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["ScoreNetwork"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class ScoreNetwork(keras.Model):
    """A scalar score of a vector: dense layers with ReLU, and one linear unit.

    Args:
        hidden_units: widths of the hidden layers.
        seed: int for reproducible weights, or ``None``; layer i draws from ``seed + i``.

    Call arguments:
        inputs: ``[K, D]``.  Returns scores ``[K, 1]`` (no unit).

    Reference: Hjelm et al. (2019), arXiv:1808.06670, Table 10, and its code.
    """

    def __init__(self, hidden_units=(1000, 200), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.hidden_units = integers(hidden_units, "hidden_units", smallest_number=0)
        self.seed = seed = seed_or_none(seed)
        self.stages = [
            Dense(
                units,
                seed=layer_seed(seed, position),
                dtype=self.dtype_policy,
                name=f"dense_{position}",
            )
            for position, units in enumerate((*self.hidden_units, 1))
        ]

    def build(self, input_shape):
        width = input_shape[-1]
        for stage in self.stages:
            stage.build((None, width))
            width = stage.units
        self.built = True
        keep_frozen(self)

    def call(self, inputs):
        inputs = tf.cast(inputs, self.compute_dtype)
        for stage in self.stages[:-1]:
            inputs = tf.nn.relu(stage(inputs))
        return self.stages[-1](inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 1)

    def get_config(self):
        return {**super().get_config(), "hidden_units": self.hidden_units, "seed": self.seed}
