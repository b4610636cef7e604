"""Base of models of pairs: two encoders, one term, and pairs ``(x, y)`` as data."""

import keras

from tf_infomax.models.batches import PAIRS, structure
from tf_infomax.models.representation import RepresentationModel

__all__ = ["PairModel"]


class PairModel(RepresentationModel):
    """Two encoders, trained on pairs ``(x, y)`` with one term.

    ``predict`` gives the codes of both views.

    Args:
        encoder_1: Keras model of the first view.
        encoder_2: of the second view; ``None`` means ``encoder_1`` for both.
        term: ``objectives.Term`` on "view_1" and "view_2".
        encoder_chunk: see ``RepresentationModel``.
    """

    VIEWS = ("view_1", "view_2")
    form = PAIRS

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
        """The term that is minimised."""
        return self.objectives[0]

    def update(self, x, y):
        """One training step on the pairs (x, y); see ``step``."""
        return self.step({"views": {"view_1": x, "view_2": y}})

    def loss_and_metrics(self, x, y, training):
        """(loss, dict of metrics) of the pairs (x, y)."""
        return self.loss_of({"views": {"view_1": x, "view_2": y}}, training)

    def _view_shapes(self, input_shape):
        shapes = self._both(input_shape, f"input_shape={input_shape}")
        return {view: tuple(shape) for view, shape in zip(self.VIEWS, shapes, strict=True)}

    def _both(self, given, received=None):
        """Both views of the inputs of ``call``, or both shapes."""
        is_two = isinstance(given, (tuple, list)) and len(given) == 2
        # Not one shape, (None, 6), in place of two.
        if not is_two or any(part is None or isinstance(part, int) for part in given):
            raise ValueError(
                f"{type(self).__name__} takes pairs (x, y), two views of the same examples; codes "
                f"of one view are those of its encoder. "
                f"Received: {received or f'inputs={structure(given)}'}."
            )
        return given

    def predict_on(self, batch):
        return tuple(super().predict_on(batch).values())

    def _argument_of(self, view):
        return {"view_1": "encoder_1", "view_2": "encoder_2"}[view]

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
