"""One endpoint of an encoder as a model of its own."""

import keras

from tf_infomax.encoders.base import Encoder
from tf_infomax.encoders.protocol import missing_members
from tf_infomax.naming.registry import unknown_name

__all__ = ["Endpoint"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class Endpoint(Encoder):
    """One endpoint of an encoder, whose weights it shares: ``encoder.endpoint("conv")``.

    Freezing one freezes the other, since the weights are the same.

    Args:
        encoder: an encoder with endpoints; see ``encoders.protocol``.
        endpoint: name of one of its endpoints.

    Call arguments:
        inputs: images ``[K, S, S, C]``.  Returns the endpoint's values.

    Raises:
        ValueError: on anything but an encoder with endpoints, or an unknown endpoint.
    """

    def __init__(self, encoder, endpoint, **kwargs):
        super().__init__(**kwargs)
        if missing_members(encoder):
            raise ValueError(
                "`encoder` must be an encoder with endpoints, such as encoders.get('basic32x32'). "
                f"Received: encoder={encoder!r}."
            )
        if not isinstance(endpoint, str):
            raise ValueError(
                f"`endpoint` must be the name of an endpoint. Received: endpoint={endpoint!r}."
            )
        self.encoder = encoder
        self.endpoint = endpoint
        if encoder.built:
            self.build(getattr(encoder, "_input_shape", None))

    @property
    def output_name(self):
        """Name of the output of an export."""
        return self.endpoint

    def build(self, input_shape):
        if not self.encoder.built:
            self.encoder.build(input_shape)
        if self.endpoint not in self.encoder.endpoint_shapes:
            raise unknown_name("endpoint", self.endpoint, self.encoder.endpoint_shapes)
        self._finish_build(getattr(self.encoder, "_input_shape", input_shape) or (None,))

    def call(self, inputs, training=False):
        return self.encoder.endpoints(inputs, training=training)[self.endpoint]

    def compute_output_shape(self, input_shape):
        if not self.built:
            self.build(input_shape)
        return (input_shape[0], *self.encoder.endpoint_shapes[self.endpoint])

    def get_config(self):
        encoder = keras.saving.serialize_keras_object(self.encoder)
        return {**super().get_config(), "encoder": encoder, "endpoint": self.endpoint}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        encoder = keras.saving.deserialize_keras_object(config.pop("encoder"))
        return cls(encoder, **config)
