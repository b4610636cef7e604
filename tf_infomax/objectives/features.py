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

        Raises:
            ValueError: if the encoder has no such endpoint.
        """
        if occluded not in self._views:
            images = self.images
            if occluded:
                block = min(self._encoder.local_receptive_field, min(images.shape[1:3]) // 2)
                images = occlude(images, block, self.seed("occlusion"))
            self._views[occluded] = self._encoder.endpoints(images, training=self.training)
        endpoints = self._views[occluded]
        if name not in endpoints:
            raise ValueError(
                f"The encoder has no endpoint {name!r}. It has: {', '.join(endpoints)}. "
                f"Received: endpoint={name!r}."
            )
        return endpoints[name]


def global_vectors(features):
    """Global features as vectors: ``[K, D]`` as they are, ``[K, h, w, D]`` as ``[K h w, D]``."""
    return features if features.shape.rank == 2 else tf.reshape(features, [-1, features.shape[-1]])
