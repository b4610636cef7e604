"""Two estimates of mutual information without a network, from libraries: neighbours, correlations.

Both are thin wrappers that fix the units (nats), keep negative estimates, and can map the margins
as ``tf_infomax.MutualInformationEstimator`` does, so that a comparison does not depend on
preprocessing.

Nearest neighbours come from NorMI (``pip install tf_infomax[benchmark]``; MIT licence, SciPy's
k-d trees, two small dependencies). Alternatives considered: scikit-learn's
``mutual_info_regression`` is this estimator for single columns only; ennemi is, too, in its public
interface; infomeasure takes vectors but brings numba, LLVM and the AGPL; benchmark-mi needs JAX;
npeet-plus adds random noise from NumPy's global state to the data; unite-toolbox asks for coverage
as a dependency; libKSG has to be compiled.

Canonical correlations come from ``scipy.linalg.subspace_angles``, which is already there: they are
the cosines of the angles between the column spaces (Bjorck and Golub 1973), all at once and to
full precision. scikit-learn's ``CCA`` finds them one after the other by an iteration that may
stop early; statsmodels' ``CanCorr`` gives the same numbers for a large dependency.
"""

import numpy as np
from scipy import linalg, special, stats

__all__ = ["cca", "ksg"]

MARGINS = ("as_is", "normal_scores")


def ksg(x, y, neighbours=5, margins="as_is", workers=-1):
    """The first estimate of Kraskov, Stoegbauer and Grassberger (2004), Phys. Rev. E 69, 066138.

    psi(N) + psi(k) - mean_i [psi(n_x(i) + 1) + psi(n_y(i) + 1)]: n_x(i) points are nearer to x_i
    than the k-th neighbour of (x_i, y_i) is in the maximum norm. The columns are standardised.

    Args:
        x: ``[N, dim_x]``.
        y: ``[N, dim_y]``.
        neighbours: k, an int within 1 and N - 1. Few: less bias, more variance.
        margins: ``as_is`` or ``normal_scores`` (every column by its ranks, which leaves the
            mutual information as it is).
        workers: threads, -1 for all cores. The estimate does not depend on it.

    Returns:
        A float in nats. In more than a few dimensions it is biased far too low: the distance to the
        k-th neighbour is then as large as the structure of the dependence.

    Raises:
        ValueError: on shapes, values or options other than these.
        ImportError: if NorMI is not installed.
    """
    x, y = _checked(x, y, margins)
    if not 1 <= neighbours < len(x):
        raise ValueError(
            f"`neighbours` must be within 1 and N - 1 = {len(x) - 1}. "
            f"Received: neighbours={neighbours}."
        )
    from normi import NormalizedMI

    fitted = NormalizedMI(
        n_dims=[x.shape[1], y.shape[1]],
        k=int(neighbours),
        invariant_measure="kraskov",
        # Never a root of entropies, which may be negative.
        normalize_method="joint",
        n_jobs=workers,
        verbose=False,
    ).fit(np.hstack([x, y]))
    # `mi_` is cut off at 0; the three entropies are not, and their sum is the same estimate.
    return float(fitted.hx_[0, 1] + fitted.hy_[0, 1] - fitted.hxy_[0, 1])


def cca(x, y, margins="as_is"):
    """-1/2 sum_k log(1 - rho_k^2) over the canonical correlations rho_k of the sample.

    For jointly Gaussian pairs this is the mutual information by maximum likelihood; for others
    it depends on the correlations only. It is biased high, because sample correlations are too
    large: for independent pairs the mean is about dim_x dim_y / (2 N).

    Args:
        x: ``[N, dim_x]``.
        y: ``[N, dim_y]``, with N > dim_x + dim_y.
        margins: ``as_is`` or ``normal_scores``, which makes it exact also for Gaussian pairs
            under increasing maps of the coordinates.

    Returns:
        A float in nats.

    Raises:
        ValueError: on shapes, values or options other than these.
    """
    x, y = _checked(x, y, margins)
    if len(x) <= x.shape[1] + y.shape[1]:
        raise ValueError(
            f"`x` and `y` need more than dim_x + dim_y = {x.shape[1] + y.shape[1]} rows, or "
            f"some combinations agree exactly. Received: N={len(x)}."
        )
    angles = linalg.subspace_angles(x - np.mean(x, axis=0), y - np.mean(y, axis=0))
    # 1 - cos^2, without the cancellation at correlations near 1.
    return float(-np.sum(np.log(np.sin(angles))))


def _checked(x, y, margins):
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or len(x) < 2:
        raise ValueError(
            "`x` and `y` must be [N, dim_x] and [N, dim_y] with the same N of at least 2. "
            f"Received: x of shape {x.shape}, y of shape {y.shape}."
        )
    for name, z in (("x", x), ("y", y)):
        if not np.all(np.isfinite(z)):
            raise ValueError(
                f"`{name}` must be finite. Received: {np.sum(~np.isfinite(z))} other entries."
            )
        if np.any(np.ptp(z, axis=0) == 0):
            raise ValueError(
                f"`{name}` must not have constant columns. "
                f"Received: columns {np.flatnonzero(np.ptp(z, axis=0) == 0).tolist()}."
            )
    if margins not in MARGINS:
        raise ValueError(f"`margins` must be one of {MARGINS}. Received: margins={margins!r}.")
    if margins == "normal_scores":
        x, y = (special.ndtri(stats.rankdata(z, axis=0) / (len(z) + 1)) for z in (x, y))
    return x, y
