"""Given endpoints in the place of an encoder: what the terms of an objective are tested on."""

import tensorflow as tf

from tf_infomax.objectives import EncodedViews, Features

__all__ = ["StoredEndpoints"]


class StoredEndpoints:
    """Stands for an encoder whose endpoints are given tensors, whatever the images.

    ``images`` are the view itself, for terms that read it.
    """

    def __init__(self, images=None, **endpoints):
        self._images = None if images is None else tf.constant(images)
        self._endpoints = endpoints

    @property
    def endpoint_shapes(self):
        return {name: tuple(value.shape[1:]) for name, value in self._endpoints.items()}

    def endpoints(self, images, training=False):
        del images, training
        return self._endpoints

    def tensors(self):
        """The endpoints themselves, in order."""
        return list(self._endpoints.values())

    def features(self, seed=(1, 2), training=True, labels=None, facts=None):
        """``Features`` of one step."""
        views = {"image": self._images}
        return Features(self.encoded(), views, tf.constant(seed), labels, training, facts)

    def encoded(self):
        """As the encoder of the images."""
        shapes = {} if self._images is None else {"image": tuple(self._images.shape)}
        return EncodedViews({"image": self}, shapes)
