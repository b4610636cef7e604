"""Mutual information of two discrete variables from the table of their counts."""

import dataclasses
import math

import numpy as np
from scipy.special import gammaln

__all__ = ["TableEstimate", "entropy", "from_counts"]

# Largest fraction of pairs that are the only one in their cell (an estimate of the probability of
# cells not yet seen; Good, 1953) for which the jackknife removes the bias. With more of them it
# removes a part only, and cells must borrow strength from each other.
_FEW_SINGLES = 0.05
_RATIOS_BELOW, _RATIOS_ABOVE, _LOWEST_RATIO = 15, 40, 1e-3
_ITERATIONS = 300


@dataclasses.dataclass(frozen=True)
class TableEstimate:
    """The estimate from a table.

    Attributes:
        value: corrected estimate, nats, at least 0.
        plug_in: mutual information of the observed frequencies, nats, biased high.
        standard_error: nats; the sampling error and a quarter of the correction together.
    """

    value: float
    plug_in: float
    standard_error: float


def entropy(counts):
    """Entropy of counts in nats, with the jackknife's correction (Zahl, 1977).

    Args:
        counts: array of non-negative integers with a sum of at least 2.
    """
    counts = np.asarray(counts, np.float64).ravel()
    counts = counts[counts > 0]
    total = counts.sum()
    products = counts * np.log(counts)
    fewer = counts - 1.0
    without = products.sum() - products + fewer * np.log(np.maximum(fewer, 1.0))
    left_out = math.log(total - 1.0) - without / (total - 1.0)
    whole = math.log(total) - products.sum() / total
    return float(total * whole - (total - 1.0) * (counts * left_out).sum() / total)


def from_counts(table):
    """``TableEstimate`` from counts.

    The plug-in estimate is too large, by about (Kx - 1)(Ky - 1) / 2N nats near independence. If
    nearly all pairs share their cell with others, the jackknife of each entropy removes this bias;
    it removes more of it than the Miller-Madow term, its first order. Otherwise the density
    ratios of the cells are taken as draws from one distribution, estimated by nonparametric maximum
    likelihood from Poisson counts (Kiefer and Wolfowitz, 1956), and the estimate is the posterior
    mean of ``sum q r log r``, with q the product of the marginal frequencies.

    Args:
        table: counts ``[Kx, Ky]``, every row and column with at least one.
    """
    table = np.asarray(table, np.float64)
    total = table.sum()
    product = np.outer(table.sum(axis=1), table.sum(axis=0)) / total**2
    cells = table > 0
    log_ratios = np.log(table[cells] / total / product[cells])
    weights = table[cells] / total
    plug_in = float(weights @ log_ratios)
    if (table == 1).sum() <= _FEW_SINGLES * total:
        value = entropy(table.sum(axis=1)) + entropy(table.sum(axis=0)) - entropy(table)
    else:
        value = _empirical_bayes(table, product)
    value = min(max(value, 0.0), plug_in if value > plug_in + 0.5 else max(value, plug_in))
    sampling = weights @ log_ratios**2 - plug_in**2
    chance = math.sqrt((table.shape[0] - 1) * (table.shape[1] - 1) / 2.0) / total
    variance = max(sampling, 0.0) / total + chance**2 + ((plug_in - value) / 4.0) ** 2
    return TableEstimate(float(value), plug_in, math.sqrt(variance))


def _empirical_bayes(table, product):
    # Cells with equal counts and equal expectations are one, with a multiplicity.
    cells, repeats = np.unique(
        np.stack([table.ravel(), product.ravel()]), axis=1, return_counts=True
    )
    counts, expected = cells
    ratios = np.concatenate([
        [0.0],
        np.geomspace(_LOWEST_RATIO, 1.0, _RATIOS_BELOW),
        np.geomspace(1.0, max(1.0 / product.min(), 2.0), _RATIOS_ABOVE + 1)[1:],
    ])  # fmt: skip
    means = table.sum() * expected[:, np.newaxis] * ratios
    logs = np.log(np.maximum(means, 1e-300))
    likelihood = counts[:, np.newaxis] * logs - means - gammaln(counts + 1.0)[:, np.newaxis]
    likelihood = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    prior = np.full(len(ratios), 1.0 / len(ratios))
    for _ in range(_ITERATIONS):
        evidence = likelihood @ prior
        prior = prior * ((repeats / evidence) @ likelihood) / repeats.sum()
    posterior = likelihood * prior / (likelihood @ prior)[:, np.newaxis]
    weights = expected * repeats
    mean_ratio = float(weights @ (posterior @ ratios))
    information = weights @ (posterior @ (ratios * np.log(np.maximum(ratios, 1e-300))))
    # Renormalised: the posterior means of the ratios need not sum to one.
    return float(information) / mean_ratio - math.log(mean_ratio)
