"""MINE's correction of the Donsker-Varadhan gradient: a moving average in the denominator."""

import math

import tensorflow as tf

__all__ = ["RATE", "corrected_loss", "updated_log_average"]

# Default weight of a batch in the moving average.
RATE = 0.01


def updated_log_average(log_average, log_mean, rate, step):
    """Moving average of ``mean(exp(scores))``, in logarithms, without the bias of its start.

    ``m <- (1 - rate) m + rate batch mean``, from 0; divided by ``1 - (1 - rate)^(step + 1)``.

    Args:
        log_average: log m before the batch; ``-inf`` at step 0.
        log_mean: log of the batch mean.
        rate: weight of a batch, in (0, 1].
        step: batches seen before, a float scalar tensor.

    Returns:
        (log m with the batch, the same with the bias of its start removed), scalars.
    """
    old = log_average + (math.log1p(-rate) if rate < 1.0 else -math.inf)
    log_average = tf.reduce_logsumexp(tf.stack([old, log_mean + math.log(rate)]))
    return log_average, log_average - tf.math.log(1.0 - (1.0 - rate) ** (step + 1.0))


def corrected_loss(joint, marginal, log_average):
    """``-(mean(joint) - mean(exp(marginal - log_average)))``, for its gradient only.

    The gradient of the batch's own Donsker-Varadhan value divides by the batch's mean of
    ``exp(marginal)``, which biases it; here a moving average that is held constant takes its place.
    As the average includes the batch with weight ``rate``, nothing overflows.

    Args:
        joint: scores of positives, any shape.
        marginal: scores of negatives, any shape.
        log_average: scalar, log of the moving average, this batch included.

    Reference: Belghazi et al. (2018), arXiv:1801.04062, section 3.2.
    """
    ratios = tf.exp(marginal - tf.stop_gradient(log_average))
    return tf.reduce_mean(ratios) - tf.reduce_mean(joint)
