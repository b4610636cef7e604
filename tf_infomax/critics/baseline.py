"""Baselines: code of the anchor -> log a(x), which TUBA subtracts from the anchor's scores."""

import keras
import tensorflow as tf

from tf_infomax.critics.baseline_names import BASELINES
from tf_infomax.layers.shared import (
    activation_function,
    apply_stack,
    build_stack,
    dense_stack,
    keep_frozen,
)
from tf_infomax.naming.arguments import positive_integer, seed_or_none

__all__ = ["LearnedBaseline", "class_of", "get", "names"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class LearnedBaseline(keras.layers.Layer):
    """``log a(x)``, a network with one output on the code of the first view.

    Trained with the critic, by the same bound: TUBA is largest where ``a(x)`` is the mean of
    ``exp(f(x, y))`` over y. It sees only the anchor, not its positive, so the bound stays a bound.

    Args:
        hidden_dim: width of the hidden layers.
        layers: number of hidden layers.
        activation: hidden activation, any Keras identifier.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        x: ``[K, D]``.  Returns ``[K]``, in nats like the scores.

    Raises:
        ValueError: on codes that are not vectors, or whose width has changed.

    Reference: Poole et al. (2019), arXiv:1905.06922, section 2.2; sizes as in its code.
    """

    def __init__(self, hidden_dim=512, layers=2, activation="relu", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.hidden_dim = positive_integer(hidden_dim, "hidden_dim")
        self.num_layers = positive_integer(layers, "layers")
        self.activation = activation_function(activation)
        self.seed = seed_or_none(seed)
        self.network = dense_stack(
            (self.hidden_dim,) * self.num_layers + (1,),
            self.activation,
            seed=self.seed,
            name="baseline",
            dtype=self.dtype_policy,
        )

    def build(self, x_shape):
        if len(x_shape) != 2 or x_shape[1] is None:
            raise ValueError(
                "LearnedBaseline takes code vectors of shape [K, D]. "
                f"Received: shape {tuple(x_shape)}."
            )
        self._width = x_shape[1]
        build_stack(self.network, x_shape)
        keep_frozen(self)

    def call(self, x):
        if not tf.TensorShape(x.shape).is_compatible_with([None, self._width]):
            raise ValueError(
                f"This LearnedBaseline takes codes of shape [K, {self._width}]. "
                f"Received: shape {tuple(x.shape)}."
            )
        return tf.squeeze(apply_stack(self.network, tf.cast(x, self.compute_dtype)), axis=1)

    def compute_output_shape(self, x_shape):
        return (x_shape[0],)

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "layers": self.num_layers,
            "activation": keras.activations.serialize(self.activation),
            "seed": self.seed,
        }


get, class_of, names, register = BASELINES.functions()
