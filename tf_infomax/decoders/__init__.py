"""Decoders: codes -> images."""

from tf_infomax.decoders.dcgan import Decoder, decoder_stages

__all__ = ["Decoder", "decoder_stages"]
