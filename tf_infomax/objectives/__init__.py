"""Objectives: features of a batch -> a loss to minimise, and the metrics to report.

Terms are Keras layers that a model sums up; they read ``Features``. ``options`` lists the options
of every term, without TensorFlow; the other modules are imported on first use.
"""

from typing import TYPE_CHECKING

from tf_infomax.naming.lazy import lazy_names

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
    from tf_infomax.objectives.alignment_uniformity import alignment_uniformity_loss
    from tf_infomax.objectives.attributes import AttributeClassification
    from tf_infomax.objectives.bigan import BiGAN
    from tf_infomax.objectives.classification import Classification
    from tf_infomax.objectives.coordinates import Coordinates, RelativeCoordinates
    from tf_infomax.objectives.encoded_views import EncodedViews
    from tf_infomax.objectives.features import Features
    from tf_infomax.objectives.information import Information
    from tf_infomax.objectives.label_confusion import (
        LabelConfusion,
        classifier_loss,
        uniform_label_loss,
    )
    from tf_infomax.objectives.map_information import GlobalInformation, LocalInformation
    from tf_infomax.objectives.metric_learning import (
        batch_triplet,
        mine_hard,
        mine_semi_hard,
        multi_class_k_pair,
        triplet,
        tuplet,
    )
    from tf_infomax.objectives.multi_scale import MultiScaleInformation
    from tf_infomax.objectives.mutual_information import mutual_information_loss
    from tf_infomax.objectives.noise_as_targets import NoiseAsTargets
    from tf_infomax.objectives.player import Player
    from tf_infomax.objectives.predictive_coding import PredictiveCoding
    from tf_infomax.objectives.prior_matching import PriorMatching
    from tf_infomax.objectives.projected_views import BarlowTwins, NTXent, VICReg
    from tf_infomax.objectives.reconstruction import Reconstruction, gaussian_kl
    from tf_infomax.objectives.term import Term
    from tf_infomax.objectives.two_views import (
        AlignmentUniformity,
        TripletViews,
        ViewClassification,
        ViewInformation,
    )

_HOMES = {
    "AlignmentUniformity": "two_views",
    "AttributeClassification": "attributes",
    "BarlowTwins": "projected_views",
    "BiGAN": "bigan",
    "Classification": "classification",
    "Coordinates": "coordinates",
    "EncodedViews": "encoded_views",
    "Features": "features",
    "GlobalInformation": "map_information",
    "Information": "information",
    "LabelConfusion": "label_confusion",
    "LocalInformation": "map_information",
    "MultiScaleInformation": "multi_scale",
    "NTXent": "projected_views",
    "NoiseAsTargets": "noise_as_targets",
    "Player": "player",
    "PredictiveCoding": "predictive_coding",
    "PriorMatching": "prior_matching",
    "Reconstruction": "reconstruction",
    "RelativeCoordinates": "coordinates",
    "Term": "term",
    "TripletViews": "two_views",
    "VICReg": "projected_views",
    "ViewClassification": "two_views",
    "ViewInformation": "two_views",
    "alignment_uniformity_loss": "alignment_uniformity",
    "batch_triplet": "metric_learning",
    "classifier_loss": "label_confusion",
    "gaussian_kl": "reconstruction",
    "mine_hard": "metric_learning",
    "mine_semi_hard": "metric_learning",
    "multi_class_k_pair": "metric_learning",
    "mutual_information_loss": "mutual_information",
    "triplet": "metric_learning",
    "tuplet": "metric_learning",
    "uniform_label_loss": "label_confusion",
}

__all__ = [
    "AlignmentUniformity",
    "AttributeClassification",
    "BarlowTwins",
    "BiGAN",
    "Classification",
    "Coordinates",
    "EncodedViews",
    "Features",
    "GlobalInformation",
    "Information",
    "LabelConfusion",
    "LocalInformation",
    "MultiScaleInformation",
    "NTXent",
    "NoiseAsTargets",
    "Player",
    "PredictiveCoding",
    "PriorMatching",
    "Reconstruction",
    "RelativeCoordinates",
    "Term",
    "TripletViews",
    "VICReg",
    "ViewClassification",
    "ViewInformation",
    "alignment_uniformity_loss",
    "batch_triplet",
    "classifier_loss",
    "gaussian_kl",
    "mine_hard",
    "mine_semi_hard",
    "multi_class_k_pair",
    "mutual_information_loss",
    "triplet",
    "tuplet",
    "uniform_label_loss",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
