"""The small classifier of the non-linear probes, and its loss on partly labelled batches."""

import keras
import tensorflow as tf

from tf_infomax.layers.released import BatchNormalization, Dense
from tf_infomax.naming import arguments
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["ClassifierHead", "labelled_accuracy", "labelled_cross_entropy"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class ClassifierHead(keras.Model):
    """One hidden layer: ``flatten -> dense -> dropout -> batch norm -> ReLU -> dense``.

    Dropout comes before batch norm, as released.

    Args:
        num_classes: classes, 2 or more.
        hidden_units: width of the hidden layer.
        dropout: fraction of hidden units dropped in training.
        hidden_bias: whether the hidden layer has a bias besides batch norm's, as released.
        seed: int for reproducible weights and dropout, or ``None``.

    Call arguments:
        inputs: ``[K, ...]``, maps channels last.  Returns logits ``[K, num_classes]``.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 4; sizes by the released code.
    """

    def __init__(
        self, num_classes, hidden_units=200, dropout=0.1, hidden_bias=True, seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.num_classes = num_classes = arguments.integer(num_classes, "num_classes", 2)
        self.hidden_units = hidden_units = arguments.integer(hidden_units, "hidden_units")
        self.dropout = dropout = arguments.fraction(dropout, "dropout", zero=True)
        self.hidden_bias = hidden_bias
        self.seed = seed
        policy = self.dtype_policy
        self.flatten = keras.layers.Flatten("channels_last", dtype=policy, name="flatten")
        self.hidden = Dense(hidden_units, hidden_bias, seed=seed, dtype=policy, name="hidden")
        self.drop = keras.layers.Dropout(
            dropout, seed=layer_seed(seed, 1), dtype=policy, name="dropout"
        )
        self.normalization = BatchNormalization(dtype=policy, name="batch_norm")
        self.logits = Dense(num_classes, seed=layer_seed(seed, 2), dtype=policy, name="logits")

    def build(self, input_shape):
        size = 1
        for side in input_shape[1:]:
            size *= side
        self.flatten.build(input_shape)
        self.hidden.build((None, size))
        self.normalization.build((None, self.hidden_units))
        self.logits.build((None, self.hidden_units))
        self.built = True

    def call(self, inputs, training=False):
        hidden = self.drop(self.hidden(self.flatten(inputs)), training=training)
        return self.logits(tf.nn.relu(self.normalization(hidden, training=training)))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.num_classes)

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "hidden_units": self.hidden_units,
            "dropout": self.dropout,
            "hidden_bias": self.hidden_bias,
            "seed": self.seed,
        }


def labelled_cross_entropy(labels, logits):
    """Mean cross-entropy over the labelled rows, in nats; 0 where there is none.

    Args:
        labels: int ``[K]``, -1 for unlabelled.
        logits: ``[K, C]``.
    """
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.maximum(labels, 0), logits=_at_least_float32(logits)
    )
    return _labelled_mean(losses, labels)


def labelled_accuracy(labels, logits, k=1):
    """Fraction of the labelled rows whose label is among the ``k`` largest logits.

    Rows with NaN count as wrong; if ``k`` is at least the number of classes, all others are right.
    """
    k = min(k, logits.shape[-1])
    hits = tf.math.in_top_k(tf.maximum(labels, 0), tf.cast(logits, tf.float32), k)
    return _labelled_mean(tf.cast(hits, tf.float32), labels)


def _at_least_float32(logits):
    return logits if logits.dtype == tf.float64 else tf.cast(logits, tf.float32)


def _labelled_mean(values, labels):
    labelled = labels >= 0
    # Selected, not multiplied: an unlabelled row may hold NaN.
    total = tf.reduce_sum(tf.where(labelled, values, tf.zeros_like(values)))
    return tf.math.divide_no_nan(total, tf.reduce_sum(tf.cast(labelled, values.dtype)))
