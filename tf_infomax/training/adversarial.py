"""A classifier of codes against an encoder that hides the labels from it."""

import tensorflow as tf

from tf_infomax.objectives import classifier_loss, uniform_label_loss
from tf_infomax.training.step import gradient_step

__all__ = ["AdversarialGame"]


class AdversarialGame:
    """Two players, two optimizers; each step moves its own player's variables only.

    Args:
        encoder: Keras model, ``[K, D] -> [K, code]``.
        classifier: Keras model or layer, ``[K, code] -> [K, C]`` logits.
        encoder_optimizer, classifier_optimizer: Keras optimizers, one for each player.

    Reference: Tschannen et al. (2020), section 3.1, Fig. 1c.
    """

    def __init__(self, encoder, classifier, encoder_optimizer, classifier_optimizer):
        if encoder_optimizer is classifier_optimizer:
            raise ValueError("Each player needs an optimizer of its own. Received: one for both.")
        self.encoder = encoder
        self.classifier = classifier
        self.encoder_optimizer = encoder_optimizer
        self.classifier_optimizer = classifier_optimizer

    def classifier_step(self, x, labels):
        """Teaches the classifier the labels of ``encoder(x)``; returns its loss in nats."""
        return self.classifier_step_on_codes(self.encoder(x), labels)

    def classifier_step_on_codes(self, codes, labels):
        """As ``classifier_step``, from codes that are there already."""
        codes = tf.stop_gradient(codes)
        return gradient_step(
            lambda: (classifier_loss(self.classifier(codes), labels), {}),
            self.classifier.trainable_variables,
            self.classifier_optimizer,
        )["loss"]

    def encoder_step(self, x):
        """Moves the encoder towards uniform predictions; returns its loss in nats."""
        return gradient_step(
            lambda: (uniform_label_loss(self.classifier(self.encoder(x, training=True))), {}),
            self.encoder.trainable_variables,
            self.encoder_optimizer,
        )["loss"]

    def round(self, x, labels, classifier_steps):
        """``classifier_steps`` steps of the classifier, then one of the encoder.

        The encoder stands still while the classifier learns, so all of the classifier's batches
        are encoded in one pass: the same numbers, in larger products of matrices.

        Args:
            x: ``[(classifier_steps + 1) K, D]``, the batches one after the other.
            labels: int ``[(classifier_steps + 1) K]``.
            classifier_steps: how often the classifier moves.

        Returns:
            Losses in nats, before each update: (mean over the classifier's steps, encoder's).
        """
        batch_size = x.shape[0] // (classifier_steps + 1)
        for_classifier = batch_size * classifier_steps
        codes = self.encoder(x[:for_classifier])
        losses = [
            self.classifier_step_on_codes(
                codes[start : start + batch_size], labels[start : start + batch_size]
            )
            for start in range(0, for_classifier, batch_size)
        ]
        return tf.reduce_mean(tf.stack(losses)), self.encoder_step(x[for_classifier:])
