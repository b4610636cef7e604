"""Decoders: codes -> images, and the likelihoods of images given what was decoded."""

from tf_infomax.decoders import likelihoods
from tf_infomax.decoders.dcgan import Decoder, decoder_stages

__all__ = ["Decoder", "decoder_stages", "likelihoods"]
