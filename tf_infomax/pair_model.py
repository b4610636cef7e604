"""What Keras models of two views share: encoders, the step on pairs, and what it logs."""

import keras

from tf_infomax.arguments import callable_layer
from tf_infomax.models.base import SelfSupervisedModel
from tf_infomax.models.batches import PAIRS
from tf_infomax.training.step import gradient_step

__all__ = ["PairModel"]


class PairModel(SelfSupervisedModel):
    """Two encoders, trained on pairs by ``fit`` and by ``update`` alike.

    A subclass says what the loss is (``loss_and_metrics``), and what ``call`` and ``build`` do
    besides the encoders. ``predict`` gives the codes of both views.

    Args:
        encoder_1: Keras model of the first view.
        encoder_2: of the second view; ``None`` means ``encoder_1`` for both.
        logged: names of the metrics, besides "loss".
    """

    form = PAIRS

    def __init__(self, encoder_1, encoder_2, logged, **kwargs):
        super().__init__(**kwargs)
        wanted = "a Keras model of a view, such as encoders.MLP((300, 100))"
        self.encoder_1 = callable_layer(encoder_1, "encoder_1", wanted)
        if encoder_2 is None:
            encoder_2 = encoder_1
        self.encoder_2 = callable_layer(encoder_2, "encoder_2", f"{wanted}, or None")
        self.metric_names = ("loss", *logged)
        self.make_means()

    def build(self, input_shape):
        for encoder, shape in zip((self.encoder_1, self.encoder_2), input_shape, strict=True):
            if not encoder.built:
                encoder.build(shape)
        self._build_on_codes(input_shape)
        self.built = True

    def _build_on_codes(self, input_shape):
        """Weights of what reads the codes, if there is anything; both encoders have theirs."""

    def loss_and_metrics(self, x, y, training):
        """(scalar loss, dict of what else is logged) of the pairs (x, y)."""
        raise NotImplementedError

    def update(self, x, y):
        """One training step on the pairs (x, y): the step of ``fit`` and of the experiments.

        Returns:
            Dict of scalars from before the update: "loss" and what else is logged.
        """
        return gradient_step(
            lambda: self.loss_and_metrics(x, y, True), self.trainable_variables, self.optimizer
        )

    def train_on(self, batch):
        return self.update(*batch.inputs)

    def test_on(self, batch):
        loss, metrics = self.loss_and_metrics(*batch.inputs, training=False)
        return {"loss": loss, **metrics}

    def predict_on(self, batch):
        x, y = batch.inputs
        return self.encoder_1(x, training=False), self.encoder_2(y, training=False)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        shared = self.encoder_2 is self.encoder_1
        return {
            **super().get_config(),
            "encoder_1": serialize(self.encoder_1),
            "encoder_2": None if shared else serialize(self.encoder_2),
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for name in ("encoder_1", "encoder_2"):
            if isinstance(config[name], dict):
                config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)
