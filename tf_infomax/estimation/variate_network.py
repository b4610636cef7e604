"""The network of the default critic, on the canonical variates of both sides."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.estimation.waves import wave_features
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["VariateNetwork"]

# If two canonical variates nearly agree, their difference is scaled as if their correlation were
# lower by this much, which keeps the scale finite.
_SMALLEST_GAP = 5e-4


class VariateNetwork:
    """What a ``CanonicalCritic`` adds to its closed form: a multilayer perceptron, zero at first.

    Its inputs are the canonical variates a of x and b of y; their differences ``a_k - b_k`` on a
    unit scale, along which a strong dependence is narrow; their norms and the closed form, of which
    the density ratio of every elliptical distribution is a function; and waves of single
    coordinates. Half of its hidden units are ReLU (sharp edges), half SiLU (smooth densities).

    No layer of its own: its weights are the critic's, as in files of earlier versions.

    Args:
        critic: ``CanonicalCritic`` that is being built, with its maps and correlations.
        dim_x, dim_y: numbers of coordinates.
    """

    def __init__(self, critic, dim_x, dim_y):
        self._critic = critic
        width, layers, seed = critic.hidden_dim, critic.num_layers, critic.seed
        normal, scaled = keras.initializers.RandomNormal, keras.initializers.VarianceScaling

        def add_weight(name, shape, initializer):
            return critic.add_weight(shape=shape, initializer=initializer, name=name)

        inputs = sum(critic.num_directions) + critic.rank + 3
        # Inputs are white: units have variance one at any width. (Glorot's would be much smaller
        # in few dimensions, and the first layer nearly linear.)
        self.kernel = add_weight("kernel", (inputs, width), scaled(seed=seed))
        # Spread, so that the kinks of the first layer do not all pass through the origin.
        spread = normal(stddev=0.5, seed=layer_seed(seed, layers))
        self.bias = add_weight("bias", (width,), spread)
        self.hidden = []
        for position in range(1, layers):
            start = keras.initializers.HeNormal(seed=layer_seed(seed, position))
            kernel = add_weight(f"hidden_kernel_{position}", (width, width), start)
            bias = add_weight(f"hidden_bias_{position}", (width,), "zeros")
            self.hidden.append((kernel, bias))
        self.readout = add_weight("readout", (width, 1), "zeros")
        if any(critic.waves):
            number = dim_x * critic.waves[0] + dim_y * critic.waves[1]
            self.wave_gains = critic.add_fixed((number,), "wave_gains")
            start = normal(stddev=1.0, seed=layer_seed(seed, layers + 1))
            self.wave_kernel = add_weight("wave_kernel", (number, width), start)

    def choose_waves(self, chosen):
        """Sets which waves are inputs.

        Args:
            chosen: (of x, of y): booleans, one a coordinate and wave.
        """
        gains = np.concatenate(chosen).astype(np.float64)
        # However many there are, together they are as large as one input of variance one.
        self.wave_gains.assign(gains / math.sqrt(max(gains.sum(), 1.0)))

    def __call__(self, x, y, a, b, gaussian, partners):
        """Its part of the scores, as ``gaussian``.

        Args:
            x: ``[K, Dx]``.  y: ``[M, Dy]``.
            a, b: their canonical variates, ``[K, A]`` and ``[M, B]``.
            gaussian: the closed form, ``[K, M]``, or ``[K, P]`` for partners.
            partners: as for the critic.
        """
        hidden_x, hidden_y, of_gaussian = self._first_layer(a, b)
        if any(self._critic.waves):
            hidden_x, hidden_y = self._with_waves(hidden_x, hidden_y, x, y)
        others = hidden_y if partners is None else tf.gather(hidden_y, partners)
        hidden = hidden_x[:, tf.newaxis] + others
        hidden += tf.asinh(gaussian)[..., tf.newaxis] * of_gaussian
        rows = _activation(tf.reshape(hidden, [-1, self._critic.hidden_dim]))
        for kernel, bias in self.hidden:
            rows = _activation(tf.matmul(rows, kernel) + bias)
        return tf.reshape(tf.matmul(rows, self.readout), tf.shape(gaussian))

    def _first_layer(self, a, b):
        critic, rank = self._critic, self._critic.rank
        of_a, of_b, of_difference, of_norms, of_gaussian = tf.split(
            self.kernel, [a.shape[1], b.shape[1], rank, 2, 1]
        )
        # The standard deviation of a_k - b_k is sqrt(2 (1 - rho_k)).
        gaps = tf.math.rsqrt(2.0 * (1.0 - critic.correlations) + 2.0 * _SMALLEST_GAP)
        hidden_a = tf.matmul(a, of_a) + tf.matmul(a[:, :rank] * gaps, of_difference)
        hidden_b = tf.matmul(b, of_b) - tf.matmul(b[:, :rank] * gaps, of_difference)
        hidden_a += _centred_norm(a, critic.map_x) * of_norms[0]
        hidden_b += _centred_norm(b, critic.map_y) * of_norms[1]
        return hidden_a, hidden_b + self.bias, of_gaussian[0]

    def _with_waves(self, hidden_x, hidden_y, x, y):
        waves_x, waves_y = self._critic.waves
        number = x.shape[1] * waves_x
        kernel = self.wave_gains[:, tf.newaxis] * self.wave_kernel
        if waves_x:
            hidden_x += tf.matmul(wave_features(x, waves_x), kernel[:number])
        if waves_y:
            hidden_y += tf.matmul(wave_features(y, waves_y), kernel[number:])
        return hidden_x, hidden_y


def _centred_norm(variates, matrix):
    # The squared norm of a Gaussian vector has mean D and variance 2 D. Of D count the directions
    # that are in use.
    squares = tf.reduce_sum(variates**2, axis=1, keepdims=True)
    dim = tf.math.count_nonzero(tf.reduce_any(matrix != 0.0, axis=0), dtype=variates.dtype)
    return tf.math.sqrt(2.0 * (squares + 1e-6)) - tf.math.sqrt(2.0 * dim)


def _activation(hidden):
    sharp, smooth = tf.split(hidden, 2, axis=-1)
    return tf.concat([tf.nn.relu(sharp), tf.nn.silu(smooth)], axis=-1)
