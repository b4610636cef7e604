"""Gaussian pairs of any joint covariance."""

import dataclasses

import numpy as np

from tf_infomax.distributions.base import Distribution
from tf_infomax.distributions.covariances import (
    checked_covariance,
    dense_covariance,
    gaussian_information,
    mahalanobis,
    sparse_covariance,
)

__all__ = ["Gaussian"]


@dataclasses.dataclass(frozen=True, eq=False)
class Gaussian(Distribution):
    """(x, y) ~ N(0, covariance).

    With the entropy 1/2 log det(2 pi e C) of a Gaussian,

        I(X; Y) = h(X) + h(Y) - h(X, Y) = 1/2 (log det C_xx + log det C_yy - log det C).

    A nonzero mean would only shift the margins.

    Args:
        covariance: of the concatenated (x, y), ``[D, D]``, symmetric and positive definite.
        dim_x: coordinates of x; the other ``D - dim_x`` are those of y.
        label: the name without the dimensions.

    Raises:
        ValueError: if the matrix is not such a covariance, or leaves x or y without coordinates.
    """

    covariance: np.ndarray
    dim_x: int
    label: str = "normal"
    dim_y: int = dataclasses.field(init=False)

    def __post_init__(self):
        matrix, dim_x, dim_y = checked_covariance(self.covariance, self.dim_x, "covariance")
        object.__setattr__(self, "covariance", matrix)
        object.__setattr__(self, "dim_x", dim_x)
        object.__setattr__(self, "dim_y", dim_y)

    @classmethod
    def bivariate(cls, rho=0.75):
        """One coordinate each, of correlation ``rho``: I = -1/2 log(1 - rho^2)."""
        return cls(sparse_covariance(1, 1, 1, rho), 1, f"normal rho={rho:g}")

    @classmethod
    def dense(cls, dim_x, dim_y, rho=0.5):
        """Any two of all coordinates have the correlation ``rho``.

        The determinant of the D x D matrix is (1 - rho)^(D-1) (1 + (D-1) rho), hence
        I = 1/2 log[ (1 + (dim_x-1) rho) (1 + (dim_y-1) rho) / ((1-rho) (1 + (D-1) rho)) ].
        """
        return cls(dense_covariance(dim_x, dim_y, rho), dim_x, f"normal dense rho={rho:g}")

    @classmethod
    def sparse(cls, dim_x, dim_y, pairs=2, rho=0.8):
        """Only the first ``pairs`` of (x_k, y_k) are correlated: I = -pairs/2 log(1 - rho^2)."""
        covariance = sparse_covariance(dim_x, dim_y, pairs, rho)
        return cls(covariance, dim_x, f"normal sparse pairs={pairs} rho={rho:g}")

    @classmethod
    def coordinatewise(cls, dim, rho=0.5):
        """Every x_k has the correlation ``rho`` with its y_k: I = -dim/2 log(1 - rho^2)."""
        covariance = sparse_covariance(dim, dim, dim, rho)
        return cls(covariance, dim, f"normal coordinatewise rho={rho:g}")

    @property
    def mutual_information(self):
        """In nats, exact up to rounding."""
        return gaussian_information(self.covariance, self.dim_x)

    def _draw(self, n, generator):
        normals = generator.standard_normal((n, self.dim_x + self.dim_y))
        z = normals @ np.linalg.cholesky(self.covariance).T
        return z[:, : self.dim_x], z[:, self.dim_x :]

    def _log_density_ratio(self, x, y):
        # The constants make up the mutual information; the quadratic forms remain.
        cut = self.dim_x
        joint = mahalanobis(np.hstack([x, y]), self.covariance)
        margins = mahalanobis(x, self.covariance[:cut, :cut])
        margins = margins + mahalanobis(y, self.covariance[cut:, cut:])
        return self.mutual_information + 0.5 * (margins - joint)
