"""The log-density ratio of two numbers as a smooth table, and sums of such tables."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from scipy.interpolate import BSpline
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from tf_infomax.estimation.partner_layer import PartnerLayer

__all__ = ["Table", "TableRatio", "fit_table"]

# Nodes of a table along each side; cubic splines have so many intervals between the outermost.
_NODES, _INTERVALS = 64, 14
# Third differences of the coefficients are penalised: polynomials of degree two in each coordinate
# are not, so that every Gaussian ratio is free. Penalties to choose from, the strongest first.
_ORDER, _PENALTIES = 3, 10.0 ** np.arange(3, -4, -1)
_NEWTON_STEPS, _NEWTON_GAIN, _SHORTEST_STEP = 30, 1e-4, 5e-4
_SCALINGS = 20
# Number of different values of a coordinate for a table to make sense.
_FEWEST_VALUES = 20


@dataclasses.dataclass(frozen=True)
class Table:
    """A log-density ratio on a grid.

    Attributes:
        half_width: the nodes lie evenly between minus this and this.
        values: ``[64, 64]``, nats.
        freedom: effective number of parameters.
        value: mean log-density ratio of the pairs of the fit less the part of it that is expected
            of overfitting, nats.
    """

    half_width: float
    values: np.ndarray
    freedom: float
    value: float


def fit_table(u, v):
    """A penalised fit of ``log p(u, v) / (p(u) p(v))``.

    Splines' coefficients maximise Donsker and Varadhan's value on all pairs and all products of
    them, less a penalty, which is concave. Akaike's criterion chooses the penalty. Last, the table
    is scaled such that the density of each given the other integrates to one.

    Args:
        u, v: ``[N]``, finite; pairs of numbers, of about unit variance.

    Returns:
        ``Table``, or ``None`` if there are too few different values.

    Reference: Eilers and Marx (1996), "Flexible smoothing with B-splines and penalties".
    """
    if min(len(np.unique(u)), len(np.unique(v))) < _FEWEST_VALUES:
        return None
    half_width = float(max(np.abs(u).max(), np.abs(v).max())) * 1.0001
    nodes = np.linspace(-half_width, half_width, _NODES)
    hats = [_hats(one, half_width) for one in (u, v)]
    joint = (hats[0].T @ hats[1]).toarray() / len(u)
    fit = _PenalizedFit(joint, _splines(nodes, half_width), len(u))
    # More threads only wait for each other: the matrices are small.
    with threadpool_limits(1):
        value, coefficients, freedom = _with_best_penalty(fit, len(u))
    if coefficients is None:
        return None
    return Table(half_width, _scaled(fit.on_grid(coefficients), joint), freedom, float(value))


def _with_best_penalty(fit, num_pairs):
    """(criterion, coefficients, effective number of parameters), of the best penalty."""
    best, coefficients = (-np.inf, None, 0.0), np.zeros(fit.size)
    for penalty in _PENALTIES:
        try:
            coefficients, value, freedom = fit.maximum(penalty / num_pairs, coefficients)
        except LinAlgError:
            break
        criterion = value - freedom / num_pairs
        if not criterion > best[0]:
            break
        best = criterion, coefficients, freedom
    return best


class _PenalizedFit:
    """Newton's method on a grid.

    Args:
        joint: ``[G, G]``, fractions of the pairs.
        splines: ``[G, M]``, on the nodes.
        num_pairs: of the sample.
    """

    def __init__(self, joint, splines, num_pairs):
        self._splines, number = splines, splines.shape[1]
        self.size = number**2
        self._product = np.outer(joint.sum(axis=1), joint.sum(axis=0))
        self._mean = (splines.T @ joint @ splines).ravel()
        self._pairs = (splines[:, :, np.newaxis] * splines[:, np.newaxis]).reshape(len(joint), -1)
        differences = np.diff(np.eye(number), _ORDER, axis=0)
        rough = differences.T @ differences
        self._rough = np.kron(rough, np.eye(number)) + np.kron(np.eye(number), rough)

    def on_grid(self, coefficients):
        """The spline, ``[G, G]``."""
        square = coefficients.reshape(self._splines.shape[1], -1)
        return self._splines @ square @ self._splines.T

    def maximum(self, penalty, start):
        """(coefficients, value without the penalty, effective number of parameters)."""
        coefficients = start
        value, tilted = self._value(coefficients, penalty)
        for _ in range(_NEWTON_STEPS):
            gradient, hessian = self._derivatives(tilted)
            gradient -= penalty * (self._rough @ coefficients)
            # A constant, which changes nothing, has a curvature of zero.
            factor = cho_factor(hessian + penalty * self._rough + 1e-7 * np.eye(self.size))
            step = cho_solve(factor, gradient)
            gain, length = gradient @ step, 1.0
            while length > _SHORTEST_STEP:
                new_value, new_tilted = self._value(coefficients + length * step, penalty)
                if new_value >= value + 1e-4 * length * gain:
                    break
                length /= 2
            else:
                # Rounding hides any further gain.
                break
            coefficients = coefficients + length * step
            value, tilted = new_value, new_tilted
            if gain < _NEWTON_GAIN:
                break
        freedom = float(np.trace(cho_solve(factor, hessian)))
        return coefficients, value + self._penalty(coefficients, penalty), freedom

    def _penalty(self, coefficients, penalty):
        return penalty / 2 * coefficients @ self._rough @ coefficients

    def _value(self, coefficients, penalty):
        # Nodes without pairs must not decide what underflows, nor overflow.
        scores = np.where(self._product > 0.0, self.on_grid(coefficients), -np.inf)
        highest = scores.max()
        tilted = self._product * np.exp(scores - highest)
        total = tilted.sum()
        value = coefficients @ self._mean - highest - np.log(total)
        return value - self._penalty(coefficients, penalty), tilted / total

    def _derivatives(self, tilted):
        number = self._splines.shape[1]
        expected = (self._splines.T @ tilted @ self._splines).ravel()
        second = (self._pairs.T @ tilted @ self._pairs).reshape([number] * 4)
        second = second.transpose(0, 2, 1, 3).reshape(self.size, self.size)
        return self._mean - expected, second - np.outer(expected, expected)


def _hats(values, half_width):
    """Weights of the two nodes next to each value, sparse ``[N, G]``."""
    nodes = np.linspace(-half_width, half_width, _NODES)
    step = nodes[1] - nodes[0]
    knots = np.concatenate([[nodes[0] - step], nodes, [nodes[-1] + step]])
    return BSpline.design_matrix(values, knots, 1)


def _splines(nodes, half_width):
    """Cubic B-splines on the nodes, ``[G, intervals + 3]``."""
    step = 2.0 * half_width / _INTERVALS
    knots = -half_width + step * np.arange(-3, _INTERVALS + 4)
    inside = np.clip(nodes, -half_width, half_width * (1.0 - 1e-9))
    return BSpline.design_matrix(inside, knots, 3).toarray()


def _scaled(table, joint):
    # Nodes without any pairs count a little: their rows are scaled with the others.
    weights = [joint.sum(axis=axis) + 1e-9 for axis in (1, 0)]
    weights = [one / one.sum() for one in weights]
    for _ in range(_SCALINGS):
        table = table - logsumexp(table, axis=1, b=weights[1], keepdims=True)
        table = table - logsumexp(table, axis=0, b=weights[0][:, np.newaxis], keepdims=True)
    return table


@keras.saving.register_keras_serializable(package="tf_infomax")
class TableRatio(PartnerLayer):
    """Sum of tables of directions: ``sum_p table_p(x . direction_p, y . direction_p)``, nats.

    Between the nodes values are interpolated in both coordinates; no weight is trained.

    Args:
        tables: number of tables, at most; zero at first.

    Call arguments: as of ``CanonicalCritic``.
    """

    def __init__(self, tables=1, **kwargs):
        super().__init__(**kwargs)
        self.tables = tables

    def build(self, x_shape, y_shape):
        self.directions_x = self.add_fixed((x_shape[1], self.tables), "directions_x")
        self.directions_y = self.add_fixed((y_shape[1], self.tables), "directions_y")
        self.half_widths = self.add_fixed((self.tables,), "half_widths", "ones")
        self.values = self.add_fixed((self.tables, _NODES, _NODES), "values")

    def set_fit(self, found):
        """Takes tables over, of which there are at most ``tables``.

        Args:
            found: list of (``Table``, direction of x ``[Dx]``, of y ``[Dy]``).
        """
        weights = [np.zeros(weight.shape) for weight in self.weights]
        weights[2][:] = 1.0
        for place, (table, *directions) in enumerate(found):
            weights[0][:, place], weights[1][:, place] = directions
            weights[2][place], weights[3][place] = table.half_width, table.values
        self.set_weights(weights)

    def call(self, x, y, partners=None):
        u, v = tf.matmul(x, self.directions_x), tf.matmul(y, self.directions_y)
        if partners is None:
            partners = tf.range(tf.shape(y)[0]) + tf.zeros_like(tf.shape(x)[0])
            partners = tf.broadcast_to(partners, [tf.shape(x)[0], tf.shape(y)[0]])
        (row, rest_row), (column, rest_column) = self._places(u), self._places(v)
        total = 0.0
        for place in range(self.tables):
            table = self.values[place]
            low, high = (tf.gather(table, row[:, place] + one) for one in (0, 1))
            lines = low + rest_row[:, place, tf.newaxis] * (high - low)
            at, rest = (tf.gather(one[:, place], partners) for one in (column, rest_column))
            low, high = (tf.gather(lines, at + one, batch_dims=1) for one in (0, 1))
            total += low + rest * (high - low)
        return total

    def _places(self, values):
        places = (values / self.half_widths + 1.0) * (_NODES - 1) / 2.0
        places = tf.clip_by_value(places, 0.0, _NODES - 1.001)
        below = tf.cast(places, tf.int32)
        return below, places - tf.cast(below, places.dtype)

    def get_config(self):
        return {**super().get_config(), "tables": self.tables}
