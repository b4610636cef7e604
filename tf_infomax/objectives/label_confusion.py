"""The label game: a classifier of codes, and an encoder that hides the labels from it.

Tschannen et al. (2020), section 3.1 and Fig. 1c.
"""

import math

import keras
import tensorflow as tf

from tf_infomax.naming.arguments import integer, seed_or_none
from tf_infomax.objectives import options
from tf_infomax.objectives.features import flat
from tf_infomax.objectives.labelled import labelled_cross_entropy
from tf_infomax.objectives.player import Player
from tf_infomax.objectives.term import Term, checked_endpoint

__all__ = ["LabelConfusion", "classifier_loss", "uniform_label_loss"]


def classifier_loss(logits, labels):
    """Mean cross-entropy of the labels, in nats; examples labelled -1 do not count.

    Args:
        logits: ``[K, C]``.
        labels: integers ``[K]``, 0 .. C-1, or -1 where there is none.

    Raises as ``labelled_cross_entropy``.
    """
    return labelled_cross_entropy(logits, labels)[0]


def uniform_label_loss(logits):
    """Mean cross-entropy to the uniform label distribution, in nats; at least ``log C``.

    It is KL(uniform || predicted) + log C: smallest where the classifier knows nothing.

    Args:
        logits: ``[K, C]``.
    """
    log_probabilities = tf.nn.log_softmax(logits, axis=-1)
    return -tf.reduce_mean(tf.reduce_mean(log_probabilities, axis=-1))


@keras.saving.register_keras_serializable(package="tf_infomax")
class LabelConfusion(Term):
    """Hide the labels from a linear classifier that is trained in turns with the encoder.

    The classifier is a separate player. It takes ``classifier_steps`` steps, each on a new batch,
    before every step of the encoder, which moves towards uniform predictions. Examples labelled -1
    do not count for the classifier.

    Args:
        num_classes: C.
        endpoint: the code that the classifier reads.
        warmup_steps: steps of the classifier before the first of the encoder.
        classifier_steps: steps of the classifier in each round.
        weight: factor of the encoder's loss.
        seed: int for reproducible weights of the classifier, or ``None``.

    Reference: Tschannen et al. (2020), arXiv:1907.13625, section 3.1, Fig. 1c.
    """

    label = "label_confusion"
    row_metrics = {  # noqa: RUF012 - a constant
        "classifier_loss": "classifier/cross_entropy",
        "uniform_cross_entropy": "encoder/uniform_cross_entropy",
    }
    needs_labels = True

    def __init__(
        self,
        num_classes,
        endpoint=options.LabelConfusion.endpoint,
        warmup_steps=options.LabelConfusion.warmup_steps,
        classifier_steps=options.LabelConfusion.classifier_steps,
        weight=1.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        self.num_classes = integer(num_classes, "num_classes", 2, "2 or more")
        self.endpoint = checked_endpoint(endpoint)
        self.warmup_steps = integer(warmup_steps, "warmup_steps", 0, "0 or more")
        self.classifier_steps = integer(classifier_steps, "classifier_steps", 1, "1 or more")
        self.seed = seed_or_none(seed)
        self.classifier = keras.layers.Dense(
            num_classes,
            kernel_initializer=keras.initializers.GlorotUniform(self.seed),
            dtype=self.dtype_policy,
            name="classifier",
        )

    def connect(self, encoded):
        self.classifier.build((None, math.prod(encoded.shape(self.endpoint))))
        self._finish_connect()

    @property
    def players(self):
        return (
            Player(
                "classifier",
                self.classifier.trainable_variables,
                self.classifier_loss,
                metric="classifier_loss",
                unit="nats",
                steps=self.classifier_steps,
                own_batches=True,
                warmup_steps=self.warmup_steps,
            ),
        )

    @property
    def metric_units(self):
        return {"uniform_cross_entropy": "nats"}

    def logits(self, features):
        """The classifier's logits ``[K, C]`` of the codes of a batch."""
        return self.classifier(flat(features.read(self.endpoint)))

    def loss(self, features):
        value = uniform_label_loss(self.logits(features))
        return self.weight * value, {"uniform_cross_entropy": value}

    def classifier_loss(self, features):
        """(mean cross-entropy of the labels in nats, no metrics); the encoder is held fixed."""
        codes = tf.stop_gradient(flat(features.read(self.endpoint)))
        if features.labels is None:
            raise ValueError("The label game needs labels. Received: examples without labels.")
        return classifier_loss(self.classifier(codes), features.labels), {}

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "endpoint": self.endpoint,
            "warmup_steps": self.warmup_steps,
            "classifier_steps": self.classifier_steps,
            "seed": self.seed,
        }
