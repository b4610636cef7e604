"""What critics and log-density ratios of drawn pairs share."""

import keras

__all__ = ["PartnerLayer"]


class PartnerLayer(keras.layers.Layer):
    """A layer ``(x, y, partners)`` -> scores of all pairs, or of each x with its partners.

    Call arguments: as of ``CanonicalCritic``.
    """

    def add_fixed(self, shape, name, initializer="zeros"):
        """A weight that is set from pairs, and never trained."""
        return self.add_weight(shape=shape, initializer=initializer, name=name, trainable=False)

    def compute_output_shape(self, x_shape, y_shape, partners_shape=None):
        return (x_shape[0], y_shape[0]) if partners_shape is None else tuple(partners_shape)
