"""Which two views of every example are compared, and at which endpoint."""

from tf_infomax.data.random_views import RandomView
from tf_infomax.naming.arguments import boolean
from tf_infomax.objectives.features import global_vectors, wide
from tf_infomax.objectives.term import checked_endpoint

__all__ = ["ViewPair"]


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
        views = self.random_view if self.names is None else self.names
        return tuple(wide(global_vectors(c)) for c in features.pair(views, self.endpoint, own))

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
