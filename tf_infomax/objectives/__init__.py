"""Objectives: scores, logits or endpoints -> a loss to minimise, and the metrics to report.

The terms of Deep InfoMax are Keras layers that ``DeepInfoMax`` sums up.
"""

from tf_infomax.objectives.classification import Classification
from tf_infomax.objectives.coordinates import Coordinates, RelativeCoordinates
from tf_infomax.objectives.features import Features
from tf_infomax.objectives.information import GlobalInformation, LocalInformation
from tf_infomax.objectives.label_confusion import classifier_loss, uniform_label_loss
from tf_infomax.objectives.mutual_information import mutual_information_loss
from tf_infomax.objectives.prior_matching import PriorMatching
from tf_infomax.objectives.term import Term

__all__ = [
    "Classification",
    "Coordinates",
    "Features",
    "GlobalInformation",
    "LocalInformation",
    "PriorMatching",
    "RelativeCoordinates",
    "Term",
    "classifier_loss",
    "mutual_information_loss",
    "uniform_label_loss",
]
