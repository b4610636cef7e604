"""The estimator's default critic if a side consists of images."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.estimation.image_features import ImageFeatures
from tf_infomax.estimation.partner_layer import PartnerLayer
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["ImageCritic"]

# Seeds of the second side's features are so far from those of the first.
_SEEDS_OF_A_SIDE = 16


@keras.saving.register_keras_serializable(package="tf_infomax")
class ImageCritic(PartnerLayer):
    """``f(x, y) = base(x, y) + <g(x), h(y)>``, with ``ImageFeatures`` of the sides that are images.

    The base is a critic of vectors, without a network, that needs no training; it sees where in an
    image something is. The inner product, zero at first, learns what is shown, wherever it is. Of a
    side that is not an image, the features are those of a network with one hidden layer.

    Args:
        base: critic of the codes without the pixels, with ``adaptations`` or ``adapt``.
        grids: (of x, of y): (height, width, channels), or ``None`` if the side is not an image. The
            last columns of an image's codes are its pixels.
        features: number of features.
        seed: int for reproducible weights, or ``None``.

    Call arguments: as of ``CanonicalCritic``.
    """

    scores_partners = True
    weight_decay = 0.1
    # On CPUs, convolutions in a loop that XLA has compiled take six times as long.
    trains_with_xla = False

    def __init__(self, base, grids, features=32, seed=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(base, dict):
            base = keras.saving.deserialize_keras_object(base)
        self.base, self.features, self.seed = base, features, seed
        self.grids = tuple(None if grid is None else tuple(grid) for grid in grids)

    def build(self, x_shape, y_shape):
        dims = [shape[1] for shape in (x_shape, y_shape)]
        self._num_pixels = [0 if grid is None else int(np.prod(grid)) for grid in self.grids]
        self._num_codes = [dim - some for dim, some in zip(dims, self._num_pixels, strict=True)]
        # A loaded base is built already.
        if not self.base.built:
            self.base.build(*((None, number) for number in self._num_codes))
            self.base.built = True
        self.sides = []
        for place, (grid, number) in enumerate(zip(self.grids, self._num_codes, strict=True)):
            side, some = self._features_of(place, grid), self._num_pixels[place]
            side.build((None, some or number))
            self.sides.append(side)

    def _features_of(self, place, grid):
        seed = layer_seed(self.seed, _SEEDS_OF_A_SIDE * place)
        # Only one of both is zero at first: else no gradient would reach either.
        options = {"dtype": self.dtype_policy, "name": f"features_{'xy'[place]}"}
        if grid is not None:
            return ImageFeatures(grid, self.features, zero=place == 0, seed=seed, **options)
        hidden = keras.layers.Dense(
            64, "silu", kernel_initializer=keras.initializers.HeNormal(seed),
            dtype=self.dtype_policy, name="hidden",
        )  # fmt: skip
        start = keras.initializers.LecunNormal(layer_seed(seed, 1))
        readout = keras.layers.Dense(
            self.features, kernel_initializer="zeros" if place == 0 else start,
            dtype=self.dtype_policy, name="readout",
        )  # fmt: skip
        return keras.Sequential([hidden, readout], **{"name": options["name"]})

    @property
    def offset(self):
        """The base's constant, a variable."""
        return self.base.offset

    def adapt(self, x, y):
        """Adapts the base, and the scale of the pixels.

        Args:
            x: ``[N, Dx]``, y: ``[N, Dy]``, finite arrays; row i of both is one pair.
        """
        self._adapt_pixels(x, y)
        self.base.adapt(*self._codes(x, y))

    def adaptations(self, x, y, only=None):
        """Adapts in one of the base's ways after the other; a generator of their names.

        In the last, the base is left out: of few pairs in many dimensions it knows nothing.

        Args:
            x, y: as for ``adapt``.  only: name of a way that is asked for.
        """
        self._adapt_pixels(x, y)
        if hasattr(self.base, "adaptations"):
            yield from self.base.adaptations(*self._codes(x, y), only)
        else:
            self.base.adapt(*self._codes(x, y))
            yield "all coordinates"
        self.base.forget()
        yield "features alone"

    def _adapt_pixels(self, x, y):
        for side, values in zip(self.sides, self._pixels(x, y), strict=True):
            if isinstance(side, ImageFeatures):
                side.adapt(values)

    def _codes(self, x, y):
        return [one[:, :number] for one, number in zip((x, y), self._num_codes, strict=True)]

    def _pixels(self, x, y):
        """What the features are computed of: pixels, or the codes of another side."""
        return [
            one if grid is None else one[:, number:]
            for one, grid, number in zip((x, y), self.grids, self._num_codes, strict=True)
        ]

    def active_dims(self):
        """(of x, of y): numbers of directions that the base uses; ``None`` if it does not say."""
        return self.base.active_dims() if hasattr(self.base, "active_dims") else None

    def call(self, x, y, partners=None):
        scores = self.base(*self._codes(x, y), partners)
        of_x, of_y = (
            side(values) for side, values in zip(self.sides, self._pixels(x, y), strict=True)
        )
        products = tf.matmul(of_x, of_y, transpose_b=True)
        if partners is not None:
            products = tf.gather(products, partners, batch_dims=1)
        return scores + products

    def get_config(self):
        return {
            **super().get_config(),
            "base": keras.saving.serialize_keras_object(self.base),
            "grids": self.grids,
            "features": self.features,
            "seed": self.seed,
        }
