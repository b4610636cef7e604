"""Student t pairs, which depend through a common scale even without correlation."""

import dataclasses
import math

import numpy as np
from scipy import special

from tf_infomax.distributions.base import Distribution
from tf_infomax.distributions.covariances import (
    checked_covariance,
    dense_covariance,
    gaussian_information,
    mahalanobis,
    sparse_covariance,
)

__all__ = ["StudentT"]

# The chi-squared variable underflows, and the square of a sample overflows, with the probability
# exp(-354 dof): 2e-8 here, 3 % at 0.01.
_SMALLEST_DOF = 0.05
# From here on the series of ``_tail_by_series`` has more digits than differences of ``lgamma``.
_LARGE_DOF = 50.0


def _tail_by_series(s, p, q):
    """c for large dof = 2 s, with dim_x = 2 p and dim_y = 2 q.

    By Stirling's series g(h) = h psi(h) - lgamma(h) is

        1/2 log h + h - 1/2 - 1/2 log(2 pi) - 1/(6 h) + 1/(90 h^3) - 1/(210 h^5) + 1/(210 h^7) - ...

    (the terms are -B_2k / (2k - 1) h^(1 - 2k), B_2k the Bernoulli numbers), and c is
    g(s + p) + g(s + q) - g(s + p + q) - g(s). There h and the constants cancel; the differences of
    log h and 1 / h, which would lose all digits, have closed forms. What is left out is of the
    relative size 1.5 / s^9.
    """
    total = s + p + q
    logarithms = 0.5 * math.log1p(p / s * (q / total))
    inverses = p / s * (q / total) * (s + total) / ((s + p) * (s + q)) / 6

    def powers(exponent):
        return (s + p) ** exponent + (s + q) ** exponent - total**exponent - s**exponent

    return logarithms + inverses + powers(-3) / 90 - powers(-5) / 210 + powers(-7) / 210


@dataclasses.dataclass(frozen=True, eq=False)
class StudentT(Distribution):
    """(x, y) = z / sqrt(w), z ~ N(0, dispersion), w ~ chi-squared(dof) / dof, shared by x and y.

    In d dimensions the density is, with q = z^T S^-1 z / dof,

        p = Gamma((dof+d)/2) / (Gamma(dof/2) (dof pi)^(d/2) det(S)^(1/2)) (1 + q)^(-(dof+d)/2),

    and every part of the vector is Student t with the same dof and its block of S. As q is the
    ratio chi-squared(d) / chi-squared(dof), 1 / (1 + q) is Beta(dof/2, d/2) distributed and
    E log(1 + q) = psi((dof+d)/2) - psi(dof/2). The entropy follows,

        h = 1/2 log det S + d/2 log(dof pi) + lgamma(dof/2) - lgamma((dof+d)/2)
            + (dof+d)/2 [psi((dof+d)/2) - psi(dof/2)],

    and in h(X) + h(Y) - h(X, Y) the determinants make the Gaussian mutual information of S, the
    powers of pi cancel, and the rest is, with f(d) = (dof+d)/2 psi((dof+d)/2) - lgamma((dof+d)/2),

        c = f(dim_x) + f(dim_y) - f(dim_x + dim_y) - f(0).

    c is positive, and goes to zero as dof grows.

    Args:
        dof: degrees of freedom, at least 0.05: below, samples overflow. At 1 there is no mean, up
            to 2 no covariance.
        dispersion: of the concatenated (x, y), ``[D, D]``, symmetric and positive definite.
        dim_x: coordinates of x; the other ``D - dim_x`` are those of y.
        label: the name without the dimensions; by default with the dof.

    Raises:
        ValueError: if an argument is not as above.
    """

    dof: float
    dispersion: np.ndarray
    dim_x: int
    label: str | None = None
    dim_y: int = dataclasses.field(init=False)

    def __post_init__(self):
        if not 0 < self.dof < math.inf:
            raise ValueError(
                "`dof` must be positive and finite (its limit is `Gaussian`). "
                f"Received: dof={self.dof}."
            )
        if self.dof < _SMALLEST_DOF:
            raise ValueError(
                f"`dof` must be at least {_SMALLEST_DOF}, because the tails of fewer degrees of "
                f"freedom overflow float64. Received: dof={self.dof}."
            )
        matrix, dim_x, dim_y = checked_covariance(self.dispersion, self.dim_x, "dispersion")
        object.__setattr__(self, "dispersion", matrix)
        object.__setattr__(self, "dim_x", dim_x)
        object.__setattr__(self, "dim_y", dim_y)
        if self.label is None:
            object.__setattr__(self, "label", f"student_t dof={self.dof:g}")

    @classmethod
    def dense(cls, dof, dim_x, dim_y, rho=0.5):
        """Dispersion 1 on the diagonal and ``rho`` elsewhere."""
        label = f"student_t dof={dof:g} dense rho={rho:g}"
        return cls(dof, dense_covariance(dim_x, dim_y, rho), dim_x, label)

    @classmethod
    def sparse(cls, dof, dim_x, dim_y, pairs=0, rho=0.8):
        """Dispersion ``rho`` between x_k and y_k for k < ``pairs``; 0 pairs: a multiple of I."""
        pattern = f" sparse pairs={pairs} rho={rho:g}" if pairs else ""
        dispersion = sparse_covariance(dim_x, dim_y, pairs, rho)
        return cls(dof, dispersion, dim_x, f"student_t dof={dof:g}{pattern}")

    @property
    def tail_information(self):
        """c: the mutual information due to the shared scale alone, in nats."""
        if self.dof >= _LARGE_DOF:
            return float(_tail_by_series(self.dof / 2, self.dim_x / 2, self.dim_y / 2))

        def f(dim):
            half = (self.dof + dim) / 2
            return half * special.digamma(half) - special.gammaln(half)

        # Grouped so that terms of like size meet first: each is of order dof log dof.
        return float((f(self.dim_x) - f(0)) - (f(self.dim_x + self.dim_y) - f(self.dim_y)))

    @property
    def mutual_information(self):
        """In nats, exact up to rounding."""
        return gaussian_information(self.dispersion, self.dim_x) + self.tail_information

    def _draw(self, n, generator):
        normals = generator.standard_normal((n, self.dim_x + self.dim_y))
        scale = np.sqrt(generator.chisquare(self.dof, size=(n, 1)) / self.dof)
        z = normals @ np.linalg.cholesky(self.dispersion).T / scale
        return z[:, : self.dim_x], z[:, self.dim_x :]

    def _log_density_ratio(self, x, y):
        cut = self.dim_x
        joint = self._log_kernel(np.hstack([x, y]), self.dispersion)
        x, y = (
            self._log_kernel(x, self.dispersion[:cut, :cut]),
            self._log_kernel(y, self.dispersion[cut:, cut:]),
        )
        return gaussian_information(self.dispersion, cut) + joint - x - y

    def _log_kernel(self, z, dispersion):
        """Log density without the determinant and the powers of dof pi."""
        half = (self.dof + z.shape[1]) / 2
        tails = half * np.log1p(mahalanobis(z, dispersion) / self.dof)
        return special.gammaln(half) - special.gammaln(self.dof / 2) - tails
