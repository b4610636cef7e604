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

import tensorflow as tf

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
        scores: ``[n, 1 + P]``: of each x with its own y, and with P negatives.
        limits: (lowest, highest) score, or ``None``.
    """
    if limits is not None:
        scores = tf.clip_by_value(scores, *(tf.constant(end, scores.dtype) for end in limits))
    return float(bound(PairScores(scores[:, 0], scores[:, 1:])))


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
    scores = tf.convert_to_tensor(scores)
    positives = tf.sort(scores[:, 0]).numpy()
    if not math.isfinite(float(positives.sum())):
        return null_limits(best_shift), -math.inf
    if is_open is None:
        is_open = leaves_constants_open(bound, scores)
    reach, last = math.log(num_negatives), len(positives) - 1
    best, best_value, worth = null_limits(best_shift), -math.inf, 0.0
    for lower, upper in levels:
        lowest, highest = (float(positives[round(part * last)]) for part in (lower, upper))
        level = _level(scores, highest) if is_open else best_shift
        highest = min(highest, level + reach) if upper < 1.0 else level + reach
        lowest = max(lowest, level - _LOWEST) if lower > 0.0 else level - _LOWEST
        limits = min(lowest, highest), highest
        value = bound_of(bound, scores, limits)
        if value > best_value + worth:
            best, best_value = limits, value
            error = positives.clip(*limits).std() / math.sqrt(len(positives))
            worth = max(_WORTH_CLIPPING, _WORTH_ERRORS * float(error))
    return best, best_value


def leaves_constants_open(bound, scores):
    """Whether adding a constant to all scores changes nothing, as in Donsker-Varadhan."""
    plain = bound_of(bound, scores)
    changes = [abs(bound_of(bound, scores + shift) - plain) for shift in (1.0, -2.0)]
    return max(changes) < 1e-3 * max(1.0, abs(plain))


def _level(scores, highest):
    """The score, at most ``highest``, that stands for a density ratio of one."""
    positives, negatives = scores[:, 0], scores[:, 1:]
    highest = tf.constant(highest, scores.dtype)
    return float(PairScores(positives, tf.minimum(negatives, highest)).log_mean_exp())
