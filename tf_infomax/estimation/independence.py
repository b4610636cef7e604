"""A test of independence with a trained critic as its statistic."""

import dataclasses
import warnings

import numpy as np
import tensorflow as tf

from tf_infomax.estimation.estimator import MutualInformationEstimator
from tf_infomax.estimation.limits import EstimateWarning
from tf_infomax.naming.arguments import integer
from tf_infomax.numerics.randomness import stream

__all__ = ["IndependenceTest", "independence_test"]

# Held-out pairs of a fold that are permuted: their scores are a square matrix.
_MOST_PAIRS = 1_000


@dataclasses.dataclass(frozen=True)
class IndependenceTest:
    """The result of ``independence_test``.

    Attributes:
        p_value: probability, if x and y are independent, of a statistic at least as large.
        statistic: mean score of the held-out positives minus the mean of all pairs, no unit.
        permuted: ``[permutations]``, the statistic of permuted pairs.
        estimator: the fitted ``MutualInformationEstimator``.
    """

    p_value: float
    statistic: float
    permuted: np.ndarray
    estimator: MutualInformationEstimator


def independence_test(X, y, permutations=999, **options):
    """Permutation test of independence of X and y.

    Critics are trained once; the held-out rows of y are permuted within each fold, which costs a
    sum each. Critics do not depend on how held-out rows are paired, so the test is exact: p-values
    below a occur with probability at most a. Rows must be independent: a permutation of single
    rows of a series would break the dependence within y, too.

    Args:
        X, y: as for ``MutualInformationEstimator.fit``.
        permutations: number, at least 19.
        options: of ``MutualInformationEstimator``, without ``blocks``.

    Returns:
        ``IndependenceTest``.

    Raises:
        ValueError: on ``blocks``, on too few permutations, and as
            ``MutualInformationEstimator.fit``.

    Reference: Lehmann and Romano (2005), Testing Statistical Hypotheses, section 15.2.
    """
    if options.get("blocks") is not None:
        raise ValueError(
            "The test permutes single rows, so that rows must be independent. "
            f"Received: blocks={options['blocks']!r}."
        )
    integer(permutations, "permutations", 19)
    estimator = MutualInformationEstimator(**{"half_fits": 0, **options})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimateWarning)
        estimator.fit(X, y)
    generator = np.random.default_rng(stream(estimator.used_seed_, "estimation", "permutations"))
    statistics = np.zeros(permutations + 1)
    total = 0
    for scores in _held_out_scores(estimator, X, y):
        count = len(scores)
        places = np.arange(count)
        statistics[0] += scores[places, places].sum() - scores.mean() * count
        for one in range(1, permutations + 1):
            statistics[one] += (
                scores[places, generator.permutation(count)].sum() - scores.mean() * count
            )
        total += count
    statistics /= total
    # Equal up to rounding counts as equal: with the null critic all are zero.
    reached = statistics[1:] >= statistics[0] - 1e-9
    p_value = (1 + int(reached.sum())) / (permutations + 1)
    return IndependenceTest(p_value, float(statistics[0]), statistics[1:], estimator)


def _held_out_scores(estimator, x, y):
    """Of each fold, the scores of all pairs of some of its held-out rows, ``[n, n]``."""
    x, y = estimator.encoded(x, y)
    for critic, rows, limits in zip(
        estimator.critics_, estimator.held_out_rows_, estimator.trained_limits_, strict=True
    ):
        rows = rows[:_MOST_PAIRS]
        scores = critic(tf.constant(x[rows]), tf.constant(y[rows]))
        yield np.clip(np.asarray(scores, np.float64), *limits)
