"""``AlignedViews``: encoders of two views, trained by alignment and uniformity."""

import keras

from tf_infomax.models.pairs import PairModel
from tf_infomax.numerics.geometry import unit_norm
from tf_infomax.objectives import AlignmentUniformity

__all__ = ["AlignedViews"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class AlignedViews(PairModel):
    """Learns unit codes of two views that agree pair by pair and cover the sphere.

    ``min over encoders of alignment_weight * L_align(x, y)
    + uniformity_weight * (L_uniform(x) + L_uniform(y)) / 2``: no critic, and no bound on mutual
    information. Takes pairs, as ``InfoMax`` does; for images and random views of them, use
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

    call_names = ("code_1", "code_2")

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
        term = AlignmentUniformity(
            alignment_weight, uniformity_weight, exponent, t, endpoint="code", views=self.VIEWS
        )
        super().__init__(encoder_1, encoder_2, term, **kwargs)

    def call(self, inputs, training=False):
        x, y = self._both(inputs)
        return (
            unit_norm(self.encoder_1(x, training=training)),
            unit_norm(self.encoder_2(y, training=training)),
        )

    def predict_on(self, batch):
        return self(batch.inputs)

    def encode(self, x):
        """Unit codes of first views, ``[K, D]``, in inference mode."""
        return unit_norm(self.encoder_1(x, training=False))

    def compute_output_shape(self, input_shape):
        encoders = (self.encoder_1, self.encoder_2)
        return tuple(
            tuple(encoder.compute_output_shape(shape))
            for encoder, shape in zip(encoders, input_shape, strict=True)
        )

    def get_config(self):
        term = self.term.get_config()
        own = ("alignment_weight", "uniformity_weight", "exponent", "t")
        return {**super().get_config(), **{key: term[key] for key in own}}
