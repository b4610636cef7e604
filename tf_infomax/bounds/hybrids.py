"""Estimates of I(X; Y) whose gradient is that of another function of the same scores.

The reported and the maximised function differ: the value is in nats, the gradient belongs to a
function with a steadier gradient. Higher derivatives are those of the maximised function.
"""

import math

import tensorflow as tf

from tf_infomax.bounds.divergences import jsd
from tf_infomax.bounds.variational import donsker_varadhan, tuba
from tf_infomax.naming import arguments
from tf_infomax.numerics.tensors import tensor
from tf_infomax.scores.pairs import pair_scores

__all__ = ["js_nwj", "mine", "smile"]


def js_nwj(scores, shift=1.0):
    """Trained as JSD, read as NWJ: the value of ``nwj(scores + shift)``, the gradient of ``jsd``.

    JSD's optimal critic is log r, NWJ's is 1 + log r: with ``shift=1.0`` the critic that JSD trains
    is read where NWJ is tight. There the value is ``1 + mean(joint) - mean(exp(marginal))``.

    Args:
        scores: ``[K, K]`` or ``PairScores``.
        shift: added to all scores before they are read, a number. 0.0 reads the same scores twice,
            as the published code does: at JSD's optimum its value is ``I - 1/e``.

    Returns:
        Scalar, in nats, a lower bound in expectation for every critic and shift; unbounded above,
        its variance that of NWJ.

    Raises:
        ValueError: if ``scores`` has neither form, K < 2, or ``shift`` is not a finite number.

    Reference: Poole et al. (2019), arXiv:1905.06922, and its code (there with shift 0).
    """
    shift = arguments.number(shift, "shift", -math.inf, wanted="a finite number")
    scores = pair_scores(scores)
    # NWJ of scores + shift is TUBA of the scores with log a = 1 - shift.
    return _climbing(jsd(scores), tuba(scores, 1.0 - shift))


def smile(scores, clip=5.0):
    """SMILE: Donsker-Varadhan's value with clipped marginal scores, and the gradient of ``jsd``.

    ``mean(joint) - log mean(exp(clip(marginal, -clip, clip)))``

    Args:
        scores: ``[K, K]`` or ``PairScores``.
        clip: tau, a positive number; ``None`` or infinity clips nothing: a Donsker-Varadhan value
            whose critic is trained as JSD.

    Returns:
        Scalar, in nats. **Not a bound**: without the scores beyond ``clip`` the subtracted
        logarithm is biased, and the value can exceed I(X; Y). In exchange the variance of the mean
        inside the logarithm is at most ``(e^clip - e^-clip)^2 / (4 M K)`` for independent pairs.

    Raises:
        ValueError: if ``scores`` has neither form, K < 2, or ``clip`` is not positive.

    Reference: Song and Ermon (2020), arXiv:1910.06222, and its code.
    """
    if clip is not None and clip is not math.inf and clip != math.inf:
        clip = arguments.number(clip, "clip", exclusive=True, wanted="positive, or None")
    scores = pair_scores(scores)
    if clip is None or math.isinf(clip):
        value = donsker_varadhan(scores)
    else:
        value = tf.reduce_mean(scores.joint) - scores.clipped_log_mean_exp(clip)
    return _climbing(jsd(scores), value)


def mine(scores, log_average=None):
    """MINE: Donsker-Varadhan's value, and its gradient with a moving average in the denominator.

    The value is ``donsker_varadhan(scores)``, the gradient that of ``mean(joint) -
    mean(exp(marginal)) / m``, m a moving average that is held constant: the batch's own mean in its
    place, which Donsker-Varadhan divides by, biases the gradient.

    Args:
        scores: ``[K, K]`` or ``PairScores``.
        log_average: log m, a scalar, this batch included: ``moving_average.updated_log_average``
            of ``PairScores.log_mean_exp``, whose state is the caller's. ``None`` is the batch's own
            mean, which is ``donsker_varadhan`` itself.

    Returns:
        Scalar, in nats, with the bias and variance of Donsker-Varadhan.

    Raises:
        ValueError: if ``scores`` has neither form, K < 2, or ``log_average`` is not a scalar.

    Reference: Belghazi et al. (2018), arXiv:1801.04062, section 3.2.
    """
    scores = pair_scores(scores)
    value = donsker_varadhan(scores)
    if log_average is None:
        return value
    if tf.is_tensor(log_average):
        log_average = tf.cast(log_average, value.dtype)
    log_average = tf.stop_gradient(tensor(log_average, "log_average", value.dtype))
    if log_average.shape.rank != 0:
        raise ValueError(
            f"`log_average` must be a scalar. Received: log_average of shape {log_average.shape}."
        )
    ratios = tf.reduce_mean(scores.marginal_mean_exp(log_average))
    return _climbing(tf.reduce_mean(scores.joint) - ratios, value)


def _climbing(climbed, value):
    """``value``, with the gradient of ``climbed``."""
    # The usual `climbed + stop_gradient(value - climbed)` is NaN where both are infinite, and
    # loses the digits of the smaller one everywhere.
    return _with_gradient(climbed, tf.stop_gradient(value))


@tf.custom_gradient
def _with_gradient(climbed, value):
    del climbed
    return tf.identity(value), lambda upstream: (upstream, tf.zeros_like(upstream))
