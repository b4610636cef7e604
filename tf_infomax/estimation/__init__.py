"""Mutual information of two samples: an estimate from held-out pairs, with its error.

``MutualInformationEstimator`` has scikit-learn's interface; the critics and bounds are those of the
package. Its abilities and limits: docs/estimating.md, and the studies in ``experiments``.
"""

from tf_infomax.estimation.canonical import CanonicalCorrelations, canonical_correlations
from tf_infomax.estimation.canonical_critic import CanonicalCritic
from tf_infomax.estimation.estimator import MutualInformationEstimator
from tf_infomax.estimation.limits import EstimateWarning, certifiable

__all__ = [
    "CanonicalCorrelations",
    "CanonicalCritic",
    "EstimateWarning",
    "MutualInformationEstimator",
    "canonical_correlations",
    "certifiable",
]
