"""Limits to which a critic's scores are clipped, fixed on the validation pairs.

Every bound here holds for any function T of a pair: Donsker-Varadhan's says

    I(X; Y) >= E_p(x,y) T - log E_p(x)p(y) exp(T).

With numbers a <= b that do not depend on the held-out pairs, clip(T, a, b) is such a function too.
So a clipped critic, read on held-out pairs, estimates a lower bound of the same kind, and that
estimate is at least a - b. No single pair can dominate it, as one negative with a score of 145
does among scores below 9. At a = b the critic is constant. That is the null critic, whose bound is
0.
"""

import math

import numpy as np
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.scores.pairs import PairScores

__all__ = ["FEW_LEVELS", "MANY_LEVELS", "best_limits", "bound_of", "leaves_constants_open",
           "null_limits"]  # fmt: skip

# Quantiles of the positives' scores at which to clip: (lower, upper), from 0 to 1.
FEW_LEVELS = ((0.0, 1.0), (0.02, 0.98), (0.1, 0.9))
MANY_LEVELS = tuple(
    (lower, upper)
    for lower in (0.0, 0.01, 0.03, 0.1, 0.25)
    for upper in (1.0, 0.99, 0.95, 0.85, 0.7, 0.5)
)


# Log-density ratio to which smaller ones are raised: exp(-6) = 0.0025.
_LOWEST = 6.0
# By how much a narrower range must be better, since the best of many is slightly better by chance:
# this many nats, and this many standard errors of the mean positive score.
_WORTH_CLIPPING, _WORTH_ERRORS = 0.02, 0.5


def bound_of(bound, scores, limits=None):
    """The bound in nats, a float.

    Args:
        bound: ``PairScores`` -> scalar.
        scores: array ``[n, 1 + P]``: of each x with its own y, and with P negatives.
        limits: (lowest, highest) score, or ``None``.
    """
    scores = np.asarray(scores)
    if limits is not None:
        scores = scores.clip(*(scores.dtype.type(end) for end in limits))
    if bound is bounds.donsker_varadhan:
        # The default bound is read some thousand times in a fit, and TensorFlow takes longer to
        # start a few dozen operations than NumPy to finish them.
        return float(scores[:, 0].mean(dtype=np.float64)) - _log_mean_exp(scores[:, 1:])
    return float(bound(PairScores(tf.constant(scores[:, 0]), tf.constant(scores[:, 1:]))))


def _log_mean_exp(scores):
    highest = float(scores.max())
    if not math.isfinite(highest):
        return highest
    return highest + math.log(np.exp(scores - scores.dtype.type(highest)).mean(dtype=np.float64))


class _ClippedNegatives:
    """Logarithms of the mean exponential of scores that are clipped in one way after the other.

    Args:
        scores: ``[n]``.
        highest: no upper limit is above this score.
    """

    def __init__(self, scores, highest):
        scores = np.sort(np.minimum(scores, scores.dtype.type(highest)).astype(np.float64))
        self._scores, self._highest = scores, float(scores[-1])
        # Of the scores below each place; sums from the smallest on lose nothing.
        self._sums = np.append(0.0, np.cumsum(np.exp(scores - self._highest)))

    def log_mean_exp(self, lowest=-math.inf, highest=math.inf):
        """``log mean exp(clip(scores, lowest, highest))``."""
        top, count = self._highest, len(self._scores)
        first = int(np.searchsorted(self._scores, lowest))
        last = max(int(np.searchsorted(self._scores, highest)), first)
        total = self._sums[last] - self._sums[first]
        # In units of exp(top); limits without scores beyond them may be infinite.
        if first:
            total += first * math.exp(min(lowest, highest) - top)
        if count - last:
            total += (count - last) * math.exp(highest - top)
        return top + math.log(total / count) if total > 0.0 else -math.inf


def null_limits(best_shift):
    """Limits that make any critic the null critic of a bound (its ``BoundInfo.best_shift``)."""
    return best_shift, best_shift


def best_limits(bound, scores, levels, *, best_shift, num_negatives, is_open=None):
    """The limits under which the bound on given pairs is largest.

    The critic's log-density ratios are clipped to [-6, log(num_negatives)] in any case. A greater
    ratio belongs to events of which fewer than one is expected among the negatives: no negative
    could refute it. A smaller ratio changes the mean of exp(T) by less than 0.25 %. So no value of
    Donsker-Varadhan exceeds ``log(num_negatives) + 6``. Of N pairs at most N / 2 are held out at a
    time, with N^2 / 4 negatives, and this is less than what lower bounds can certify,
    ``2 log N + 5`` (``limits.certifiable``). Quantiles other than 0 and 1 narrow the range.

    Args:
        bound: ``PairScores`` -> scalar, nats.
        scores: ``[n, 1 + P]`` as for ``bound_of``, of pairs used neither for training nor for the
            estimate.
        levels: pairs of quantiles of the positives' scores, each tried.
        best_shift: by how much the optimal critic lies above the log-density ratio.
        num_negatives: number of negative pairs that will be read.
        is_open: whether adding a constant to all scores leaves the bound as it is; ``None`` tries.

    Returns:
        (limits, value): a pair of floats, and nats; the value is ``-inf`` where none is finite.
    """
    scores = np.asarray(scores)
    positives = np.sort(scores[:, 0])
    if not math.isfinite(float(positives.sum())):
        return null_limits(best_shift), -math.inf
    if is_open is None:
        is_open = leaves_constants_open(bound, scores)
    reach, last = math.log(num_negatives), len(positives) - 1
    negatives = _ClippedNegatives(scores[:, 1:].ravel(), float(positives[-1]) + reach + 1.0)
    best, best_value, worth = null_limits(best_shift), -math.inf, 0.0
    for lower, upper in levels:
        lowest, highest = (float(positives[round(part * last)]) for part in (lower, upper))
        # The score that stands for a density ratio of one.
        level = negatives.log_mean_exp(highest=highest) if is_open else best_shift
        highest = min(highest, level + reach) if upper < 1.0 else level + reach
        lowest = max(lowest, level - _LOWEST) if lower > 0.0 else level - _LOWEST
        limits = min(lowest, highest), highest
        clipped = positives.clip(*limits)
        if bound is bounds.donsker_varadhan:
            value = float(clipped.mean(dtype=np.float64)) - negatives.log_mean_exp(*limits)
        else:
            value = bound_of(bound, scores, limits)
        if value > best_value + worth:
            best, best_value = limits, value
            error = clipped.std() / math.sqrt(len(positives))
            worth = max(_WORTH_CLIPPING, _WORTH_ERRORS * float(error))
    return best, best_value


def leaves_constants_open(bound, scores):
    """Whether adding a constant to all scores changes nothing, as in Donsker-Varadhan."""
    scores = np.asarray(scores)
    plain = bound_of(bound, scores)
    changes = [abs(bound_of(bound, scores + scores.dtype.type(shift)) - plain)
               for shift in (1.0, -2.0)]  # fmt: skip
    return max(changes) < 1e-3 * max(1.0, abs(plain))
