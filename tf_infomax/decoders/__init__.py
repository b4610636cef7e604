"""Decoders: codes -> images, and the likelihoods of images given what was decoded.

The modules are imported on first use.
"""

from tf_infomax.naming.lazy import lazy_names

_HOMES = {"Decoder": "dcgan", "decoder_stages": "dcgan", "likelihoods": None}

__all__ = ["Decoder", "decoder_stages", "likelihoods"]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
