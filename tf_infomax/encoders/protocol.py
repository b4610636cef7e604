"""The protocol of encoders: what Deep InfoMax, its terms and the evaluators need.

Required of your own encoder, a Keras layer or model:

- ``build(input_shape)`` for images ``(None, H, W, C)``, after which ``built`` is true;
- ``encoder(images, training=False)``: the global feature, ``[K, D]``, or a map ``[K, h, w, D]`` of
  several;
- ``endpoints(images, training=False)``: a dict of name -> tensor, all from one pass. "global" is
  the same global feature. "local" is a map ``[K, H', W', C']``, which the terms on local features
  read; "conv" (any map) is what ``GlobalInformation`` reads by default. Other names are free;
- ``endpoint_shapes``: a dict of the same names -> shape without the batch axis, once it is built.

Used by a few:

- ``local_receptive_field``: receptive field in pixels (side) of one place of "local"; by terms
  with ``occluded=True``;
- ``endpoint(name)``: a Keras model of one endpoint; by ``tf_infomax.encoders`` users, not by terms;
- ``tail(units)``: by the critic "encoder_tail".

``as_encoder`` checks it, and makes an encoder of a Keras model that gives a dict of features.
"""

import keras

__all__ = ["REQUIRED", "has_member", "missing_members"]

REQUIRED = ("endpoints", "endpoint_shapes")


def has_member(candidate, name):
    """Whether ``candidate`` has the attribute; properties may raise before it is built."""
    try:
        getattr(candidate, name)
    except AttributeError:
        return False
    except ValueError:
        return True
    return True


def missing_members(candidate):
    """Names of the parts of the protocol that ``candidate`` lacks; empty if it follows it."""
    if not isinstance(candidate, keras.layers.Layer):
        return ["being a Keras layer or model", *REQUIRED]
    return [name for name in REQUIRED if not has_member(candidate, name)]
