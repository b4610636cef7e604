"""Total correlation of a Gaussian with the codes' correlations, in closed form."""

import dataclasses
import math

import numpy as np

from tf_infomax.evaluation.labelled import checked_codes
from tf_infomax.evaluation.standardization import moments

__all__ = ["GaussianTotalCorrelation", "gaussian_total_correlation"]

_ROWS = 4_096


@dataclasses.dataclass(frozen=True)
class GaussianTotalCorrelation:
    """Total correlation from the correlation matrix of some codes.

    Attributes:
        nats: ``-1/2 log det R``; infinite if R is singular.
        missing: directions without variance among the coordinates that vary (0 unless singular).
        constant: coordinates that do not vary; they depend on nothing and are left out.
    """

    nats: float
    missing: int
    constant: int


def gaussian_total_correlation(codes):
    """``-1/2 log det R`` of the correlation matrix R of codes, in nats.

    It is the total correlation of Gaussian codes and does not depend on offsets or scales. For
    other codes with Gaussian margins it is a lower bound; in general it sees linear dependence
    only. For independent Gaussian coordinates it is biased high, by ``D (D - 1) / (4 N)`` nats.

    Args:
        codes: ``[N, ...]``, finite, N >= 2; maps are flattened.

    Returns:
        ``GaussianTotalCorrelation``. R counts as singular where an eigenvalue is no larger than
        what rounding of the codes or of R may give; N codes have at most N - 1 directions.

    Raises:
        ValueError: on codes that are not finite, or fewer than two.
    """
    codes = checked_codes(codes, "measured", dtype=None)
    if len(codes) < 2:
        raise ValueError(f"There must be two codes or more. Received: {len(codes)}.")
    known = moments(codes)
    varies = known.deviation > 0.0
    constant, dim = int((~varies).sum()), int(varies.sum())
    if dim < 2:
        return GaussianTotalCorrelation(0.0, 0, constant)
    correlation = np.zeros((dim, dim))
    for start in range(0, len(codes), _ROWS):
        rows = known.apply(codes[start : start + _ROWS])[:, varies]
        correlation += rows.T @ rows
    correlation /= len(codes)
    eigenvalues = np.linalg.eigvalsh(correlation)
    rounding = (known.rounding[varies] / known.deviation[varies]) ** 2
    smallest = dim * max(np.finfo(np.float64).eps * eigenvalues[-1], rounding.max())
    missing = int((eigenvalues <= smallest).sum())
    nats = math.inf if missing else max(0.0, -0.5 * float(np.log(eigenvalues).sum()))
    return GaussianTotalCorrelation(nats, missing, constant)
