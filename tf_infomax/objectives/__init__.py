"""Objectives: features of a batch -> a loss to minimise, and the metrics to report.

Terms are Keras layers that a model sums up; they read ``Features``. ``options`` lists the options
of every term, without TensorFlow; the other modules are imported on first use.
"""

from tf_infomax.naming.lazy import lazy_names

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

__all__ = [*_HOMES]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
