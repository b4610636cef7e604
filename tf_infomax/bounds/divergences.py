"""Lower bounds on divergences other than KL between p(x, y) and p(x) p(y).

Each is the dual form of an f-divergence, ``mean p(joint) - mean n(marginal)`` with two elementwise
functions of the score, as in f-GAN. The values measure dependence, but **not mutual information in
nats**. The functions are also available by themselves, ``get(name).positive`` and ``.negative``,
for expectations whose samples are not pairs (prior matching, dependence between coordinates).

KL has functions too (``"kl"``), but no bound here: the measure that the release of Deep InfoMax
calls "KL" is ``bounds.nwj``, and its "DV" is ``bounds.donsker_varadhan``.

Throughout, r is the density ratio p(x, y) / (p(x) p(y)); at the critic named "optimal" the
expectation of the bound is the divergence itself.

References: Nowozin, Cseke, Tomioka (2016), arXiv:1606.00709, tables 1 and 2; Hjelm et al. (2019).
"""

import dataclasses
import functools
import math
from collections.abc import Callable

import tensorflow as tf

from tf_infomax.bounds.divergence_names import DIVERGENCES
from tf_infomax.numerics.tensors import log_mean_exp, tensor, wide
from tf_infomax.scores.pairs import pair_scores

__all__ = [
    "Divergence",
    "chi_squared",
    "chi_squared_released",
    "gan",
    "get",
    "jsd",
    "names",
    "reverse_kl",
    "squared_hellinger",
    "wasserstein",
]

_LOG_2 = math.log(2.0)


@dataclasses.dataclass(frozen=True)
class Divergence:
    """The two functions of a dual form ``E_P[p(u)] - E_Q[n(u)]``.

    Attributes:
        name: registry name.
        positive: p, of scores of samples from P (the joint, the prior); same shape as its argument.
        negative: n, of scores of samples from Q (the product, the codes). Elementwise, but for
            ``"donsker_varadhan"``, whose n is the log-mean-exp over the first axis.
    """

    name: str
    positive: Callable
    negative: Callable

    def estimate(self, positive_scores, negative_scores):
        """``mean p(positive_scores) - mean n(negative_scores)``, a scalar.

        Args:
            positive_scores, negative_scores: floating, of any shapes; half precision is evaluated
                in float32.
        """
        return tf.reduce_mean(self.positive(positive_scores)) - tf.reduce_mean(
            self.negative(negative_scores)
        )


def jsd(scores):
    """Jensen-Shannon: ``mean(log 2 - softplus(-joint)) - mean(softplus(marginal) - log 2)``.

    The measure that Deep InfoMax trains with by default.

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, a lower bound (in expectation) on *twice* the Jensen-Shannon divergence of joint
        and product, hence below ``2 log 2``. Optimal critic: log r. Gradients are bounded.

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: Hjelm et al. (2019), equation (4), plus the ``2 log 2`` that its code adds.
    """
    return _value("jsd", scores)


def gan(scores):
    """The value of the GAN game: ``mean(-softplus(-joint)) - mean(softplus(marginal))``.

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, never above 0: ``jsd(scores) - 2 log 2``, with the same gradient.

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: Goodfellow et al. (2014), arXiv:1406.2661; Hjelm et al. (2019), equation (4).
    """
    return _value("gan", scores)


def reverse_kl(scores):
    """Reverse KL: ``mean(-exp(-joint)) - mean(marginal - 1)``.

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, a lower bound (in expectation) on KL(product || joint), the lautum information;
        unbounded above. Optimal critic: log r.

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: Nowozin, Cseke, Tomioka (2016), table 2.
    """
    return _value("reverse_kl", scores)


def squared_hellinger(scores):
    """Squared Hellinger distance: ``mean(1 - exp(-joint)) - mean(exp(marginal) - 1)``.

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, a lower bound (in expectation) on ``integral (sqrt p - sqrt q)^2 = 2 - 2 integral
        sqrt(p q)``; never above 2, since both exponentials are positive. Optimal critic:
        ``log(r) / 2``.

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: Nowozin, Cseke, Tomioka (2016), table 2.
    """
    return _value("squared_hellinger", scores)


def chi_squared(scores):
    """Pearson's chi squared: ``mean(joint) - mean(marginal^2 / 4 + marginal)``.

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, a lower bound (in expectation) on ``E_product[(r - 1)^2]``; unbounded above.
        Optimal critic: ``2 (r - 1)``.

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: Nowozin, Cseke, Tomioka (2016), table 2.
    """
    return _value("chi_squared", scores)


def chi_squared_released(scores):
    """The release's "X2": ``mean(joint^2) + mean((|marginal| + 1)^2 / 2)``.

    It bounds no divergence: both expectations grow with the magnitude of the scores, joint or
    not. Kept to reproduce the release; use ``chi_squared``. (The gradient at a score of exactly 0
    is 0 here, and NaN in the release.)

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, at least 1/2, unbounded above.

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: the code of Hjelm et al. (2019).
    """
    return _value("chi_squared_released", scores)


def wasserstein(scores):
    """Wasserstein-1: ``mean(joint) - mean(marginal)``.

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, unbounded above. It is a lower bound (in expectation) on the earth mover's distance
        of joint and product only for a critic that is 1-Lipschitz, which nothing here enforces.

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: Arjovsky, Chintala, Bottou (2017), arXiv:1701.07875.
    """
    return _value("wasserstein", scores)


def get(name):
    """The ``Divergence`` called ``name``; ``ValueError`` with the nearest names if unknown."""
    return DIVERGENCES.get(name)


def names():
    """All names: those of the bounds above, ``"kl"`` and ``"donsker_varadhan"``."""
    return DIVERGENCES.names()


def _value(name, scores):
    scores = pair_scores(scores)
    divergence = get(name)
    return scores.joint_mean(divergence.positive) - tf.reduce_mean(
        scores.marginal_mean(divergence.negative)
    )


def _in_float32(function):
    """``function`` of scores in float32 or float64."""

    def of_scores(scores):
        scores = tensor(scores, "scores")
        if not scores.dtype.is_floating:
            raise ValueError(f"`scores` must be floating. Received: dtype {scores.dtype.name}.")
        return function(wide(scores))

    return of_scores


# Every lambda on a line of its own, or AutoGraph cannot tell them apart.
for _name, _positive, _negative in (
    (
        "kl",
        tf.identity,
        lambda u: tf.exp(u - 1.0),
    ),
    (
        "donsker_varadhan",
        tf.identity,
        functools.partial(log_mean_exp, axis=0),
    ),
    (
        "jsd",
        lambda u: _LOG_2 - tf.nn.softplus(-u),
        lambda u: tf.nn.softplus(u) - _LOG_2,
    ),
    (
        "gan",
        lambda u: -tf.nn.softplus(-u),
        tf.nn.softplus,
    ),
    (
        "reverse_kl",
        lambda u: -tf.exp(-u),
        lambda u: u - 1.0,
    ),
    (
        "squared_hellinger",
        lambda u: -tf.math.expm1(-u),
        tf.math.expm1,
    ),
    (
        "chi_squared",
        tf.identity,
        lambda u: u * (u / 4.0 + 1.0),
    ),
    (
        "chi_squared_released",
        tf.square,
        lambda u: -tf.square(tf.abs(u) + 1.0) / 2.0,
    ),
    (
        "wasserstein",
        tf.identity,
        tf.identity,
    ),
):
    DIVERGENCES.add(_name, Divergence(_name, _in_float32(_positive), _in_float32(_negative)))
