"""Which encoder encodes which view, and what endpoints there are: addresses ``view.endpoint``."""

from tf_infomax.encoders.chunked_encoding import encode_in_chunks, endpoints_in_chunks
from tf_infomax.encoders.symbolic import code_shape

__all__ = ["EncodedViews", "named"]

# The output of an encoder without named endpoints.
_OUTPUT = "code"


class EncodedViews:
    """The encoders of the given views.

    An encoder with named endpoints (``encoders.protocol``) has those; any other encoder has "code",
    its output. Where an encoder has only one of "code" and "global", either name stands for its
    output, so that a term can read the code of any encoder.

    Args:
        encoders: dict of view -> encoder, at least one. The first view is the main one: that of
            addresses without a view.
        shapes: dict of view -> shape of the view, batch axis included; needed for encoders
            without named endpoints, and by terms that decode the view.
        chunk: rows that an encoder takes at a time in training, or ``None`` for all
            (``encode_in_chunks``).

    Attributes:
        main: name of the first view.
    """

    def __init__(self, encoders, shapes=None, chunk=None):
        self._encoders = dict(encoders)
        self._shapes = shapes or {}
        self._chunk = chunk
        self.main = next(iter(self._encoders))

    def __contains__(self, view):
        return view in self._encoders

    def encoder(self, view):
        """The encoder of ``view``.

        Raises:
            ValueError: if there is no such view.
        """
        if view not in self._encoders:
            raise ValueError(
                f"The views are: {', '.join(self._encoders)}. Received: view={view!r}."
            )
        return self._encoders[view]

    def split(self, address):
        """(view, endpoint) of ``"view.endpoint"``, or of an endpoint of the main view."""
        view, dot, endpoint = str(address).rpartition(".")
        return (view, endpoint) if dot else (self.main, address)

    def shape(self, address):
        """Shape of an endpoint without the batch axis.

        Raises:
            ValueError: if there is no such view, or its encoder lacks the endpoint, or gives
                several codes without names.
        """
        view, endpoint = self.split(address)
        encoder = self.encoder(view)
        if hasattr(encoder, "endpoint_shapes"):
            shapes = encoder.endpoint_shapes
        else:
            shapes = {_OUTPUT: code_shape(encoder, self._shapes[view])}
        return tuple(shapes[named(endpoint, shapes)])

    def view_shape(self, view=None):
        """Shape of a view (by default the main one) without the batch axis.

        Raises:
            ValueError: if there is no such view, or its shape was not given.
        """
        view = self.main if view is None else view
        self.encoder(view)
        if view not in self._shapes:
            raise ValueError(
                f"The shape of the view {view!r} is needed here. "
                f"Received: shapes of {', '.join(self._shapes) or 'no view'}."
            )
        return tuple(self._shapes[view][1:])

    def endpoints(self, view, x, training):
        """Dict of endpoint -> tensor of a view ``x``."""
        encoder = self.encoder(view)
        chunk = self._chunk if training else None
        if hasattr(encoder, "endpoints"):
            if chunk is not None:
                return endpoints_in_chunks(encoder, x, chunk, training)
            return encoder.endpoints(x, training=training)
        if chunk is not None:
            return {_OUTPUT: encode_in_chunks(encoder, x, chunk, training)}
        return {_OUTPUT: encoder(x, training=training)}


def named(endpoint, endpoints):
    """The name under which ``endpoints`` hold ``endpoint``; ``ValueError`` if they lack it."""
    if endpoint in endpoints:
        return endpoint
    other = {"code": "global", "global": "code"}.get(endpoint)
    if other in endpoints:
        return other
    raise ValueError(
        f"The encoder has no endpoint {endpoint!r}. It has: {', '.join(endpoints)}. "
        f"Received: endpoint={endpoint!r}."
    )
