"""Variational lower bounds on I(X; Y), in nats.

Throughout, K anchors have P joint and M marginal scores each (``PairScores``); a ``[K, K]`` matrix
``scores[i, j] = f(x_i, y_j)`` has P = 1 and M = K - 1. Estimates are never clipped: they may be
negative, and where a score is too large for its float type they are infinite.
"""

import tensorflow as tf

from tf_infomax.scores import pair_scores

__all__ = ["donsker_varadhan", "infonce", "nwj", "tuba"]


def infonce(scores):
    """InfoNCE: how well each anchor tells its partner from M marginal candidates.

    ``mean_i log( exp(joint_i) / (exp(joint_i) + sum_j exp(marginal_ij)) ) + log(M + 1)``

    On a ``[K, K]`` matrix this is ``log K + mean_i(s_ii - logsumexp_j s_ij)``: the softmax runs
    over the second view and the joint pair stays in the denominator.

    Each of several joint pairs of an anchor meets the marginal pairs alone, never the other joint
    ones: their log-sum-exp is computed once an anchor, and joined with each joint score. The
    release of Deep InfoMax leaves out ``log(M + 1)``, and puts constants in the denominator
    (``PairScores.from_maps(scores, self_score=-10.0)``).

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, in nats, never above ``log(M + 1)`` however large I(X; Y) is.

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: van den Oord, Li, Vinyals (2018), arXiv:1807.03748; Tschannen et al. (2020).
    """
    scores = pair_scores(scores)
    # -log softmax of the partner is softplus(log-odds against it): no raw score is exponentiated,
    # so neither value nor gradient can overflow.
    log_odds_against = scores.rivals_logsumexp()[:, tf.newaxis] - scores.joint
    log_candidates = tf.math.log(scores.num_marginal + 1.0)
    return log_candidates - tf.reduce_mean(tf.nn.softplus(log_odds_against))


def tuba(scores, log_baseline=None):
    """TUBA: the tractable unnormalised bound of Barber and Agakov, with a baseline a(x).

    ``1 + mean(joint - log a) - mean(exp(marginal - log a))``

    Args:
        scores: ``[K, K]`` or ``PairScores``.
        log_baseline: ``log a(x_i)`` of each anchor, ``[K]`` or scalar; none means a = 1. It is
            subtracted from the whole row of scores, the joint one included. It must not depend
            on the row's second views, or the result is no bound.

    Returns:
        Scalar, in nats; unbounded above and of high variance, since scores are exponentiated.

    Raises:
        ValueError: if ``scores`` or ``log_baseline`` has the wrong shape, or K < 2.

    Reference: Poole et al. (2019), arXiv:1905.06922, section 2.2.
    """
    scores = pair_scores(scores)
    log_baseline = tf.convert_to_tensor(
        0.0 if log_baseline is None else log_baseline, scores.joint.dtype
    )
    if log_baseline.shape.rank not in (0, 1) or not (
        log_baseline.shape.rank == 0
        or log_baseline.shape.is_compatible_with(scores.joint.shape[:1])
    ):
        raise ValueError(
            "`log_baseline` must be a scalar or have one entry per row of scores, shape "
            f"{scores.joint.shape[:1]}. Received: shape {log_baseline.shape}."
        )
    per_row = log_baseline[:, tf.newaxis] if log_baseline.shape.rank == 1 else log_baseline
    joint = tf.reduce_mean(scores.joint - per_row)
    return 1.0 + joint - tf.reduce_mean(scores.marginal_mean_exp(log_baseline))


def nwj(scores):
    """NWJ, also called f-GAN KL or MINE-f: TUBA with the constant baseline a = e.

    ``mean(joint) - mean(exp(marginal - 1))``

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, in nats; tight at ``f = 1 + log p(x, y) / (p(x) p(y))``, where its variance grows
        exponentially with I(X; Y).

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: Nguyen, Wainwright, Jordan (2010), arXiv:0809.0853; Tschannen et al. (2020).
    """
    return tuba(scores, log_baseline=1.0)


def donsker_varadhan(scores):
    """Donsker-Varadhan: the KL divergence's own dual, estimated on a batch.

    ``mean(joint) - log mean(exp(marginal))``

    Args:
        scores: ``[K, K]`` or ``PairScores``.

    Returns:
        Scalar, in nats. Adding a constant to all scores changes nothing. The bound holds for the
        expectation inside the logarithm: a finite batch overestimates in the mean (Jensen).

    Raises:
        ValueError: if ``scores`` has neither form, or K < 2.

    Reference: Donsker and Varadhan (1983); Belghazi et al. (2018), arXiv:1801.04062.
    """
    scores = pair_scores(scores)
    return tf.reduce_mean(scores.joint) - scores.log_mean_exp()
