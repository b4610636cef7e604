"""Variational lower bounds on I(X; Y), in nats.

Throughout, K anchors have P joint (positive) and M marginal (negative) scores each
(``PairScores``); a ``[K, K]`` matrix ``scores[i, j] = f(x_i, y_j)`` has P = 1 and M = K - 1.
Estimates are never clipped: they may be negative, and where a score is too large for its float type
they are infinite.
"""

import math

import tensorflow as tf

from tf_infomax.bounds.bound_info import checked_alpha
from tf_infomax.numerics.tensors import tensor
from tf_infomax.scores.pairs import pair_scores

__all__ = ["donsker_varadhan", "infonce", "interpolated", "nwj", "tuba"]


def infonce(scores):
    """InfoNCE: how well each anchor tells its positive from M negatives.

    ``mean_i log( exp(joint_i) / (exp(joint_i) + sum_j exp(marginal_ij)) ) + log(M + 1)``

    On a ``[K, K]`` matrix this is ``log K + mean_i(s_ii - logsumexp_j s_ij)``: the softmax runs
    over the second view and the positive stays in the denominator.

    If an anchor has several positives, each competes with the negatives only, not with the other
    positives: the negatives' log-sum-exp is computed once per anchor for all of them. The
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
    # -log softmax of the positive is softplus(log-odds against it): no raw score is exponentiated,
    # so neither value nor gradient can overflow.
    log_odds_against = scores.rivals_logsumexp()[:, tf.newaxis] - scores.joint
    log_candidates = tf.math.log(scores.num_marginal + 1.0)
    return log_candidates - tf.reduce_mean(tf.nn.softplus(log_odds_against))


def tuba(scores, log_baseline=None):
    """TUBA: the tractable unnormalised bound of Barber and Agakov, with a baseline a(x).

    ``1 + mean(joint - log a) - mean(exp(marginal - log a))``

    Args:
        scores: ``[K, K]`` or ``PairScores``.
        log_baseline: ``log a(x_i)`` of each anchor, ``[K]`` or scalar; ``None`` means a = 1. It is
            subtracted from the whole row of scores, the joint one included. It must not depend
            on the row's second views, or the result is not a bound.

    Returns:
        Scalar, in nats; unbounded above and of high variance, since scores are exponentiated.

    Raises:
        ValueError: if ``scores`` or ``log_baseline`` has the wrong shape, or K < 2.

    Reference: Poole et al. (2019), arXiv:1905.06922, section 2.2.
    """
    scores = pair_scores(scores)
    log_baseline = _checked_baseline(log_baseline, scores)
    per_row = log_baseline[:, tf.newaxis] if log_baseline.shape.rank == 1 else log_baseline
    joint = tf.reduce_mean(scores.joint - per_row)
    return 1.0 + joint - tf.reduce_mean(scores.marginal_mean_exp(log_baseline))


def interpolated(scores, log_baseline=None, alpha=0.01):
    """I_alpha: between InfoNCE (alpha = 1) and TUBA (alpha = 0), bias traded for variance.

    TUBA with the baseline ``a(x) = alpha mean_l exp(f(x, y_l)) + (1 - alpha) exp(log_baseline)``,
    l over M of the anchor's second views, the scored one among them::

        1 + mean_{i, k}(joint_i - log a_ik) - mean_i(mean_j exp(marginal_ij) / a_i)

    For a positive pair the mean runs over the positive and all negatives except the k-th, each k in
    turn (``a_ik``); for a negative pair over all negatives (``a_i``), without the positive, which
    depends on x. So candidates are left out over y, along the row of the anchor x. With the other
    y's fixed, this is TUBA with the critic ``f(x, y) - log a``, hence a bound. (The paper writes
    a(y), with x and y the other way round.)

    Args:
        scores: ``[K, K]`` or ``PairScores``. Every negative's score is read by itself, after
            the log-sum-exp of its row.
        log_baseline: as for ``tuba``; ``None`` means a constant 1.
        alpha: weight of the batch's own mean, a number from 0 (``tuba``) to 1: the mean over k of
            InfoNCE without candidate k, at most ``log M``, which ignores ``log_baseline``.

    Returns:
        Scalar, in nats. Never above ``1 + log(M / alpha)`` for alpha < 1: a_ik contains
        ``alpha / M`` of the positive's own exponential, and the subtracted term is not negative.
        The bound ``log(K / alpha)`` from the literature holds only where the subtracted term is at
        least 1, as at alpha = 1 or with a baseline that normalises.

    Raises:
        ValueError: if ``scores`` or ``log_baseline`` has the wrong shape, K < 2, or ``alpha`` is
            not in [0, 1].

    Reference: Poole et al. (2019), arXiv:1905.06922, section 2.4, and its code.
    """
    if checked_alpha(alpha) == 0.0:
        return tuba(scores, log_baseline)
    scores = pair_scores(scores)
    log_baseline = _checked_baseline(log_baseline, scores)
    log_alpha = math.log(alpha)
    log_constant = log_baseline + (math.log1p(-alpha) if alpha < 1.0 else -math.inf)
    log_weight = log_alpha - tf.math.log(scores.num_marginal)

    def log_share(joint, rest, constant):
        # joint - log a, with a / exp(joint) = weight (1 + exp(rest - joint)) + exp(constant -
        # joint): two softplus, so that no raw score is exponentiated.
        own = log_weight + tf.nn.softplus(rest - joint)
        return -own - tf.nn.softplus(constant - joint - own)

    # m / (alpha m + c), with m the mean of exp, is sigmoid(log(alpha m / c)) / alpha.
    log_odds = log_alpha + scores.marginal_log_mean_exp() - log_constant
    marginal = tf.exp(-tf.nn.softplus(-log_odds) - log_alpha)
    constants = tf.broadcast_to(log_constant, tf.shape(log_odds))
    return 1.0 + scores.leave_one_out_mean(log_share, constants) - tf.reduce_mean(marginal)


def _checked_baseline(log_baseline, scores):
    """``log_baseline`` as a scalar or ``[K]`` tensor of the scores' type; 0 if there is none."""
    dtype = scores.joint.dtype
    if log_baseline is None:
        log_baseline = 0.0
    if tf.is_tensor(log_baseline):
        # A layer's output may be of half precision.
        log_baseline = tf.cast(log_baseline, dtype)
    log_baseline = tensor(log_baseline, "log_baseline", dtype)
    rank = log_baseline.shape.rank
    anchors = scores.joint.shape[:1]
    if rank not in (0, 1) or (rank == 1 and not log_baseline.shape.is_compatible_with(anchors)):
        raise ValueError(
            "`log_baseline` must be a scalar or have one entry per row of scores, shape "
            f"{anchors}. Received: shape {log_baseline.shape}."
        )
    return log_baseline


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
