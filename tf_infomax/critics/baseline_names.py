"""The baselines by name, without TensorFlow."""

from tf_infomax.naming.registry import Family

__all__ = ["BASELINES"]

BASELINES = Family("baseline", {"learned": "tf_infomax.critics.baseline:LearnedBaseline"})
