"""The confidence interval of an estimate that is biased low."""

import math

import numpy as np
from scipy import stats

__all__ = ["confidence_interval", "lower_limit"]

# A critic trained on n pairs misses c n^-a nats. Between half of the pairs and all of them the
# value rises by c n^-a (2^a - 1), so that what is still missing is that rise over 2^a - 1. On the
# distributions of ``benchmarks.known_information`` whose network has something to learn, a between
# 2,000 and 10,000 pairs is 0.3 to 0.7, in the middle 0.45.
_REST_OF_RISE = 1.0 / (2.0**0.45 - 1.0)


def lower_limit(value, error, groups, confidence):
    """One-sided lower confidence limit of the held-out value, nats: nothing about the shortfall.

    Args:
        value, error: nats, from ``groups`` groups of pairs.
        confidence: a fraction.
    """
    return value - error * float(stats.t.ppf(confidence, groups - 1))


def confidence_interval(value, error, groups, pairs, rises, confidence):
    """(low, high), nats: sampling error on both sides, and what was not learnt on the upper.

    The upper side holds the estimated shortfall, and what so few pairs cannot show: the mean of
    the log-density ratio of d nats has, if the dependence is weak, a variance of 2 d / N. Until d
    is beyond that error nobody can tell whether it is there, and critics chosen by validation miss
    it without any rise between half of the pairs and all of them.

    Args:
        value, error: held-out value and its standard error, nats, from ``groups`` groups.
        pairs: N, those that are independent of each other.
        rises: by how much the value of a fold rose from half of the training pairs to all of them,
            nats; possibly none.
        confidence: a fraction.

    Returns:
        ((low, high), shortfall): nats; the shortfall is what is added to the middle of the upper
        side.
    """
    reach = float(stats.t.ppf(0.5 + confidence / 2, groups - 1))
    rises = np.asarray(rises, np.float64)
    rises = rises[np.isfinite(rises)]
    shortfall, spread = 0.0, 0.0
    if len(rises):
        shortfall = max(float(rises.mean()), 0.0) * _REST_OF_RISE
        spread = shortfall
        if len(rises) > 1:
            spread = _REST_OF_RISE * float(rises.std(ddof=1)) / math.sqrt(len(rises))
    # The x >= 0 with x^2 = reach^2 (error^2 + spread^2 + 2 (shortfall + x) / pairs).
    unseen = reach**2 / pairs
    variance = error**2 + spread**2 + 2.0 * shortfall / pairs
    high = value + shortfall + unseen + math.sqrt(unseen**2 + reach**2 * variance)
    return (value - reach * error, high), shortfall
