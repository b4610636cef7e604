"""Which two views of every example are compared, at which endpoint; the base of such terms."""

from tf_infomax.data.random_views import RandomView
from tf_infomax.naming.arguments import boolean, seed_or_none
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives import options
from tf_infomax.objectives.features import global_vectors
from tf_infomax.objectives.term import Term, checked_endpoint

__all__ = ["OfViewPair", "TwoViewTerm", "ViewPair"]


class ViewPair:
    """Two views of every example, and the endpoint at which they are compared.

    Args:
        views: names of two given views; or ``None`` for two random views of the main one.
        endpoint: name of an endpoint, of code vectors.
        crop_area, flip, colour_jitter, grey: of random views; see ``RandomView``.

    Raises:
        ValueError: on options out of their range, or other than two names.
    """

    def __init__(self, views, endpoint, crop_area, flip, colour_jitter, grey):
        if views is not None and (isinstance(views, str) or len(views) != 2):
            raise ValueError(f"`views` must be two names, or None. Received: views={views!r}.")
        self.endpoint = checked_endpoint(endpoint)
        self.random_view = RandomView(crop_area, boolean(flip, "flip"), colour_jitter, grey)
        self.names = None if views is None else tuple(views)

    @property
    def views(self):
        """What ``Features.pair`` takes: the names of two views, or the random view."""
        return self.random_view if self.names is None else self.names

    def shapes(self, encoded):
        """Shapes of both codes without the batch axis.

        Raises:
            ValueError: if the endpoint of random views is not a vector.
        """
        if self.names is not None:
            return tuple(encoded.shape(f"{name}.{self.endpoint}") for name in self.names)
        shape = encoded.shape(self.endpoint)
        if len(shape) != 1:
            raise ValueError(
                "Two views are compared by code vectors, such as 'global' or 'fc'. "
                f"Received: endpoint={self.endpoint!r} of shape {shape}."
            )
        return shape, shape

    def codes(self, features, own=False):
        """Code vectors of both views, ``[K, D]`` each, float32 or better.

        Args:
            features: ``Features``.
            own: whether only this replica's rows are wanted.
        """
        found = features.pair(self.views, self.endpoint, own)
        return tuple(wide(global_vectors(codes)) for codes in found)

    def config(self):
        """The constructor's arguments."""
        view = self.random_view
        return {
            "views": self.names,
            "endpoint": self.endpoint,
            "crop_area": view.crop_area,
            "flip": view.flip,
            "colour_jitter": view.colour_jitter,
            "grey": view.grey,
        }


class OfViewPair:
    """What terms with a ``pair`` (``ViewPair``) say of it."""

    @property
    def endpoint(self):
        """The endpoint at which the views are compared."""
        return self.pair.endpoint

    @property
    def random_view(self):
        """The ``RandomView`` that is drawn twice where no views are named."""
        return self.pair.random_view


class TwoViewTerm(OfViewPair, Term):
    """Base of terms on two views: which views, and which endpoint is read."""

    least_rows = 2

    def __init__(
        self,
        weight=options.TwoViews.weight,
        endpoint=options.TwoViews.endpoint,
        crop_area=options.TwoViews.crop_area,
        flip=options.TwoViews.flip,
        colour_jitter=options.TwoViews.colour_jitter,
        grey=options.TwoViews.grey,
        seed=None,
        views=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        self.seed = seed_or_none(seed)
        self.pair = ViewPair(views, endpoint, crop_area, flip, colour_jitter, grey)

    def connect(self, encoded):
        self._connect(encoded, *self.pair.shapes(encoded))
        self._finish_connect()

    def _connect(self, encoded, shape_1, shape_2):
        """Makes the weights, if the term has any, for codes of these shapes."""

    def loss(self, features):
        x, y = self.pair.codes(features)
        value, metrics = self.view_loss(x, y, features)
        return self.weight * value, metrics

    def view_loss(self, x, y, features):
        """(loss, dict of metrics) of the codes ``[K, D]`` of both views, as the encoder gives them.

        Args:
            x, y: floating ``[K, D]``, float32 or better.
            features: ``Features``, for labels.
        """
        raise NotImplementedError

    def get_config(self):
        return {**super().get_config(), **self.pair.config(), "seed": self.seed}
