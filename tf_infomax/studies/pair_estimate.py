"""One estimate of mutual information, with its interval, where the true value is known."""

import warnings

import numpy as np

from tf_infomax import distributions
from tf_infomax.estimation import EstimateWarning, MutualInformationEstimator
from tf_infomax.estimation.canonical import canonical_correlations
from tf_infomax.results.measurements import Measurement
from tf_infomax.studies.computation import Computation

__all__ = ["COMPUTATION", "pair_estimate"]

_FEWEST = 200


def pair_estimate(setting, family="mixture_cross", rho=0.9, samples=5_000):
    """``MutualInformationEstimator`` with its defaults on pairs of a known distribution.

    Args:
        setting: seed of the pairs and of the estimator.
        family: distribution, one of ``distributions.names()`` that takes ``rho``.
        rho: its correlation.
        samples: pairs.

    Yields:
        "mutual_information" (exact), "estimate", its "estimate/standard_error", the ends of its
        interval, "estimate/low" and "estimate/high", and "estimate/gaussian", what a Gaussian with
        the same canonical correlations would have; all in nats.
    """
    distribution = distributions.get(family, rho=rho)
    x, y = distribution.sample(samples, setting.seed)
    with warnings.catch_warnings():
        # The interval and the true value stand beside each other in the result.
        warnings.simplefilter("ignore", EstimateWarning)
        estimator = MutualInformationEstimator(seed=setting.seed).fit(x, y)
    correlations = canonical_correlations(x, y).correlations
    low, high = estimator.confidence_interval_
    for metric, value in (
        ("mutual_information", distribution.mutual_information),
        ("estimate", estimator.mutual_information_),
        ("estimate/standard_error", estimator.standard_error_),
        ("estimate/low", low),
        ("estimate/high", high),
        ("estimate/gaussian", -0.5 * np.sum(np.log1p(-(correlations**2)))),
    ):
        yield Measurement(metric, "test", float(value), "nats", {"distribution": distribution.name})


def _check(*, family, rho, samples, **_):
    distributions.get(family, rho=rho)
    if samples < _FEWEST:
        raise ValueError(f"samples must be {_FEWEST} or more. Received: samples={samples}.")


COMPUTATION = Computation(pair_estimate, _check, ("samples",))
