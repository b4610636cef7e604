"""Dropout whose draws are those of one device, however many replicas share the batch.

Keras' layers hold the same seed on every replica, which then drops the same units of its rows as
every other replica of its own.
"""

import keras
import tensorflow as tf

from tf_infomax.numerics import replicas

__all__ = ["Dropout", "SpatialDropout2D"]


class _OfWholeBatch:
    """Mixed into a dropout layer of Keras: under a strategy, draws for all rows and takes its own.

    Layers keep Keras' names and variables, by which files and checkpoints know them.
    """

    # Of the axes between the batch and the channels, along which whole maps are dropped.
    is_spatial = False

    def call(self, inputs, training=False):
        if not training or not self.rate or replicas.number() == 1:
            return super().call(inputs, training=training)
        inputs = tf.convert_to_tensor(inputs)
        shape = tf.unstack(tf.shape(inputs))
        if self.is_spatial:
            shape[1:-1] = [1] * (len(shape) - 2)
        drawn = tf.ones([shape[0] * replicas.number(), *shape[1:]], inputs.dtype)
        factors = keras.random.dropout(drawn, self.rate, seed=self.seed_generator)
        return inputs * replicas.own(factors)


class Dropout(_OfWholeBatch, keras.layers.Dropout):
    """``keras.layers.Dropout``, the same on several devices."""


class SpatialDropout2D(_OfWholeBatch, keras.layers.SpatialDropout2D):
    """``keras.layers.SpatialDropout2D`` of ``[K, H, W, C]``, the same on several devices."""

    is_spatial = True
