"""Critics on code vectors: inner product, bilinear, separable, concatenation.

Names and defaults are those of the code of Tschannen et al. (2020), section 3.2.
"""

import keras
import tensorflow as tf

from tf_infomax.layers.shared import (
    PairwiseDense,
    activation_function,
    apply_stack,
    build_stack,
    dense_stack,
    glorot_uniform,
    keep_frozen,
)
from tf_infomax.naming.arguments import positive_integer, seed_or_none
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["BilinearCritic", "ConcatCritic", "InnerProdCritic", "SeparableCritic"]


class _Critic(keras.layers.Layer):
    """Base of critics on vectors: checks of two matrices of codes, and the steps of scoring.

    ``embed`` does the work on each view alone; ``all_scores`` scores all pairs of embeddings, and
    ``joint_scores`` the pairs ``(x_i, y_i)`` only. Scores can therefore be computed some rows at a
    time, with the work on the views done once (``BlockedScores``). Codes of any type, including
    integers and booleans, are cast to the critic's compute dtype; weights are never cast to the
    dtype of the codes.
    """

    # Whether a network runs on all K M pairs. Its large intermediate results are where compiling
    # a short training with XLA pays; other steps gain less than compiling takes.
    runs_on_all_pairs = False
    takes_training = False
    # How many numbers a pair's score needs, intermediate results included.
    numbers_per_pair = 1

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed_or_none(seed)

    def build(self, x_shape, y_shape):
        if len(x_shape) != 2 or len(y_shape) != 2 or None in (x_shape[1], y_shape[1]):
            raise ValueError(
                f"{type(self).__name__} scores code vectors: x of shape [K, Dx] and y of shape "
                f"[M, Dy]. Received: x of shape {tuple(x_shape)}, y of shape {tuple(y_shape)}."
            )
        self._build(x_shape, y_shape)
        self._widths = (x_shape[1], y_shape[1])
        keep_frozen(self)

    def _build(self, x_shape, y_shape):
        """Makes the weights for codes of the given, already checked shapes."""

    def call(self, x, y):
        # Not left to the matrix product, which broadcasts over further axes.
        if not all(
            tf.TensorShape(codes.shape).is_compatible_with([None, width])
            for codes, width in zip((x, y), self._widths, strict=True)
        ):
            raise ValueError(
                f"This {type(self).__name__} scores codes of widths {self._widths}, x of shape "
                f"[K, {self._widths[0]}] and y of shape [M, {self._widths[1]}]. "
                f"Received: x of shape {tuple(x.shape)}, y of shape {tuple(y.shape)}."
            )
        return self.all_scores(*self.embed(x, y))

    def embed(self, x, y):
        """Embeddings ``[K, E]`` and ``[M, E]`` of codes ``[K, Dx]`` and ``[M, Dy]``."""
        return self._embed(*(tf.cast(codes, self.compute_dtype) for codes in (x, y)))

    def _embed(self, x, y):
        """``embed`` of codes of the compute dtype."""
        return x, y

    def all_scores(self, x, y):
        """Scores ``[K, M]`` of all pairs of embeddings."""
        return tf.matmul(x, y, transpose_b=True)

    def joint_scores(self, x, y):
        """Scores ``[K]`` of the embeddings' pairs ``(x_i, y_i)``: the diagonal of all."""
        return tf.reduce_sum(x * y, axis=1)

    def compute_output_shape(self, x_shape, y_shape):
        return (x_shape[0], y_shape[0])

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="tf_infomax")
class InnerProdCritic(_Critic):
    """``scores[i, j] = <x_i, y_j>``: no weights, so the encoders alone shape the scores.

    With one encoder for both views, InfoNCE with this critic is the multi-class K-pair loss of
    metric learning (Tschannen et al. 2020, section 4).

    Call arguments:
        x: ``[K, D]``.  y: ``[M, D]``.  Returns ``[K, M]`` scores (no unit).
    """

    def _build(self, x_shape, y_shape):
        if x_shape[1] != y_shape[1]:
            raise ValueError(
                f"{type(self).__name__} needs codes of equal width. "
                f"Received: x of width {x_shape[1]}, y of width {y_shape[1]}."
            )


@keras.saving.register_keras_serializable(package="tf_infomax")
class BilinearCritic(_Critic):
    """``scores[i, j] = <x_i, y_j W>``: W acts on the second view's code, without bias.

    Args:
        feature_dim: width Dx of the first view's code.
        seed: int for a reproducible draw of W, or ``None``.

    Call arguments:
        x: ``[K, feature_dim]``.  y: ``[M, Dy]``.  Returns ``[K, M]`` scores (no unit).
    """

    def __init__(self, feature_dim=100, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.feature_dim = positive_integer(feature_dim, "feature_dim")

    def _build(self, x_shape, y_shape):
        if x_shape[1] != self.feature_dim:
            raise ValueError(
                f"BilinearCritic(feature_dim={self.feature_dim}) needs x of that width. "
                f"Received: x of width {x_shape[1]}."
            )
        self.kernel = self.add_weight(
            shape=(y_shape[1], self.feature_dim),
            initializer=glorot_uniform(self.seed, 0),
            name="kernel",
        )

    def _embed(self, x, y):
        return x, tf.matmul(y, tf.cast(self.kernel, y.dtype))

    def get_config(self):
        return {**super().get_config(), "feature_dim": self.feature_dim}


@keras.saving.register_keras_serializable(package="tf_infomax")
class SeparableCritic(_Critic):
    """``scores[i, j] = <fx(x_i), fy(y_j)>`` with a network for each view, no weights shared.

    Costs K + M passes of the networks where ``ConcatCritic`` costs K M; in exchange the matrix of
    scores has rank ``output_dim`` at most.

    Args:
        hidden_dim: width of the hidden layers.
        output_dim: width of the embeddings.
        layers: number of hidden layers.
        activation: hidden activation, any Keras identifier.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        x: ``[K, Dx]``.  y: ``[M, Dy]``.  Returns ``[K, M]`` scores (no unit).
    """

    def __init__(
        self, hidden_dim=100, output_dim=100, layers=1, activation="relu", seed=None, **kwargs
    ):
        super().__init__(seed=seed, **kwargs)
        self.hidden_dim = positive_integer(hidden_dim, "hidden_dim")
        self.output_dim = positive_integer(output_dim, "output_dim")
        self.num_layers = positive_integer(layers, "layers")
        self.activation = activation_function(activation)
        units = (self.hidden_dim,) * self.num_layers + (self.output_dim,)
        # The seeds of fy follow those of fx: a layer draws from seed + its position.
        second = layer_seed(self.seed, len(units))
        policy = self.dtype_policy
        self.fx = dense_stack(units, self.activation, seed=self.seed, name="fx", dtype=policy)
        self.fy = dense_stack(units, self.activation, seed=second, name="fy", dtype=policy)

    def _build(self, x_shape, y_shape):
        build_stack(self.fx, x_shape)
        build_stack(self.fy, y_shape)

    def _embed(self, x, y):
        return apply_stack(self.fx, x), apply_stack(self.fy, y)

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "output_dim": self.output_dim,
            "layers": self.num_layers,
            "activation": keras.activations.serialize(self.activation),
        }


@keras.saving.register_keras_serializable(package="tf_infomax")
class ConcatCritic(_Critic):
    """``scores[i, j] = f([x_i, y_j])``, f a network with one output: the most flexible critic.

    The first layer is applied to x and y separately and added by broadcasting
    (``PairwiseDense``); later layers run on all K M pairs.

    Args:
        hidden_dim: width of the hidden layers.
        layers: number of hidden layers.
        activation: hidden activation, any Keras identifier.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        x: ``[K, Dx]``.  y: ``[M, Dy]``.  Returns ``[K, M]`` scores (no unit).
    """

    runs_on_all_pairs = True

    def __init__(self, hidden_dim=200, layers=1, activation="relu", seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.hidden_dim = positive_integer(hidden_dim, "hidden_dim")
        self.num_layers = positive_integer(layers, "layers")
        self.activation = activation_function(activation)
        self.f = dense_stack(
            (self.hidden_dim,) * self.num_layers + (1,),
            self.activation,
            seed=self.seed,
            name="f",
            dtype=self.dtype_policy,
            make_first=PairwiseDense,
        )

    def _build(self, x_shape, y_shape):
        self.f[0].build(x_shape, y_shape)
        build_stack(self.f[1:], (None, self.hidden_dim))

    @property
    def numbers_per_pair(self):
        return self.num_layers * self.hidden_dim + 1

    def _embed(self, x, y):
        return self.f[0].project(x, y)

    def all_scores(self, x, y):
        # Dense layers run on a matrix of K M rows: one product of matrices, not a batch of K.
        sums = tf.reshape(x[:, tf.newaxis, :] + y[tf.newaxis, :, :], [-1, self.hidden_dim])
        return tf.reshape(self._scores_of_rows(sums), [tf.shape(x)[0], tf.shape(y)[0]])

    def joint_scores(self, x, y):
        return self._scores_of_rows(x + y)[:, 0]

    def _scores_of_rows(self, sums):
        """Scores ``[R, 1]`` of pairs, from the sums ``[R, H]`` before the first activation."""
        return apply_stack(self.f[1:], self.activation(sums))

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "layers": self.num_layers,
            "activation": keras.activations.serialize(self.activation),
        }
