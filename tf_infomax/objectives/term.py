"""What all terms of an objective have in common."""

import keras

from tf_infomax.arguments import number

__all__ = ["Term", "endpoint_shape"]


class Term(keras.layers.Layer):
    """One summand of a loss: endpoints of a batch -> a scalar, with the weights that it needs.

    A term is a Keras layer so that its weights are tracked, saved and restored with the model; its
    work is done by ``loss``, not by calling it. Terms with an adversary override
    ``adversary_variables`` and ``adversary_loss``.

    Args:
        weight: factor in the sum of terms, 0 or more.
    """

    # Prefix of the term's metrics.
    label = "term"
    # Images of a batch without which the term has nothing to compare.
    least_rows = 1

    def __init__(self, weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = number(weight, "weight")

    def connect(self, encoder, image_shape):
        """Makes the weights for a built encoder of images of shape ``(H, W, C)``.

        Raises:
            ValueError: if the encoder lacks what the term needs.
        """
        raise NotImplementedError

    def loss(self, features):
        """(weighted loss, dict of metrics) of a batch.

        Args:
            features: ``Features``.
        """
        raise NotImplementedError

    @property
    def metric_units(self):
        """Name -> unit of all metrics that ``loss`` and ``adversary_loss`` report."""
        raise NotImplementedError

    @property
    def adversary_variables(self):
        """Trainable variables of the player that works against the encoder; often none."""
        return []

    @property
    def player_variables(self):
        """Trainable variables that are trained together with the encoder."""
        adversary = {id(variable) for variable in self.adversary_variables}
        return [v for v in self.trainable_variables if id(v) not in adversary]

    def adversary_loss(self, features):
        """(loss of the adversary, dict of metrics); the encoder is held fixed."""
        raise NotImplementedError

    def call(self, *args, **kwargs):
        raise TypeError(f"{type(self).__name__} is no layer to be called: use `loss(features)`.")

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}


def endpoint_shape(encoder, name):
    """Shape of an endpoint without the batch axis; ``ValueError`` if the encoder lacks it."""
    shapes = encoder.endpoint_shapes
    if name not in shapes:
        raise ValueError(
            f"The encoder has no endpoint {name!r}. It has: {', '.join(shapes)}. "
            f"Received: endpoint={name!r}."
        )
    return tuple(shapes[name])
