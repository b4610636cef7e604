"""Features of images that do not depend on where in the image something is."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.numerics.randomness import layer_seed

__all__ = ["ImageFeatures"]

# (kernel, channels) of the convolutions; all but the first halve the image.
_CONVOLUTIONS = ((5, 16), (3, 32), (3, 32))
# The first convolution strides over larger images, so that about so many rows and columns are left
# and large images cost what small ones do.
_ROWS_KEPT = 14


@keras.saving.register_keras_serializable(package="tf_infomax")
class ImageFeatures(keras.layers.Layer):
    """Convolutions, each followed by means and maxima over the image, and a linear map of all.

    What depends on the place is lost on purpose: from few images, a map of every place learns
    noise before it learns what is shown.

    Args:
        grid: (height, width, channels).
        features: number F of outputs.
        zero: whether the outputs are zero at the start.
        seed: int for reproducible weights, or ``None``.

    Call arguments: pixels, ``[N, height * width * channels]``, in the order of ``grid``. Returns
        ``[N, F]``.
    """

    def __init__(self, grid, features, zero=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.grid, self.features, self.zero, self.seed = tuple(grid), features, zero, seed

    def build(self, shape):
        height, width, _ = self.grid
        first = max(1, round(np.sqrt(height * width) / _ROWS_KEPT))
        self.mean = self.add_weight(shape=(), initializer="zeros", name="mean", trainable=False)
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale", trainable=False)
        shape = (None, *self.grid)
        self.convolutions, number = [], 0
        for place, (size, filters) in enumerate(_CONVOLUTIONS):
            layer = keras.layers.Conv2D(
                filters, size, first if place == 0 else 2, "same", "channels_last",
                activation="relu",
                kernel_initializer=keras.initializers.HeNormal(layer_seed(self.seed, place)),
                dtype=self.dtype_policy, name=f"convolution_{place}",
            )  # fmt: skip
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
            self.convolutions.append(layer)
            number += 2 * filters
        start = keras.initializers.LecunNormal(layer_seed(self.seed, len(_CONVOLUTIONS)))
        self.readout = keras.layers.Dense(
            self.features, kernel_initializer="zeros" if self.zero else start,
            dtype=self.dtype_policy, name="readout",
        )  # fmt: skip
        self.readout.build((None, number))

    def adapt(self, pixels):
        """Sets the one mean and the one scale of all pixels, ``[N, D]``."""
        pixels = np.asarray(pixels, np.float64)
        self.mean.assign(pixels.mean())
        self.scale.assign(1.0 / max(pixels.std(), 1e-6))

    def call(self, pixels):
        maps = tf.reshape((pixels - self.mean) * self.scale, [-1, *self.grid])
        pooled = []
        for layer in self.convolutions:
            maps = layer(maps)
            pooled += [tf.reduce_mean(maps, axis=[1, 2]), tf.reduce_max(maps, axis=[1, 2])]
        return self.readout(tf.concat(pooled, axis=1))

    def compute_output_shape(self, shape):
        return shape[0], self.features

    def get_config(self):
        return {
            **super().get_config(),
            "grid": self.grid,
            "features": self.features,
            "zero": self.zero,
            "seed": self.seed,
        }
