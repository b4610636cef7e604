"""Jensen-Shannon divergence against mutual information on random discrete joints."""

import numpy as np
from scipy.special import rel_entr
from scipy.stats import spearmanr

from tf_infomax.numerics import randomness
from tf_infomax.results.measurements import Measurement
from tf_infomax.studies.computation import SCHEMES, Computation

__all__ = ["COMPUTATION", "SCHEMES", "divergences", "jsd_and_kl", "random_joint"]

# Scales and concentrations are drawn for every joint, so that its MI is spread over a range.
_SCALES = (0.1, 30.0)
_CONCENTRATIONS = (0.01, 10.0)


def _uniform(rng, size):
    return rng.random((size, size))


def _logits(rng, size):
    return _log_uniform(rng, _SCALES) * rng.random((size, size))


def _softmax(rng, size):
    return _exponentials(_logits(rng, size))


def _softmax_dropout(rng, size):
    # Uniform draws, dropout, softmax, in this order: dropped entries have the logit 0 and keep some
    # probability. Dropout's division by the share that is kept is part of the random scale.
    logits = _logits(rng, size)
    kept = rng.random((size, size)) < rng.uniform(0.05, 1.0)
    return _exponentials(np.where(kept, logits, 0.0))


def _exponentials(logits):
    return np.exp(logits - logits.max(axis=1, keepdims=True))


def _dirichlet(rng, size):
    # Gamma draws of tiny shape underflow to zero; a row of zeros would not be a distribution.
    draws = rng.standard_gamma(_log_uniform(rng, _CONCENTRATIONS), (size, size))
    return draws + np.finfo(float).tiny


# Name -> function(rng, size) -> weights [size, size] of y (columns) given x (rows).
_WEIGHTS = dict(
    zip(SCHEMES, (_uniform, _softmax, _softmax_dropout, _dirichlet), strict=True)
)


def _log_uniform(rng, ends):
    return np.exp(rng.uniform(*np.log(ends)))


def random_joint(scheme, rng, size):
    """A joint distribution ``[size, size]``: p(x) = 1 / size, and p(y | x) by ``scheme``."""
    weights = _WEIGHTS[scheme](rng, size)
    return weights / weights.sum(axis=1, keepdims=True) / size


def divergences(joint):
    """(KL, JSD) of a joint distribution from the product of its marginals, with natural logarithms.

    KL is the mutual information; ``JSD = KL(p || m) / 2 + KL(q || m) / 2``, m the mean of joint p
    and product q, is at most log 2.

    Args:
        joint: ``[X, Y]``, at least 0, of sum 1; entries of 0 count as 0.
    """
    product = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    middle = 0.5 * (joint + product)
    kl = rel_entr(joint, product).sum()
    jsd = 0.5 * (rel_entr(joint, middle).sum() + rel_entr(product, middle).sum())
    return kl, jsd


def jsd_and_kl(setting, scheme, size, draws=200):
    """Both divergences of ``draws`` random joints, in the tag ``values``, in the same order.

    Yields:
        "divergence/kl" (median, in nats), "divergence/jsd" (median, no unit), and
        "rank_correlation" of the two.

    Reference: Hjelm et al. (2019), appendix A.1, Fig. 4, whose joints are "softmax_dropout".
    """
    rng = np.random.default_rng(randomness.stream(setting.seed, "jsd_and_kl", scheme, size))
    pairs = np.array(
        [divergences(random_joint(scheme, rng, size)) for _ in setting.paced(range(draws))]
    )
    # KL is mutual information, in nats; JSD is not, and has no unit, as everywhere here.
    for name, unit, values in zip(("kl", "jsd"), ("nats", "1"), pairs.T, strict=True):
        rounded = [float(f"{value:.6g}") for value in values]
        yield Measurement(
            f"divergence/{name}", "test", float(np.median(values)), unit, {"values": rounded}
        )
    yield Measurement("rank_correlation", "test", float(spearmanr(*pairs.T).statistic), "1")


def _check(setting, scheme, size, draws):
    del setting
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}. Received: {scheme!r}.")
    for name, value in (("size", size), ("draws", draws)):
        if not value >= 2:
            raise ValueError(f"{name} must be 2 or more. Received: {name}={value}.")


COMPUTATION = Computation(jsd_and_kl, _check, ("scheme", "size", "draws"))
