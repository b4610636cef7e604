"""Gaussian pairs whose mutual information is known in closed form."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from tf_infomax.numerics import randomness

__all__ = ["CorrelatedGaussians", "DependentGaussians"]


@dataclasses.dataclass(frozen=True)
class CorrelatedGaussians:
    """Independent pairs (x, y) of standard Gaussians, correlated coordinate by coordinate.

    ``x_k`` and ``y_k`` are N(0, 1) with correlation ``rho``; different coordinates are independent.

    Args:
        dim: coordinates of x and of y, at least 1.
        rho: correlation, strictly between -1 and 1.

    Raises:
        ValueError: on values outside these ranges.
    """

    dim: int
    rho: float

    def __post_init__(self):
        if self.dim < 1:
            raise ValueError(f"`dim` must be at least 1. Received: dim={self.dim}.")
        if not -1 < self.rho < 1:
            raise ValueError(
                "`rho` must lie strictly between -1 and 1 (at 1 the mutual information is "
                f"infinite). Received: rho={self.rho}."
            )

    @classmethod
    def from_mutual_information(cls, dim, nats):
        """Pairs of ``dim`` coordinates with I(X; Y) = ``nats``: rho^2 = 1 - exp(-2 nats / dim).

        Raises:
            ValueError: if ``nats`` is negative, or so large that rho rounds to 1.
        """
        if dim < 1 or not 0 <= nats < math.inf:
            raise ValueError(
                "Mutual information must be 0 nats or more, of at least 1 coordinate. "
                f"Received: nats={nats}, dim={dim}."
            )
        return cls(dim, math.sqrt(-math.expm1(-2.0 * nats / dim)))

    @property
    def mutual_information(self):
        """I(X; Y) = -dim/2 log(1 - rho^2), in nats, a Python float."""
        return -0.5 * self.dim * math.log1p(-(self.rho**2))

    def sample(self, n, seed):
        """n independent pairs.

        Args:
            n: number of pairs, an int or an integer scalar tensor.
            seed: an int >= 0, or two ints for TensorFlow's stateless generators.

        Returns:
            ``(x, y)``, float32 tensors ``[n, dim]``; the same for the same seed.
        """
        if isinstance(seed, int | np.integer):
            seed = randomness.stream(seed, "correlated_gaussians")
        x, rest = tf.unstack(
            tf.random.stateless_normal([2, n, self.dim], seed, alg="philox"), num=2
        )
        return x, self.rho * x + math.sqrt(1 - self.rho**2) * rest

    def log_density_ratio(self, x, y):
        """log p(x_i, y_j) - log p(x_i) - log p(y_j) for all i and j: the optimal critic.

        Args:
            x: ``[K, dim]``, floating.
            y: ``[M, dim]``, of the same dtype.

        Returns:
            ``[K, M]`` tensor in nats, rows = x, columns = y, in the dtype of ``x``.

        Raises:
            ValueError: if the last axis of ``x`` or ``y`` is not ``dim``.
        """
        x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
        if any(z.shape.rank != 2 or z.shape[1] not in (None, self.dim) for z in (x, y)):
            raise ValueError(
                f"`x` and `y` must have shape [K, {self.dim}]. "
                f"Received: x of shape {x.shape}, y of shape {y.shape}."
            )
        # A coordinate contributes
        #   -1/2 log(1 - rho^2) + (rho x y - rho^2 (x^2 + y^2) / 2) / (1 - rho^2).
        spread = 1 - self.rho**2
        squares = tf.reduce_sum(x**2, axis=1)[:, tf.newaxis] + tf.reduce_sum(y**2, axis=1)
        products = tf.matmul(x, y, transpose_b=True)
        quadratic = (self.rho * products - 0.5 * self.rho**2 * squares) / spread
        return quadratic + self.mutual_information


@dataclasses.dataclass(frozen=True)
class DependentGaussians:
    """Pairs of numbers whose batches are not independent draws (Tschannen et al. 2020, Fig. 4c).

    In a dependent batch all pairs share one ``z ~ N(0, shared_covariance)``:
    ``(x_i, y_i) = z + eps_i`` with ``eps_i ~ N(0, noise_covariance)``. Every single pair has the
    marginal covariance ``shared + noise``, but the pairs of a batch resemble each other, as
    patches of one image do; bounds on I(X; Y) that take the other pairs as independent
    negatives may then exceed it.

    Args:
        shared_covariance, noise_covariance: symmetric positive definite 2 x 2 nested tuples; the
            shared one may be all zeros, which makes even "dependent" batches independent.

    Raises:
        ValueError: if either is not such a matrix.
    """

    shared_covariance: tuple = ((1.0, -0.5), (-0.5, 1.0))
    noise_covariance: tuple = ((1.0, 0.9), (0.9, 1.0))

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = np.asarray(getattr(self, field.name), np.float64)
            nothing = field.name == "shared_covariance" and not np.any(value)
            if (
                value.shape != (2, 2)
                or value[0, 1] != value[1, 0]
                or not (nothing or np.all(np.linalg.eigvalsh(value) > 0))
            ):
                raise ValueError(
                    f"`{field.name}` must be a symmetric positive definite 2 x 2 matrix. "
                    f"Received: {field.name}={value.tolist()}."
                )
            # Tuples for any input: frozen, hashable and comparable.
            object.__setattr__(self, field.name, tuple(map(tuple, value.tolist())))

    @classmethod
    def from_share(cls, share, correlation=0.2, shared_correlation=-0.5, variance=2.0):
        """Pairs whose offset has ``share`` of the variance, at a fixed distribution of one pair.

        I(X; Y) is that of ``correlation`` for every share, from which the correlation of each
        pair's own noise follows. With the defaults, a share of 0.5 is the distribution of Fig. 4c.

        Args:
            share: of the offset in the variance of x and of y, in [0, 1).
            correlation: of x_i and y_i, over all batches.
            shared_correlation: of the two coordinates of the offset.
            variance: of x_i and of y_i.

        Raises:
            ValueError: if no such noise exists: its correlation would not be within (-1, 1).
        """
        noise = (correlation - share * shared_correlation) / (1.0 - share) if share < 1 else None
        if not 0 <= share < 1 or not abs(noise) < 1 or not variance > 0:
            raise ValueError(
                "`share` must be in [0, 1), `variance` positive, and the noise's correlation "
                "(correlation - share shared_correlation) / (1 - share) within (-1, 1). Received: "
                f"share={share}, correlation={correlation}, "
                f"shared_correlation={shared_correlation}, variance={variance}."
            )

        def covariance(part, rho):
            scale = part * variance
            return ((scale, scale * rho), (scale * rho, scale))

        return cls(covariance(share, shared_correlation), covariance(1.0 - share, noise))

    @property
    def marginal_covariance(self):
        """Covariance of (x_i, y_i) over all batches, ``float64 [2, 2]``."""
        return np.add(self.shared_covariance, self.noise_covariance)

    @property
    def mutual_information(self):
        """I(X; Y) of one pair, in nats: 1/2 log(var(x) var(y) / det(covariance))."""
        covariance = self.marginal_covariance
        return 0.5 * math.log(covariance[0, 0] * covariance[1, 1] / np.linalg.det(covariance))

    def batch(self, batch_size, seed, dependent):
        """One batch of pairs.

        Args:
            batch_size: K, an int (at least 2) or an integer scalar tensor.
            seed: two ints, ``[2]``. The same seed gives the same batch, eagerly and in a graph;
                XLA makes other normals of the same random bits, the same ones every time.
            dependent: a Python bool; False draws independent pairs from the marginal.

        Returns:
            ``(x, y)``, float32 ``[K, 1]`` each.

        Raises:
            ValueError: if ``batch_size`` is an int below 2.
        """
        if isinstance(batch_size, int) and batch_size < 2:
            raise ValueError(f"A batch needs at least 2 pairs. Received: batch_size={batch_size}.")
        # The first row gives z; independent batches draw it too, but do not use it.
        normals = tf.random.stateless_normal([batch_size + 1, 2], seed, alg="philox")
        if dependent:
            pairs = _correlate(normals[:1], self.shared_covariance)
            pairs += _correlate(normals[1:], self.noise_covariance)
        else:
            pairs = _correlate(normals[1:], self.marginal_covariance)
        return pairs[:, :1], pairs[:, 1:]


def _correlate(normals, covariance):
    covariance = np.asarray(covariance)
    # An offset that is always zero has no Cholesky factor of its own.
    factor = np.linalg.cholesky(covariance) if np.any(covariance) else covariance
    return tf.matmul(normals, tf.constant(factor.T, tf.float32))
