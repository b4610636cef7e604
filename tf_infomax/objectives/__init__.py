"""Objectives: scores, logits or endpoints -> a loss to minimise, and the metrics to report.

The terms of Deep InfoMax are Keras layers that ``DeepInfoMax`` sums up.
"""

from tf_infomax.objectives.alignment_uniformity import alignment_uniformity_loss
from tf_infomax.objectives.classification import Classification
from tf_infomax.objectives.coordinates import Coordinates, RelativeCoordinates
from tf_infomax.objectives.features import Features
from tf_infomax.objectives.information import GlobalInformation, LocalInformation
from tf_infomax.objectives.label_confusion import classifier_loss, uniform_label_loss
from tf_infomax.objectives.metric_learning import (
    batch_triplet,
    mine_hard,
    mine_semi_hard,
    multi_class_k_pair,
    triplet,
    tuplet,
)
from tf_infomax.objectives.mutual_information import mutual_information_loss
from tf_infomax.objectives.prior_matching import PriorMatching
from tf_infomax.objectives.term import Term
from tf_infomax.objectives.two_views import (
    AlignmentUniformity,
    TripletViews,
    ViewClassification,
    ViewInformation,
)

__all__ = [
    "AlignmentUniformity",
    "Classification",
    "Coordinates",
    "Features",
    "GlobalInformation",
    "LocalInformation",
    "PriorMatching",
    "RelativeCoordinates",
    "Term",
    "TripletViews",
    "ViewClassification",
    "ViewInformation",
    "alignment_uniformity_loss",
    "batch_triplet",
    "classifier_loss",
    "mine_hard",
    "mine_semi_hard",
    "multi_class_k_pair",
    "mutual_information_loss",
    "triplet",
    "tuplet",
    "uniform_label_loss",
]
