"""Supervised learning, with which learning without labels is compared."""

import math

import keras
import tensorflow as tf

from tf_infomax.layers.released import Dense
from tf_infomax.naming.arguments import integer, seed_or_none
from tf_infomax.objectives import options
from tf_infomax.objectives.labelled import labelled_cross_entropy
from tf_infomax.objectives.term import Term, checked_endpoint

__all__ = ["Classification"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class Classification(Term):
    """Cross-entropy of a linear classifier on an endpoint: a fully supervised encoder.

    Images labelled -1 do not count; a batch without any label has loss 0.

    Args:
        num_classes: C.
        endpoint: what the classifier reads.
        weight: factor of the loss.
        seed: int for reproducible weights, or ``None``.

    Raises:
        ValueError: if ``num_classes`` is below 2; from ``loss``, on images without labels, or
            labels that are not integers ``[K]``.
        tf.errors.InvalidArgumentError: from a training step, on labels below -1 or of no class.
            XLA compiles no assertions: there the loss is NaN.
    """

    label = "classification"
    needs_labels = True

    def __init__(
        self,
        num_classes,
        endpoint=options.Classification.endpoint,
        weight=options.Classification.weight,
        seed=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        self.num_classes = integer(num_classes, "num_classes", 2, "2 or more")
        self.endpoint = checked_endpoint(endpoint)
        self.seed = seed_or_none(seed)
        self.classifier = Dense(
            self.num_classes, seed=self.seed, dtype=self.dtype_policy, name="classifier"
        )

    def connect(self, encoded):
        self.classifier.build((None, math.prod(encoded.shape(self.endpoint))))
        self._finish_connect()

    @property
    def metric_units(self):
        return {"classification_loss": "nats", "classification_accuracy": "fraction"}

    def loss(self, features):
        return self.loss_of(features.read(self.endpoint), features.labels)

    def loss_of(self, values, labels):
        """(loss, metrics) of features that need not be the encoder's own endpoint.

        Args:
            values: ``[K, ...]``, of the size of the endpoint.
            labels: integers ``[K]``, -1 where there is none; ``None`` is an error.
        """
        if labels is None:
            raise ValueError("Classification needs labels. Received: images without labels.")
        logits = self.classifier(tf.reshape(values, [tf.shape(values)[0], -1]))
        loss, accuracy = labelled_cross_entropy(logits, labels)
        metrics = {"classification_loss": loss, "classification_accuracy": accuracy}
        return self.weight * loss, metrics

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "endpoint": self.endpoint,
            "seed": self.seed,
        }
