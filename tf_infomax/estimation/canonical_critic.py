"""The estimator's default critic: a Gaussian density ratio plus a network."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.estimation.canonical import canonical_correlations
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["CanonicalCritic"]

# If two canonical variates nearly agree, their difference is scaled as if their correlation were
# lower by this much, which keeps the scale finite.
_SMALLEST_GAP = 5e-4


@keras.saving.register_keras_serializable(package="tf_infomax")
class CanonicalCritic(keras.layers.Layer):
    """``f(x, y) = scale * log-density ratio of a Gaussian + network(x, y) + offset``.

    The Gaussian part is the optimal critic of Gaussian pairs and needs no training; ``adapt`` sets
    it. The network starts at zero, so training starts from that critic and adds the non-Gaussian
    part. Its inputs are the canonical variates a of x and b of y; their differences ``a_k - b_k``
    on a unit scale, along which a strong dependence is narrow; their norms and the Gaussian part,
    of which the density ratio of every elliptical distribution is a function. Half of its hidden
    units are ReLU (sharp edges), half SiLU (smooth densities).

    Args:
        hidden_dim: width of the hidden layers, even.
        layers: number of hidden layers.
        seed: int for reproducible weights, or ``None``; layer i draws from ``seed + i``.

    Call arguments:
        x: ``[K, Dx]``.  y: ``[M, Dy]``.  partners: ``None`` for all pairs, or int ``[K, P]``: the
            rows of y with which each x is scored. Returns ``[K, M]`` or ``[K, P]`` scores (no
            unit).
    """

    def __init__(self, hidden_dim=64, layers=2, seed=None, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("hidden_dim", hidden_dim), ("layers", layers)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"`{name}` must be an int of at least 1. Received: {value!r}.")
        if hidden_dim % 2:
            raise ValueError(f"`hidden_dim` must be even. Received: hidden_dim={hidden_dim}.")
        self.hidden_dim = hidden_dim
        self.num_layers = layers
        self.seed = seed

    def build(self, x_shape, y_shape):
        if len(x_shape) != 2 or len(y_shape) != 2 or None in (x_shape[1], y_shape[1]):
            raise ValueError(
                "CanonicalCritic scores vectors: x of shape [K, Dx] and y of shape [M, Dy]. "
                f"Received: x of shape {tuple(x_shape)}, y of shape {tuple(y_shape)}."
            )
        dim_x, dim_y, width = x_shape[1], y_shape[1], self.hidden_dim
        self.rank = min(dim_x, dim_y)

        def fixed(shape, initializer, name):
            return self.add_weight(
                shape=shape, initializer=initializer, name=name, trainable=False
            )

        self.mean_x = fixed((dim_x,), "zeros", "mean_x")
        self.mean_y = fixed((dim_y,), "zeros", "mean_y")
        self.map_x = fixed((dim_x, dim_x), "identity", "map_x")
        self.map_y = fixed((dim_y, dim_y), "identity", "map_y")
        self.correlations = fixed((self.rank,), "zeros", "correlations")
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        self.offset = self.add_weight(shape=(), initializer="zeros", name="offset")
        self.kernel = self.add_weight(
            shape=(dim_x + dim_y + self.rank + 3, width),
            # Inputs are white: units have variance one at any width. (Glorot's would be
            # much smaller in few dimensions, and the first layer nearly linear.)
            initializer=keras.initializers.VarianceScaling(seed=self.seed),
            name="kernel",
        )
        # Spread, so that the kinks of the first layer do not all pass through the origin.
        self.bias = self.add_weight(
            shape=(width,),
            initializer=keras.initializers.RandomNormal(
                stddev=0.5, seed=layer_seed(self.seed, self.num_layers)
            ),
            name="bias",
        )
        self.hidden = [
            (
                self.add_weight(
                    shape=(width, width),
                    initializer=keras.initializers.HeNormal(
                        seed=layer_seed(self.seed, position)
                    ),
                    name=f"hidden_kernel_{position}",
                ),
                self.add_weight(
                    shape=(width,), initializer="zeros", name=f"hidden_bias_{position}"
                ),
            )
            for position in range(1, self.num_layers)
        ]
        self.readout = self.add_weight(shape=(width, 1), initializer="zeros", name="readout")

    def adapt(self, x, y):
        """Sets the Gaussian part, and the coordinates of the network, from pairs.

        Args:
            x: ``[N, Dx]``, y: ``[N, Dy]``, finite arrays; row i of both is one pair.
        """
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        if not self.built:
            self.build(x.shape, y.shape)
            self.built = True
        found = canonical_correlations(x, y)
        for name in ("mean_x", "mean_y", "map_x", "map_y", "correlations"):
            getattr(self, name).assign(getattr(found, name))

    def call(self, x, y, partners=None):
        a = tf.matmul(x - self.mean_x, self.map_x)
        b = tf.matmul(y - self.mean_y, self.map_y)
        hidden_x, hidden_y, of_gaussian = self._first_layer(a, b)
        gaussian_x, gaussian_y, weighted = self._gaussian_parts(a, b)
        b = b[:, : self.rank]
        if partners is None:
            hidden = hidden_x[:, tf.newaxis] + hidden_y
            gaussian = gaussian_x[:, tf.newaxis] + gaussian_y
            gaussian += tf.matmul(weighted, b, transpose_b=True)
        else:
            hidden = hidden_x[:, tf.newaxis] + tf.gather(hidden_y, partners)
            gaussian = gaussian_x[:, tf.newaxis] + tf.gather(gaussian_y, partners)
            gaussian += tf.einsum("kd,kpd->kp", weighted, tf.gather(b, partners))
        hidden += tf.asinh(gaussian)[..., tf.newaxis] * of_gaussian
        rows = _activation(tf.reshape(hidden, [-1, self.hidden_dim]))
        for kernel, bias in self.hidden:
            rows = _activation(tf.matmul(rows, kernel) + bias)
        network = tf.reshape(tf.matmul(rows, self.readout), tf.shape(gaussian))
        return self.scale * gaussian + network + self.offset

    def _first_layer(self, a, b):
        of_a, of_b, of_difference, of_norms, of_gaussian = tf.split(
            self.kernel, [a.shape[1], b.shape[1], self.rank, 2, 1]
        )
        # The standard deviation of a_k - b_k is sqrt(2 (1 - rho_k)).
        gaps = tf.math.rsqrt(2.0 * (1.0 - self.correlations) + 2.0 * _SMALLEST_GAP)
        hidden_a = tf.matmul(a, of_a) + tf.matmul(a[:, : self.rank] * gaps, of_difference)
        hidden_b = tf.matmul(b, of_b) - tf.matmul(b[:, : self.rank] * gaps, of_difference)
        hidden_a += _centred_norm(a) * of_norms[0]
        hidden_b += _centred_norm(b) * of_norms[1]
        return hidden_a, hidden_b + self.bias, of_gaussian[0]

    def _gaussian_parts(self, a, b):
        # A pair of variates with correlation rho contributes to the log-density ratio
        #   -1/2 log(1 - rho^2) + (rho a b - rho^2 (a^2 + b^2) / 2) / (1 - rho^2).
        rho = self.correlations
        spread = 1.0 - rho**2
        constant = -0.5 * tf.reduce_sum(tf.math.log(spread))
        of_squares = -0.5 * rho**2 / spread
        of_a, of_b = (
            tf.linalg.matvec(one[:, : self.rank] ** 2, of_squares) for one in (a, b)
        )
        return of_a + constant, of_b, a[:, : self.rank] * (rho / spread)

    def compute_output_shape(self, x_shape, y_shape, partners_shape=None):
        return (x_shape[0], y_shape[0]) if partners_shape is None else tuple(partners_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "layers": self.num_layers,
            "seed": self.seed,
        }


def _centred_norm(variates):
    # The squared norm of a Gaussian vector has mean D and variance 2 D.
    squares = tf.reduce_sum(variates**2, axis=1, keepdims=True)
    dim = float(variates.shape[1])
    return tf.math.sqrt(2.0 * (squares + 1e-6)) - math.sqrt(2.0 * dim)


def _activation(hidden):
    sharp, smooth = tf.split(hidden, 2, axis=-1)
    return tf.concat([tf.nn.relu(sharp), tf.nn.silu(smooth)], axis=-1)
