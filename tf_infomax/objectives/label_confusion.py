"""The two sides of the label game: a classifier of codes, and an encoder that confuses it.

Tschannen et al. (2020), section 3.1 and Fig. 1c.
"""

import tensorflow as tf

__all__ = ["classifier_loss", "uniform_label_loss"]


def classifier_loss(logits, labels):
    """Mean cross-entropy of the labels, in nats.

    Args:
        logits: ``[K, C]``.
        labels: int ``[K]``, 0 .. C-1.
    """
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    )


def uniform_label_loss(logits):
    """Mean cross-entropy of the uniform label distribution, in nats; ``log C`` at best.

    It is KL(uniform || predicted) + log C: smallest where the classifier knows nothing.

    Args:
        logits: ``[K, C]``.
    """
    log_probabilities = tf.nn.log_softmax(logits, axis=-1)
    return -tf.reduce_mean(tf.reduce_mean(log_probabilities, axis=-1))
