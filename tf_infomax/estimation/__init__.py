"""Mutual information of two samples: an estimate from held-out pairs, with its error.

``MutualInformationEstimator`` has scikit-learn's interface; the critics and bounds are those of the
package. Its abilities and limits: docs/estimating.md, and the studies in ``experiments``.
"""

from tf_infomax.estimation.canonical import CanonicalCorrelations, canonical_correlations
from tf_infomax.estimation.canonical_critic import CanonicalCritic
from tf_infomax.estimation.categorical_critic import CategoricalCritic
from tf_infomax.estimation.derived import (
    Estimate,
    conditional_mutual_information,
    lagged_mutual_information,
    total_correlation,
    transfer_entropy,
)
from tf_infomax.estimation.estimator import MutualInformationEstimator
from tf_infomax.estimation.feature_selection import (
    mutual_info_classif,
    mutual_info_regression,
    mutual_information_matrix,
)
from tf_infomax.estimation.image_critic import ImageCritic
from tf_infomax.estimation.independence import IndependenceTest, independence_test
from tf_infomax.estimation.limits import EstimateWarning, certifiable
from tf_infomax.estimation.units import in_unit, linfoot_correlation, normalized_by_entropies

__all__ = [
    "CanonicalCorrelations",
    "CanonicalCritic",
    "CategoricalCritic",
    "Estimate",
    "EstimateWarning",
    "ImageCritic",
    "IndependenceTest",
    "MutualInformationEstimator",
    "canonical_correlations",
    "certifiable",
    "conditional_mutual_information",
    "in_unit",
    "independence_test",
    "lagged_mutual_information",
    "linfoot_correlation",
    "mutual_info_classif",
    "mutual_info_regression",
    "mutual_information_matrix",
    "normalized_by_entropies",
    "total_correlation",
    "transfer_entropy",
]
