"""NWJ and Donsker-Varadhan at the optimal critic: error against theory, over MI and samples."""

import math

import numpy as np

from tf_infomax.numerics import randomness
from tf_infomax.results.measurements import Measurement
from tf_infomax.studies.computation import Computation
from tf_infomax.studies.density_ratio import DensityRatio

__all__ = ["COMPUTATION", "estimator_variance"]

# Replicates are drawn in blocks of about this many numbers, so that memory stays small.
_BLOCK = 2_000_000


def estimator_variance(setting, mutual_information, samples, dim=200, replicates=1_000):
    """Variance and bias of two estimators with the optimal critic, compared with theory.

    Every replicate has ``samples`` joint and ``samples`` independent pairs. With many coordinates
    the density ratio's tail is light enough for its variance to be measured: E_q[r^4] is finite
    only for rho < 1/3.

    Yields:
        "variance/nwj", "bias/donsker_varadhan" and "bias/nwj", with their standard errors as
        tags, and "theory/..." of the first two; "theory/variance_floor" is
        ``(e^I - 1) / samples``.
    """
    ratio = DensityRatio(dim, mutual_information)
    rng = np.random.default_rng(randomness.stream(setting.seed, "estimator_variance"))
    nwj, dv = _replicates(setting, ratio, rng, samples, replicates)
    nats = {"standard_error": _standard_error(nwj)}
    deviations = (nwj - nwj.mean()) ** 2
    yield Measurement(
        "variance/nwj", "test", float(nwj.var(ddof=1)), "nats^2",
        {"standard_error": _standard_error(deviations)},
    )
    yield Measurement("bias/nwj", "test", float(nwj.mean() - mutual_information), "nats", nats)
    yield Measurement(
        "bias/donsker_varadhan", "test", float(dv.mean() - mutual_information), "nats",
        {"standard_error": _standard_error(dv)},
    )
    yield Measurement("theory/variance", "test", ratio.nwj_variance(samples), "nats^2")
    floor = math.expm1(mutual_information) / samples
    yield Measurement("theory/variance_floor", "test", floor, "nats^2")
    yield Measurement("theory/bias", "test", ratio.donsker_varadhan_bias(samples), "nats")


def _replicates(setting, ratio, rng, samples, replicates):
    nwj, dv = [], []
    block = max(1, _BLOCK // samples)
    for start in setting.paced(range(0, replicates, block)):
        shape = (min(block, replicates - start), samples)
        joint = ratio.sample_joint(rng, shape).mean(axis=1)
        partition = np.exp(ratio.sample_product(rng, shape)).mean(axis=1)
        nwj.append(1.0 + joint - partition)
        dv.append(joint - np.log(partition))
    return np.concatenate(nwj), np.concatenate(dv)


def _standard_error(values):
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def _check(setting, mutual_information, samples, dim, replicates):
    del setting
    for name, value, smallest in (
        ("mutual_information", mutual_information, 0), ("samples", samples, 1), ("dim", dim, 1),
        ("replicates", replicates, 2),
    ):
        if not smallest <= value < math.inf:
            raise ValueError(f"{name} must be {smallest} or more. Received: {name}={value}.")


COMPUTATION = Computation(
    estimator_variance, _check, ("mutual_information", "samples", "dim", "replicates")
)
