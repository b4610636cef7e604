"""Cross-entropy of the labels of a batch, of which some may be missing."""

import tensorflow as tf

from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives.batch_checks import checked_range

__all__ = ["labelled_cross_entropy"]


def labelled_cross_entropy(logits, labels):
    """(mean cross-entropy in nats, fraction classified rightly) of the examples with a label.

    Both are 0 of a batch without any label.

    Args:
        logits: ``[K, C]``.
        labels: integers ``[K]``, 0 .. C-1, or -1 where there is none.

    Raises:
        ValueError: on labels that are not integers ``[K]``; on a label below -1 or of no class, if
            the labels are known.
        tf.errors.InvalidArgumentError: on such a label from the graph. XLA compiles no assertions:
            there the loss is NaN.
    """
    labels = tf.convert_to_tensor(labels)
    if not labels.dtype.is_integer or labels.shape.rank != 1:
        raise ValueError(
            "Labels must be integers of shape [K]. "
            f"Received: {labels.dtype.name} of shape {labels.shape}."
        )
    last = logits.shape[-1] - 1
    labels = checked_range(
        tf.cast(labels, tf.int64), "labels", -1, last,
        f"Labels must be classes, 0 to {last}, or -1 where there is none.",
    )  # fmt: skip
    logits = wide(logits)
    labelled = tf.not_equal(labels, -1)
    labels = tf.where(labelled, labels, 0)
    weights = tf.cast(labelled, logits.dtype)
    weights /= tf.maximum(tf.reduce_sum(weights), 1.0)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    hits = tf.cast(tf.equal(tf.argmax(logits, -1), labels), logits.dtype)
    return tf.reduce_sum(weights * losses), tf.reduce_sum(weights * hits)
