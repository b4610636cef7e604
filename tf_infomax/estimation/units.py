"""Nats, bits and normalised mutual information."""

import math

import numpy as np

__all__ = ["UNITS", "in_unit", "linfoot_correlation", "normalized_by_entropies"]

# Name -> nats in one of them.
UNITS = {"nats": 1.0, "bits": math.log(2.0), "hartleys": math.log(10.0)}


def in_unit(nats, unit):
    """A number (or array) of nats in "nats", "bits" or "hartleys"; ``ValueError`` otherwise."""
    if unit not in UNITS:
        raise ValueError(f"`unit` must be one of {', '.join(UNITS)}. Received: unit={unit!r}.")
    return nats / UNITS[unit]


def linfoot_correlation(nats):
    """``sqrt(1 - exp(-2 I))`` in [0, 1): the |correlation| of Gaussians with as much information.

    Negative estimates give 0.

    Reference: Linfoot (1957), Information and Control 1, 85.
    """
    return np.sqrt(-np.expm1(-2.0 * np.maximum(nats, 0.0)))


def normalized_by_entropies(nats, entropy_x, entropy_y, mean="arithmetic"):
    """``I / mean(H(x), H(y))`` of discrete variables, in [0, 1].

    Args:
        nats: mutual information.
        entropy_x, entropy_y: nats, not both 0 (``levels.entropy`` of counts).
        mean: "arithmetic", "geometric", "min" or "max", as in scikit-learn's
            ``normalized_mutual_info_score``.

    Raises:
        ValueError: on another mean, and on entropies whose mean is not positive.
    """
    means = {
        "arithmetic": lambda a, b: (a + b) / 2.0,
        "geometric": lambda a, b: math.sqrt(a * b),
        "min": min,
        "max": max,
    }
    if mean not in means:
        raise ValueError(f"`mean` must be one of {', '.join(means)}. Received: mean={mean!r}.")
    scale = means[mean](entropy_x, entropy_y)
    if not scale > 0.0:
        raise ValueError(
            "The mean of the entropies must be positive: a constant tells nothing. "
            f"Received: entropies of {entropy_x} and {entropy_y} nats."
        )
    return min(max(nats / scale, 0.0), 1.0)
