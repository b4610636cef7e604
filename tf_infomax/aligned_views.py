"""``AlignedViews``: encoders of two views, trained by alignment and uniformity."""

import keras
import tensorflow as tf

from tf_infomax.geometry import unit_norm
from tf_infomax.objectives.alignment_uniformity import alignment_uniformity_loss, check_weights
from tf_infomax.training.step import gradient_step

__all__ = ["AlignedViews"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class AlignedViews(keras.Model):
    """Learns unit codes of two views that agree pair by pair and cover the sphere.

    ``min over encoders of alignment_weight * L_align(x, y)
    + uniformity_weight * (L_uniform(x) + L_uniform(y)) / 2``: no critic, and no bound on mutual
    information. For pairs of one's own, as ``InfoMax``; for images and random views of them,
    ``DeepInfoMax`` with ``objectives.AlignmentUniformity``.

    Train with plain ``compile(optimizer)`` and ``fit`` on a ``tf.data`` set of pairs ``(x, y)``;
    the log has "loss", "alignment" and "uniformity". ``model.encode(x)`` gives the unit codes of
    first views, as ``keras.layers.UnitNormalization`` after the encoder would::

        model = AlignedViews(MLP((300, 300, 100)), MLP((300, 300, 100)))
        model.compile(optimizers.Adam(1e-3))
        model.fit(pairs.batch(128, drop_remainder=True), epochs=10)

    Args:
        encoder_1: Keras model of the first view, ``[K, ...] -> [K, D]``.
        encoder_2: of the second view; ``None`` means ``encoder_1`` for both.
        alignment_weight, uniformity_weight: 0 or more.
        exponent: alpha of the alignment; see ``geometry.alignment``.
        t: of the uniformity; see ``geometry.uniformity``.

    Call arguments:
        inputs: the pair ``(x, y)``, K >= 2 of each.  Returns both unit codes, ``[K, D]``.

    Raises:
        ValueError: on weights below 0, data that are not pairs, or codes of different widths.

    Reference: Wang and Isola (2020), arXiv:2005.10242, section 4.
    """

    def __init__(
        self,
        encoder_1,
        encoder_2=None,
        alignment_weight=1.0,
        uniformity_weight=1.0,
        exponent=2.0,
        t=2.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_weights(alignment_weight, uniformity_weight, exponent, t)
        self.encoder_1 = encoder_1
        self.encoder_2 = encoder_1 if encoder_2 is None else encoder_2
        self.alignment_weight = float(alignment_weight)
        self.uniformity_weight = float(uniformity_weight)
        self.exponent = float(exponent)
        self.t = float(t)
        self._means = {
            name: keras.metrics.Mean(name=name) for name in ("loss", "alignment", "uniformity")
        }

    @property
    def metrics(self):
        return list(self._means.values())

    def build(self, input_shape):
        for encoder, shape in zip((self.encoder_1, self.encoder_2), input_shape, strict=True):
            if not encoder.built:
                encoder.build(shape)
        self.built = True

    def call(self, inputs, training=False):
        x, y = inputs
        return (
            unit_norm(self.encoder_1(x, training=training)),
            unit_norm(self.encoder_2(y, training=training)),
        )

    def encode(self, x):
        """Unit codes of first views, ``[K, D]``, in inference mode."""
        return unit_norm(self.encoder_1(x, training=False))

    def _loss_and_metrics(self, x, y, training):
        codes = self((x, y), training=training)
        return alignment_uniformity_loss(
            *codes, self.alignment_weight, self.uniformity_weight, self.exponent, self.t
        )

    def update(self, x, y):
        """One training step on the pairs (x, y): the step of ``fit`` and of the experiments.

        Returns:
            Dict of scalars from before the update: "loss", "alignment" and "uniformity".
        """
        return gradient_step(
            lambda: self._loss_and_metrics(x, y, True), self.trainable_variables, self.optimizer
        )

    def train_step(self, data):
        x, y = _pair(data)
        if not self.built:
            self.build((x.shape, y.shape))
        return self._report(self.update(x, y))

    def test_step(self, data):
        loss, metrics = self._loss_and_metrics(*_pair(data), training=False)
        return self._report({"loss": loss, **metrics})

    def _report(self, values):
        for name, mean in self._means.items():
            mean.update_state(values[name])
        return self.get_metrics_result()

    def compute_output_shape(self, input_shape):
        encoders = (self.encoder_1, self.encoder_2)
        return tuple(
            tuple(encoder.compute_output_shape(shape))
            for encoder, shape in zip(encoders, input_shape, strict=True)
        )

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        shared = self.encoder_2 is self.encoder_1
        return {
            **super().get_config(),
            "encoder_1": serialize(self.encoder_1),
            "encoder_2": None if shared else serialize(self.encoder_2),
            "alignment_weight": self.alignment_weight,
            "uniformity_weight": self.uniformity_weight,
            "exponent": self.exponent,
            "t": self.t,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for name in ("encoder_1", "encoder_2"):
            if config[name] is not None:
                config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


def _pair(data):
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise ValueError(
            "AlignedViews trains on pairs: a tf.data set whose elements are (x, y), without labels "
            f"or weights. Received: {type(data).__name__}."
        )
    return tuple(tf.convert_to_tensor(view) for view in data)
