"""What models of pairs share: two encoders, one term, and pairs ``(x, y)`` as data."""

import keras
import tensorflow as tf

from tf_infomax.models.representation import RepresentationModel

__all__ = ["PairModel"]


class PairModel(RepresentationModel):
    """Two encoders, trained on pairs ``(x, y)`` with one term.

    Args:
        encoder_1: Keras model of the first view.
        encoder_2: of the second view; ``None`` means ``encoder_1`` for both.
        term: ``objectives.Term`` on "view_1" and "view_2".
        encoder_chunk: see ``RepresentationModel``.
    """

    VIEWS = ("view_1", "view_2")

    def __init__(self, encoder_1, encoder_2, term, encoder_chunk=None, **kwargs):
        encoder_2 = encoder_1 if encoder_2 is None else encoder_2
        encoders = dict(zip(self.VIEWS, (encoder_1, encoder_2), strict=True))
        super().__init__(encoders, [term], encoder_chunk=encoder_chunk, **kwargs)

    @property
    def encoder_1(self):
        """Encoder of the first view."""
        return self.encoders["view_1"]

    @property
    def encoder_2(self):
        """Encoder of the second view, which may be that of the first."""
        return self.encoders["view_2"]

    @property
    def term(self):
        """What is minimised."""
        return self.objectives[0]

    def update(self, x, y):
        """One training step on the pairs (x, y); see ``step``."""
        return self.step({"views": {"view_1": x, "view_2": y}})

    def loss_and_metrics(self, x, y, training):
        """(loss, dict of metrics) of the pairs (x, y)."""
        return self.loss_of({"views": {"view_1": x, "view_2": y}}, training)

    def _view_shapes(self, input_shape):
        return {
            view: tuple(shape) for view, shape in zip(self.VIEWS, input_shape, strict=True)
        }

    def _shapes_of(self, batch):
        return tuple(batch["views"][view].shape for view in self.VIEWS)

    def _batch(self, data):
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
        return {"views": {"view_1": x, "view_2": y}}

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        shared = self.encoder_2 is self.encoder_1
        config = super().get_config()
        for key in ("encoders", "terms", "encoder_chunk", "seed"):
            del config[key]
        return {
            **config,
            "encoder_1": serialize(self.encoder_1),
            "encoder_2": None if shared else serialize(self.encoder_2),
        }

    @classmethod
    def from_config(cls, config):
        parts = {
            key: keras.saving.deserialize_keras_object(config[key])
            for key in ("encoder_1", "encoder_2", "critic", "baseline")
            if isinstance(config.get(key), dict)
        }
        return cls(**{**config, **parts})
