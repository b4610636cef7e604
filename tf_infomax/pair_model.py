"""What Keras models of two views share: encoders, the step on pairs, and what it logs."""

import keras
import tensorflow as tf

from tf_infomax.training.step import gradient_step

__all__ = ["PairModel"]


class PairModel(keras.Model):
    """Two encoders, trained on pairs by ``fit`` and by ``update`` alike.

    A subclass says what the loss is (``loss_and_metrics``), and what ``call`` and ``build`` do
    besides the encoders.

    Args:
        encoder_1: Keras model of the first view.
        encoder_2: of the second view; ``None`` means ``encoder_1`` for both.
        logged: names of the metrics, besides "loss".
    """

    def __init__(self, encoder_1, encoder_2, logged, **kwargs):
        super().__init__(**kwargs)
        self.encoder_1 = encoder_1
        self.encoder_2 = encoder_1 if encoder_2 is None else encoder_2
        self._means = {name: keras.metrics.Mean(name=name) for name in ("loss", *logged)}

    @property
    def metrics(self):
        return list(self._means.values())

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

    def train_step(self, data):
        x, y = self._pair(data)
        if not self.built:
            self.build((x.shape, y.shape))
        return self._report(self.update(x, y))

    def test_step(self, data):
        loss, metrics = self.loss_and_metrics(*self._pair(data), training=False)
        return self._report({"loss": loss, **metrics})

    def _report(self, values):
        for name, mean in self._means.items():
            mean.update_state(values[name])
        return self.get_metrics_result()

    def _pair(self, data):
        if not isinstance(data, (tuple, list)) or len(data) != 2:
            received = type(data).__name__
            if isinstance(data, (tuple, list)):
                received = f"a {received} of {len(data)}"
            raise ValueError(
                f"{type(self).__name__} trains on pairs: a tf.data set whose elements are (x, y), "
                f"without labels or weights. Received: {received}."
            )
        x, y = (tf.convert_to_tensor(view) for view in data)
        if not x.shape[:1].is_compatible_with(y.shape[:1]):
            raise ValueError(
                "Both views of a batch must have the same number of rows. "
                f"Received: x of shape {x.shape}, y of shape {y.shape}."
            )
        return x, y

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
