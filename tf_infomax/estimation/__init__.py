"""Mutual information of two samples: an estimate from held-out pairs, with its error.

``MutualInformationEstimator`` has scikit-learn's interface; the critics and bounds are those of the
package. Its abilities and limits: docs/estimating.md, and the studies in ``experiments``.
The modules are imported on first use.
"""

from typing import TYPE_CHECKING

from tf_infomax.naming.lazy import lazy_names

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
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

_HOMES = {
    "CanonicalCorrelations": "canonical",
    "canonical_correlations": "canonical",
    "CanonicalCritic": "canonical_critic",
    "CategoricalCritic": "categorical_critic",
    "Estimate": "derived",
    "conditional_mutual_information": "derived",
    "lagged_mutual_information": "derived",
    "total_correlation": "derived",
    "transfer_entropy": "derived",
    "MutualInformationEstimator": "estimator",
    "mutual_info_classif": "feature_selection",
    "mutual_info_regression": "feature_selection",
    "mutual_information_matrix": "feature_selection",
    "ImageCritic": "image_critic",
    "IndependenceTest": "independence",
    "independence_test": "independence",
    "EstimateWarning": "limits",
    "certifiable": "limits",
    "in_unit": "units",
    "linfoot_correlation": "units",
    "normalized_by_entropies": "units",
}

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

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
