"""Normalising flows: TensorFlow Probability bijectors around Keras conditioners."""

from tf_infomax.flows.real_nvp import SCALES, real_nvp

__all__ = ["SCALES", "real_nvp"]
