"""Keras models that learn without labels: what all of them share."""

from tf_infomax.models.base import SelfSupervisedModel

__all__ = ["SelfSupervisedModel"]
