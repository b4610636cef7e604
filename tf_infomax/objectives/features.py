"""What terms read: the endpoints of the views of one batch, addressed ``view.endpoint``."""

import math
import zlib

import tensorflow as tf

from tf_infomax.data.occlusion import occlude
from tf_infomax.numerics import replicas
from tf_infomax.objectives.encoded_views import named

__all__ = ["Features", "flat", "global_vectors"]


class Features:
    """Endpoints of one batch: each view is made and encoded once, and only if a term asks for it.

    Besides the given views there are views made from them: "occluded", the main view with a part
    hidden, and pairs of random views (``pair``).

    Under a distribution strategy every replica has some rows of the batch. Reading gives the rows
    of the whole batch, of all replicas; ``own`` gives this replica's rows.

    Args:
        encoded: ``EncodedViews``.
        views: dict of view -> tensor ``[K, ...]``.
        seed: int ``[2]``, of everything random in this step; ``None`` if nothing is random.
        labels: int ``[K]``, -1 = unlabelled, or ``None``.
        training: passed to the encoders.
        facts: dict of what else is known of every example -> tensor ``[K, ...]``: "index", its
            number in the data set, and "attributes".
    """

    def __init__(self, encoded, views, seed=None, labels=None, training=False, facts=None):
        self.training = training
        self._facts = dict(facts or {})
        self._encoded = encoded
        self._views = dict(views)
        self._labels = labels
        self._seed = seed
        self._endpoints = {}
        self._whole = None

    def rows(self, start, stop, number=0):
        """``Features`` of some rows, from the same pass of the encoders.

        Args:
            start, stop: of the rows.
            number: of this part, so that its random draws differ from other parts'.
        """
        views = {view: x[start:stop] for view, x in self._views.items()}
        labels = None if self._labels is None else self._labels[start:stop]
        seed = self._seed
        if seed is not None:
            seed = tf.random.fold_in(seed, number, alg="philox")
        facts = {name: values[start:stop] for name, values in self._facts.items()}
        part = Features(self._encoded, views, seed, labels, self.training, facts)
        part._whole = (self, start, stop)
        return part

    @property
    def labels(self):
        """Labels of the whole batch, int ``[K]``, or ``None``."""
        return None if self._labels is None else replicas.gathered(self._labels)

    def fact(self, name):
        """What is known of every example of the whole batch, ``[K, ...]``, or ``None``.

        Args:
            name: "index", the example's number in the data set, integers ``[K]``; or "attributes",
                integers ``[K, A]``.

        Raises:
            ValueError: on values that are not integers, and would be cut to such.
        """
        values = self._facts.get(name)
        if values is None:
            return None
        values = tf.convert_to_tensor(values)
        if not (values.dtype.is_integer or values.dtype.is_bool):
            raise ValueError(
                f"{name!r} of a batch must be integers. "
                f"Received: {name} of dtype {values.dtype.name} and shape {values.shape}."
            )
        # Bytes cannot be gathered over replicas.
        return replicas.gathered(tf.cast(values, tf.int64))

    def seed(self, name):
        """The seed ``[2]`` of one named random draw of this step."""
        return tf.random.fold_in(self._seed, zlib.crc32(name.encode()) >> 1, alg="philox")

    def view(self, name):
        """A view itself, of the whole batch, ``[K, ...]``, as the encoder gets it.

        Raises:
            ValueError: if this batch lacks it.
        """
        return replicas.gathered(self._view(name)[1])

    def read(self, address):
        """An endpoint of the whole batch, ``[K, ...]``; ``"global"`` is that of the main view.

        Raises:
            ValueError: if there is no such view, or its encoder lacks the endpoint.
        """
        return replicas.gathered(self.own(address))

    def own(self, address):
        """As ``read``, but only this replica's rows."""
        if self._whole is not None:
            whole, start, stop = self._whole
            return whole.own(address)[start:stop]
        view, endpoint = self._encoded.split(address)
        if view not in self._endpoints:
            encoder_of, x = self._view(view)
            self._endpoints[view] = self._encoded.endpoints(encoder_of, x, self.training)
        endpoints = self._endpoints[view]
        return endpoints[named(endpoint, endpoints)]

    def pair(self, views, endpoint, own=False):
        """The endpoint of two views of every example: a pair of tensors ``[K, ...]``.

        Args:
            views: names of two views; or a hashable function (main view, seed ``[2]``) -> view,
                which is drawn twice. Both draws go through the encoder in one pass, so that they
                share the batch norm's statistics, and terms with equal functions share the pass.
            endpoint: name of an endpoint.
            own: whether only this replica's rows are wanted.

        Raises:
            ValueError: as ``read``.
        """
        if not callable(views):
            both = [self.own(f"{view}.{endpoint}") for view in views]
        else:
            if views not in self._endpoints:
                main = self._encoded.main
                x = self._views[main]
                drawn = [views(x, self.seed(f"view_{k}")) for k in (1, 2)]
                self._endpoints[views] = self._encoded.endpoints(
                    main, tf.concat(drawn, axis=0), self.training
                )
            endpoints = self._endpoints[views]
            both = tf.split(endpoints[named(endpoint, endpoints)], 2)
        return tuple(both if own else map(replicas.gathered, both))

    def _view(self, name):
        """(name of the view whose encoder encodes it, the view itself)."""
        if name == "occluded" and name not in self._encoded:
            return self._encoded.main, self._occluded()
        if name not in self._views and name in self._encoded:
            raise ValueError(
                f"This batch holds the views {', '.join(self._views)}. Received: view={name!r}."
            )
        # The lookup of its encoder refuses an unknown name.
        return name, self._views.get(name)

    def _occluded(self):
        """The main view with a rectangle hidden.

        Both the hidden and the visible part contain a whole block, as large as the receptive field
        of a local feature, or half the image where that is smaller.
        """
        images = self._views[self._encoded.main]
        field = self._encoded.encoder(self._encoded.main).local_receptive_field
        return occlude(images, min(field, min(images.shape[1:3]) // 2), self.seed("occlusion"))


def global_vectors(features):
    """Global features as vectors: ``[K, D]`` as they are, ``[K, h, w, D]`` as ``[K h w, D]``."""
    return features if features.shape.rank == 2 else tf.reshape(features, [-1, features.shape[-1]])


def flat(features):
    """``[K, ...]`` as ``[K, D]``."""
    return tf.reshape(features, [-1, math.prod(features.shape[1:])])
