"""Supervised learning of attributes: yes-or-no facts, several of which may hold of one image."""

import math

import keras
import tensorflow as tf

from tf_infomax.layers.released import Dense
from tf_infomax.naming.arguments import integer, seed_or_none
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives import options
from tf_infomax.objectives.batch_checks import checked_range
from tf_infomax.objectives.features import flat
from tf_infomax.objectives.term import Term, checked_endpoint

__all__ = ["AttributeClassification"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class AttributeClassification(Term):
    """Binary cross-entropy of a linear classifier of every attribute: a multi-label encoder.

    Batches must hold "attributes", ``[K, A]`` of 0 and 1: the experiments' batches of a data set
    with attributes (CelebA's 40) do; ``fit`` takes ``{"images": ..., "attributes": ...}``.

    Args:
        num_attributes: A.
        endpoint: what the classifier reads.
        weight: factor of the loss.
        seed: int for reproducible weights, or ``None``.

    Raises:
        ValueError: if ``num_attributes`` is below 1; from ``loss``, on batches without attributes,
            or with attributes that are not integers ``[K, A]``.
        tf.errors.InvalidArgumentError: from a training step, on attributes other than 0 and 1.
            XLA compiles no assertions: there the loss is NaN.

    Reference: the classifier of CelebA's attributes in Hjelm et al. (2019), arXiv:1808.06670,
    appendix A.5, is measured on frozen codes; training the encoder with them is ours.
    """

    label = "attributes"

    def __init__(
        self,
        num_attributes,
        endpoint=options.AttributeClassification.endpoint,
        weight=options.AttributeClassification.weight,
        seed=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        self.num_attributes = integer(num_attributes, "num_attributes")
        self.endpoint = checked_endpoint(endpoint)
        self.seed = seed_or_none(seed)
        self.classifier = Dense(
            self.num_attributes, seed=self.seed, dtype=self.dtype_policy, name="classifier"
        )

    def connect(self, encoded):
        self.classifier.build((None, math.prod(encoded.shape(self.endpoint))))
        self._finish_connect()

    @property
    def metric_units(self):
        return {"attributes_loss": "nats", "attributes_accuracy": "fraction"}

    def loss(self, features):
        attributes = features.fact("attributes")
        if attributes is None:
            raise ValueError(
                "Attributes are learned from batches that hold them, such as those of celeb_a. "
                "Received: a batch without 'attributes'."
            )
        if not attributes.shape.is_compatible_with([None, self.num_attributes]):
            raise ValueError(
                f"Attributes must be 0 or 1, of shape [K, {self.num_attributes}]: `num_attributes` "
                f"of every example. Received: attributes of shape {attributes.shape}."
            )
        if not attributes.shape.is_fully_defined():
            check = tf.debugging.assert_equal(
                tf.shape(attributes)[1:], [self.num_attributes],
                f"Attributes must have the shape [K, {self.num_attributes}] of `num_attributes`.",
            )  # fmt: skip
            with tf.control_dependencies([check]):
                attributes = tf.ensure_shape(attributes, [None, self.num_attributes])
        attributes = checked_range(attributes, "attributes", 0, 1, "Attributes must be 0 or 1.")
        logits = wide(self.classifier(flat(features.read(self.endpoint))))
        # The cross-entropy of other numbers has no lower limit, and would be trained towards it.
        is_known = tf.equal(attributes, 0) | tf.equal(attributes, 1)
        wanted = tf.where(is_known, tf.cast(attributes, logits.dtype), math.nan)
        # Sums over the attributes would depend on how many there are.
        loss = tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=logits)
        )
        hits = tf.cast(tf.equal(logits > 0.0, wanted > 0.5), logits.dtype)
        metrics = {"attributes_loss": loss, "attributes_accuracy": tf.reduce_mean(hits)}
        return self.weight * loss, metrics

    def get_config(self):
        return {
            **super().get_config(),
            "num_attributes": self.num_attributes,
            "endpoint": self.endpoint,
            "seed": self.seed,
        }
