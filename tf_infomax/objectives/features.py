"""What the terms of Deep InfoMax look at: the endpoints of a batch of images and of its views."""

import zlib

import tensorflow as tf

from tf_infomax.data.occlusion import occlude

__all__ = ["Features", "global_vectors"]


class Features:
    """Endpoints of one batch, each view encoded once and only if a term asks for it.

    Args:
        encoder: Keras model with ``endpoints(images, training)``.
        images: ``[K, H, W, C]`` in [-1, 1].
        seed: int ``[2]``, of everything random in this step.
        labels: int ``[K]``, -1 = unlabelled, or ``None``.
        training: passed to the encoder.
    """

    def __init__(self, encoder, images, seed, labels=None, training=False):
        self.images = images
        self.labels = labels
        self.training = training
        self._encoder = encoder
        self._seed = seed
        self._views = {}

    def seed(self, name):
        """The seed ``[2]`` of one named random draw of this step."""
        return tf.random.fold_in(self._seed, zlib.crc32(name.encode()) >> 1, alg="philox")

    def endpoint(self, name, occluded=False):
        """The endpoint ``name`` of the images, or of the images with a part hidden.

        What is hidden and what stays visible hold a block as large as the receptive field of a
        local feature, or half the image where that is smaller.

        Raises:
            ValueError: if the encoder has no such endpoint.
        """
        if occluded not in self._views:
            images = self.images
            if occluded:
                block = min(self._encoder.local_receptive_field, min(images.shape[1:3]) // 2)
                images = occlude(images, block, self.seed("occlusion"))
            self._views[occluded] = self._encoder.endpoints(images, training=self.training)
        return self._named(occluded, name)

    def two_views(self, random_view, name):
        """The endpoint ``name`` of two random views of every image: a pair of tensors.

        Both go through the encoder in one pass, so that they share the batch norm's statistics;
        terms with equal ``random_view`` share the pass.

        Args:
            random_view: hashable function (images, seed ``[2]``) -> images.
            name: of an endpoint.

        Raises:
            ValueError: if the encoder has no such endpoint.
        """
        if random_view not in self._views:
            views = [random_view(self.images, self.seed(f"view_{k}")) for k in (1, 2)]
            self._views[random_view] = self._encoder.endpoints(
                tf.concat(views, axis=0), training=self.training
            )
        return tuple(tf.split(self._named(random_view, name), 2))

    def _named(self, view, name):
        endpoints = self._views[view]
        if name not in endpoints:
            raise ValueError(
                f"The encoder has no endpoint {name!r}. It has: {', '.join(endpoints)}. "
                f"Received: endpoint={name!r}."
            )
        return endpoints[name]


def global_vectors(features):
    """Global features as vectors: ``[K, D]`` as they are, ``[K, h, w, D]`` as ``[K h w, D]``."""
    return features if features.shape.rank == 2 else tf.reshape(features, [-1, features.shape[-1]])
