"""Reductions of rows of scores, ``[R, M] -> [R]``; ``-inf`` is where there is no pair."""

import numpy as np
import tensorflow as tf

__all__ = ["clipped_logsumexp", "leave_one_out_sum", "sum_of", "sum_of_exp"]


def sum_of(function, marginal):
    """``sum_j function(marginal_j)``; ``function`` is not evaluated where there is no pair."""
    # Selected twice: whatever `function` makes of the stand-in is not selected, and its gradient
    # there is that of a constant.
    absent = tf.equal(marginal, -np.inf)
    nothing = tf.zeros_like(marginal)
    values = function(tf.where(absent, nothing, marginal))
    return tf.reduce_sum(tf.where(absent, nothing, values), axis=1)


def sum_of_exp(marginal, shift):
    """``sum_j exp(marginal_j - shift)``, shift ``[R]``."""
    return tf.reduce_sum(tf.exp(marginal - shift[:, tf.newaxis]), axis=1)


def clipped_logsumexp(marginal, limit):
    """``log sum_j exp(clip(marginal_j, -limit, limit))``."""
    absent = tf.equal(marginal, -np.inf)
    clipped = tf.where(absent, marginal, tf.clip_by_value(marginal, -limit, limit))
    return tf.reduce_logsumexp(clipped, axis=1)


def leave_one_out_sum(function, marginal, joint, *per_anchor):
    """``sum_k function(joint, rest_k, *per_anchor)``, averaged over an anchor's positives.

    ``rest_k`` is the log-sum-exp of the row without its k-th score, joint ``[R, P]``.
    """
    values = function(
        joint[:, :, tf.newaxis],
        _sums_without_each(marginal)[:, tf.newaxis, :],
        *(numbers[:, tf.newaxis, tf.newaxis] for numbers in per_anchor),
    )
    absent = tf.equal(marginal, -np.inf)[:, tf.newaxis, :]
    values = tf.where(absent, tf.zeros_like(values), values)
    return tf.reduce_mean(tf.reduce_sum(values, axis=2), axis=1)


def _sums_without_each(marginal):
    """Log of the sum of exp of a row's other scores, for each of them, [R, M]."""
    nothing = tf.constant(-np.inf, marginal.dtype)
    places = tf.range(tf.shape(marginal)[1])
    top = tf.argmax(marginal, axis=1, output_type=tf.int32)
    is_top = tf.equal(places[tf.newaxis, :], top[:, tf.newaxis])
    others = tf.where(is_top, nothing, marginal)
    # The log-sum-exp of no pairs is -inf, but its gradient is NaN: entries without a pair are left
    # out beforehand.
    has_others = tf.reduce_any(tf.not_equal(others, nothing), axis=1, keepdims=True)
    without_top = tf.reduce_logsumexp(
        tf.where(has_others, others, marginal), axis=1, keepdims=True
    )
    without_top = tf.where(has_others, without_top, nothing)
    # For all but the largest score, subtract it from the sum of all, which contains a 1 for the
    # largest. Subtracting that 1 would cancel digits, so its sum is computed anew.
    shift = tf.stop_gradient(tf.reduce_max(marginal, axis=1, keepdims=True))
    ratios = tf.exp(marginal - shift)
    left_out = tf.where(is_top, tf.zeros_like(ratios), ratios)
    sums = tf.reduce_sum(ratios, axis=1, keepdims=True) - left_out
    return tf.where(is_top, without_top, shift + tf.math.log(sums))
