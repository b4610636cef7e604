"""The log-density ratio of a Student t copula: tails that are heavy jointly."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from scipy.special import gammaln, ndtr, stdtrit

from tf_infomax.estimation.canonical import canonical_correlations
from tf_infomax.estimation.partner_layer import PartnerLayer

__all__ = ["StudentFit", "StudentRatio", "fit_student"]

# Degrees of freedom to choose from; a Gaussian is a candidate of its own.
_DEGREES = (1.0, 1.5, 2.0, 3.0, 4.5, 7.0, 12.0, 25.0)
# Normal scores at which the quantiles of Student's distribution are tabulated.
_SCORES = np.linspace(-6.0, 6.0, 1_201)
# Rounds of reweighting of the scatter matrix, and the change that ends them.
_ROUNDS, _SETTLED = 15, 1e-3
# Below this eigenvalue of the scatter matrix some coordinate is nearly a combination of others.
_SMALLEST_SCATTER = 1e-5


@dataclasses.dataclass(frozen=True)
class StudentFit:
    """A Student t copula of x and y.

    Attributes:
        degrees: of freedom.
        quantiles: ``[1201]``, of Student's distribution at the levels of ``_SCORES``.
        map_x, map_y: ``[Dx, Dx]``, ``[Dy, Dy]``: maps of the quantiles to variates with unit
            scatter, correlated coordinate by coordinate.
        correlations: ``[min(Dx, Dy)]``, of their first columns.
        log_ratio: mean log-density ratio of the pairs of the fit, nats.
    """

    degrees: float
    quantiles: np.ndarray
    map_x: np.ndarray
    map_y: np.ndarray
    correlations: np.ndarray
    log_ratio: float

    def variates(self, x, y):
        """(a, b): ``[N, Dx]`` and ``[N, Dy]`` of normal scores x and y."""
        return tuple(
            np.interp(values, _SCORES, self.quantiles) @ matrix
            for values, matrix in ((x, self.map_x), (y, self.map_y))
        )


def fit_student(x, y):
    """The Student t copula that fits best; for pairs of normal scores.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, finite; row i of both is one pair.

    Returns:
        ``StudentFit``, or ``None`` if coordinates determine each other, or one is constant.
    """
    dim_x = x.shape[1]
    scores = np.hstack([x, y])
    if not np.ptp(scores, axis=0).all():
        return None
    best = None
    for degrees in _DEGREES:
        quantiles = stdtrit(degrees, ndtr(_SCORES))
        values = np.interp(scores, _SCORES, quantiles)
        try:
            scatter, weights = _scatter(values, scores, degrees)
        except np.linalg.LinAlgError:
            return None
        if np.linalg.eigvalsh(scatter)[0] < _SMALLEST_SCATTER:
            return None
        value = _mean_log_ratio(values, scatter, degrees, dim_x)
        if best is None or value > best[0]:
            best = value, degrees, quantiles, values * np.sqrt(weights)[:, np.newaxis]
    value, degrees, quantiles, weighted = best
    # The scatter is the covariance of weighted pairs, and so are its canonical correlations.
    found = canonical_correlations(weighted[:, :dim_x], weighted[:, dim_x:])
    return StudentFit(
        degrees, quantiles, found.map_x, found.map_y, found.correlations, float(value)
    )


def _scatter(values, scores, degrees):
    """Scatter matrix with unit diagonal of the most likely Student distribution, and weights."""
    dims = values.shape[1]
    scatter = np.atleast_2d(np.corrcoef(scores.T))
    for _ in range(_ROUNDS):
        weights = (degrees + dims) / (degrees + _squared_norms(values, scatter))
        new = (values * weights[:, np.newaxis]).T @ values / len(values)
        scales = np.sqrt(np.diag(new))
        new /= np.outer(scales, scales)
        change = np.abs(new - scatter).max()
        scatter = new
        if change < _SETTLED:
            break
    return scatter, weights


def _squared_norms(values, scatter):
    # Cholesky's factor exists if no coordinate is a combination of others.
    factor = np.linalg.cholesky(scatter)
    return (np.linalg.solve(factor, values.T) ** 2).sum(axis=0)


def _mean_log_ratio(values, scatter, degrees, dim_x):
    total = 0.0
    dims = values.shape[1]
    for part, sign in ((slice(None), 1.0), (slice(dim_x), -1.0), (slice(dim_x, None), -1.0)):
        block = scatter[part, part]
        dim = dims if sign > 0 else len(block)
        norms = _squared_norms(values[:, part], block)
        density = gammaln((degrees + dim) / 2) - 0.5 * np.linalg.slogdet(block)[1]
        total += sign * (density - (degrees + dim) / 2 * np.log1p(norms / degrees).mean())
    return total + gammaln(degrees / 2)


@keras.saving.register_keras_serializable(package="tf_infomax")
class StudentRatio(PartnerLayer):
    """Log-density ratio of a Student t copula, for normal scores; no weight is trained.

    With variates a of x and b of y as of ``StudentFit``, the density of each and of both is a
    function of a squared norm: that of a, that of b, and
    ``|a|^2 + |b|^2 + sum_k (rho_k^2 (a_k^2 + b_k^2) - 2 rho_k a_k b_k) / (1 - rho_k^2)``.

    Call arguments: as of ``CanonicalCritic``; the scores are nats.
    """

    def build(self, x_shape, y_shape):
        dims = x_shape[1], y_shape[1]

        self.degrees = self.add_fixed((), "degrees", "ones")
        self.constant = self.add_fixed((), "constant")
        self.quantiles = self.add_fixed((len(_SCORES),), "quantiles")
        self.map_x, self.map_y = (
            self.add_fixed((dim, dim), f"map_{name}", "identity")
            for dim, name in zip(dims, "xy", strict=True)
        )
        self.correlations = self.add_fixed((min(dims),), "correlations")

    def set_fit(self, fit):
        """Takes the ``StudentFit`` over."""
        for name in ("degrees", "quantiles", "map_x", "map_y", "correlations"):
            getattr(self, name).assign(getattr(fit, name))
        half, dims = fit.degrees / 2, (len(fit.map_x), len(fit.map_y))
        constant = gammaln(half + sum(dims) / 2) + gammaln(half)
        constant -= sum(gammaln(half + dim / 2) for dim in dims)
        self.constant.assign(constant - 0.5 * np.log1p(-(fit.correlations**2)).sum())

    def call(self, x, y, partners=None):
        a = tf.matmul(self._quantiles_at(x), self.map_x)
        b = tf.matmul(self._quantiles_at(y), self.map_y)
        rank = self.correlations.shape[0]
        spread = 1.0 - self.correlations**2
        norms_a, norms_b = (tf.reduce_sum(one**2, axis=1) for one in (a, b))
        joint_a, joint_b = (
            norms + tf.linalg.matvec(one[:, :rank] ** 2, self.correlations**2 / spread)
            for norms, one in ((norms_a, a), (norms_b, b))
        )
        weighted = a[:, :rank] * (-2.0 * self.correlations / spread)
        of_a = self._log_kernel(norms_a, a.shape[1]) + self.constant
        of_b = self._log_kernel(norms_b, b.shape[1])
        b = b[:, :rank]
        if partners is None:
            joint = joint_b + tf.matmul(weighted, b, transpose_b=True)
        else:
            of_b, joint_b, b = (tf.gather(one, partners) for one in (of_b, joint_b, b))
            joint = joint_b + tf.einsum("kd,kpd->kp", weighted, b)
        # Rounding may leave a norm slightly below zero.
        joint = tf.nn.relu(joint + joint_a[:, tf.newaxis])
        dims = a.shape[1] + self.map_y.shape[0]
        return of_a[:, tf.newaxis] + of_b - self._log_kernel(joint, dims)

    def _log_kernel(self, norms, dim):
        return 0.5 * (self.degrees + dim) * tf.math.log1p(norms / self.degrees)

    def _quantiles_at(self, scores):
        step = _SCORES[1] - _SCORES[0]
        places = tf.clip_by_value((scores - _SCORES[0]) / step, 0.0, len(_SCORES) - 1.001)
        below = tf.cast(places, tf.int32)
        rest = places - tf.cast(below, places.dtype)
        low, high = (tf.gather(self.quantiles, below + one) for one in (0, 1))
        return low + rest * (high - low)
