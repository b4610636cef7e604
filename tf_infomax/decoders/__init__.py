"""Decoders: codes -> images, and the likelihoods of images given what was decoded.

The modules are imported on first use.
"""

from typing import TYPE_CHECKING

from tf_infomax.naming.lazy import lazy_names

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
    from tf_infomax.decoders import likelihoods
    from tf_infomax.decoders.dcgan import Decoder, decoder_stages

_HOMES = {"Decoder": "dcgan", "decoder_stages": "dcgan", "likelihoods": None}

__all__ = ["Decoder", "decoder_stages", "likelihoods"]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
