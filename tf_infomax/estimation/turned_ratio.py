"""The log-density ratio of Gaussian pairs that were turned by an angle that grows with the norm.

Such spirals keep every margin and hide all correlations: z -> exp(|z|^2 A) z (Czyz et al., 2023,
arXiv:2306.11078). Turned back, a coordinate is a sum of the coordinates with weights that are a
cosine and a sine of the norm; so canonical correlations of the coordinates and their products with
both find the plane and the variates by themselves, and only the speed has to be searched.
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from scipy.optimize import minimize
from scipy.special import logsumexp

from tf_infomax.estimation.canonical import CanonicalCorrelations, canonical_correlations
from tf_infomax.estimation.gaussian_ratio import gaussian_log_ratios
from tf_infomax.estimation.partner_layer import PartnerLayer

__all__ = ["TurnedFit", "TurnedRatio", "fit_turned"]

# Variates of a side, at most.
_MOST_VARIATES = 8
# Pairs a feature, at least.
_PAIRS_A_FEATURE = 8
# Radians per standard deviation of the squared norm that are tried first; 0 leaves a side as it is.
# In many dimensions the norm varies little next to its mean, and any speed will do.
_SPEEDS, _MANY_DIMENSIONS, _ANY_SPEED = (0.0, 0.5, 1.0, 1.8), 9, (0.0, 1.0)
# What the best of these must gain over unturned variates, nats of pairs to which neither is fitted.
_WORTH_A_SEARCH = 0.05
# The search that follows: values of the function, at most, and radians that make no difference.
_STEPS, _SAME_SPEED = 25, 0.03
# Parts of the pairs, on each of which variates fitted to the others are valued.
_FOLDS = 3
# Pairs, and negatives of each, by which speeds are compared.
_MOST_COMPARED, _NEGATIVES = 2_000, 4


@dataclasses.dataclass(frozen=True)
class TurnedFit:
    """Variates that are Gaussian pairs, linear in ``_features`` of both sides.

    Attributes:
        speeds: (of x, of y), radians per standard deviation of the squared norm.
        found: ``CanonicalCorrelations`` of the features, ``[3 Dx]`` and ``[3 Dy]``.
        number: of variates in use.
    """

    speeds: tuple
    found: CanonicalCorrelations
    number: int


def fit_turned(x, y):
    """The speeds, planes and correlations that fit best; for pairs of normal scores.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, finite float64; row i of both is one pair.

    Returns:
        ``TurnedFit``, or ``None`` if the pairs are few or turning them gains little.
    """
    if len(x) < _PAIRS_A_FEATURE * 3 * (x.shape[1] + y.shape[1]):
        return None
    some = x[:_MOST_COMPARED], y[:_MOST_COMPARED]

    def gain(speeds):
        features = _both_features(*some, speeds)
        return _values(canonical_correlations(*features, folds=2), features).max()

    speeds = _ANY_SPEED if max(x.shape[1], y.shape[1]) >= _MANY_DIMENSIONS else _SPEEDS
    best = max(((one, other) for one in speeds for other in speeds), key=gain)
    plain, turned = (
        _held_out_values(_both_features(*some, speeds)).max() for speeds in ((0.0, 0.0), best)
    )
    if turned < plain + _WORTH_A_SEARCH:
        return None
    turns = np.array(best) > 0.0
    search = minimize(
        lambda speeds: -gain(np.where(turns, speeds, 0.0)), best, method="Nelder-Mead",
        options={"maxfev": _STEPS, "xatol": _SAME_SPEED, "fatol": 1e-3},
    )  # fmt: skip
    speeds = tuple(map(float, np.where(turns, search.x, 0.0)))
    features = _both_features(x, y, speeds)
    number = int(_held_out_values(features).argmax())
    return TurnedFit(speeds, canonical_correlations(*features), number) if number else None


def _held_out_values(features):
    """``_values`` on pairs to which the variates were not fitted."""
    fold_of = np.arange(len(features[0])) % _FOLDS
    values = [
        _values(
            canonical_correlations(*(one[fold_of != fold] for one in features), folds=2),
            [one[fold_of == fold] for one in features],
        )
        for fold in range(_FOLDS)
    ]
    return np.mean(values, axis=0)


def _values(found, features):
    """Donsker and Varadhan's values of 0, 1, ... variates on pairs, nats."""
    variates = [
        (values[:_MOST_COMPARED] - mean) @ matrix[:, :_MOST_VARIATES]
        for values, mean, matrix in zip(
            features, (found.mean_x, found.mean_y), (found.map_x, found.map_y), strict=True
        )
    ]
    count = len(variates[0])
    partners = (np.arange(count)[:, np.newaxis] + np.arange(_NEGATIVES + 1)) % count
    values = np.zeros(1 + _most_variates(*(one.shape[1] // 3 for one in features)))
    for number in range(1, len(values)):
        scores = gaussian_log_ratios(
            *(one[:, :number] for one in variates), found.correlations[:number], partners
        ).numpy()
        values[number] = scores[:, 0].mean() - logsumexp(scores[:, 1:])
    values[1:] += np.log(count * _NEGATIVES)
    return values


def _most_variates(dim_x, dim_y):
    return min(dim_x, dim_y, _MOST_VARIATES)


def _both_features(x, y, speeds):
    return [_features(one, speed).numpy() for one, speed in zip((x, y), speeds, strict=True)]


def _features(values, speed):
    """Coordinates, and their products with cosine and sine of the norm; ``[N, 3 D]``."""
    dim = values.shape[1]
    # Of D standard normal coordinates the squared norm has mean D and variance 2 D.
    angles = speed * (tf.reduce_sum(values**2, axis=1, keepdims=True) - dim) / (2.0 * dim) ** 0.5
    return tf.concat([values, values * tf.cos(angles), values * tf.sin(angles)], axis=1)


@keras.saving.register_keras_serializable(package="tf_infomax")
class TurnedRatio(PartnerLayer):
    """Log-density ratio of turned Gaussian pairs, for normal scores; no weight is trained.

    Call arguments: as of ``CanonicalCritic``; the scores are nats.
    """

    def build(self, x_shape, y_shape):
        dims = x_shape[1], y_shape[1]
        self.rank = _most_variates(*dims)

        self.speeds = self.add_fixed((2,), "speeds")
        self.mean_x, self.mean_y = (
            self.add_fixed((3 * dim,), f"mean_{name}") for dim, name in zip(dims, "xy", strict=True)
        )
        self.map_x, self.map_y = (
            self.add_fixed((3 * dim, self.rank), f"map_{name}")
            for dim, name in zip(dims, "xy", strict=True)
        )
        self.correlations = self.add_fixed((self.rank,), "correlations")

    def set_fit(self, fit):
        """Takes the ``TurnedFit`` over."""
        self.speeds.assign(fit.speeds)
        is_used = np.arange(self.rank) < fit.number
        for name in ("mean_x", "mean_y"):
            getattr(self, name).assign(getattr(fit.found, name))
        for name in ("map_x", "map_y"):
            getattr(self, name).assign(getattr(fit.found, name)[:, : self.rank] * is_used)
        self.correlations.assign(fit.found.correlations[: self.rank] * is_used)

    def call(self, x, y, partners=None):
        a = tf.matmul(_features(x, self.speeds[0]) - self.mean_x, self.map_x)
        b = tf.matmul(_features(y, self.speeds[1]) - self.mean_y, self.map_y)
        return gaussian_log_ratios(a, b, self.correlations, partners)
