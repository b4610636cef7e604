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
        dof: degrees of freedom, positive; at 1 there is no mean, up to 2 no covariance.
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
