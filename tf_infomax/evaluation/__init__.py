"""Evaluation of a frozen encoder: probes, bounds on held-out pairs, conditioning, invertibility.

``experiments.evaluators`` binds them to the names that experiments list; here they are
functions of arrays and encoders, usable on their own.
"""

from tf_infomax.evaluation.linear_probe import linear_probe
from tf_infomax.evaluation.mutual_information import mean_bound
from tf_infomax.evaluation.representations import NonFiniteError, encode

__all__ = ["NonFiniteError", "encode", "linear_probe", "mean_bound"]
