"""Evaluation of an encoder: probes, neighbours, dependence, MI, reconstruction, conditioning.

``evaluators`` registers them under the names that experiments list; here they are functions of
arrays and encoders, usable on their own.
"""

from tf_infomax.decoders import Decoder
from tf_infomax.evaluation.attribute_probe import attribute_probe
from tf_infomax.evaluation.classifier_head import ClassifierHead
from tf_infomax.evaluation.dependence import ndm
from tf_infomax.evaluation.effective_rank import lidar, rankme
from tf_infomax.evaluation.fine_tuning import fine_tune
from tf_infomax.evaluation.linear_probe import (
    converged_linear_probe,
    linear_probe,
    linear_probe_over_orders,
)
from tf_infomax.evaluation.mine import mine
from tf_infomax.evaluation.mlp_probe import mlp_probe
from tf_infomax.evaluation.mutual_information import mean_bound
from tf_infomax.evaluation.neighbours import (
    nearest,
    nearest_neighbours,
    nearest_within,
    one_of_each,
)
from tf_infomax.evaluation.reconstruction import reconstruction
from tf_infomax.evaluation.representations import NonFiniteError, encode, encode_endpoints
from tf_infomax.evaluation.structural_similarity import multi_scale_ssim, released_ssim
from tf_infomax.evaluation.svm_probe import svm_probe
from tf_infomax.evaluation.total_correlation import gaussian_total_correlation

__all__ = [
    "ClassifierHead",
    "Decoder",
    "NonFiniteError",
    "attribute_probe",
    "converged_linear_probe",
    "encode",
    "encode_endpoints",
    "fine_tune",
    "gaussian_total_correlation",
    "lidar",
    "linear_probe",
    "linear_probe_over_orders",
    "mean_bound",
    "mine",
    "mlp_probe",
    "multi_scale_ssim",
    "ndm",
    "nearest",
    "nearest_neighbours",
    "nearest_within",
    "one_of_each",
    "rankme",
    "reconstruction",
    "released_ssim",
    "svm_probe",
]
