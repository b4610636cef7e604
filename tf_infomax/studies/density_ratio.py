"""The density ratio of correlated Gaussians: its exact moments, and exact draws of it.

``x_k, y_k ~ N(0, 1)`` with correlation rho in each of d coordinates, I = -d/2 log(1 - rho^2), and
``r = p(x, y) / (p(x) p(y))``. In the rotated coordinates ``u = (x + y) / sqrt(2)``,
``v = (x - y) / sqrt(2)``, which are independent under both distributions,

    log r = I + rho / (2 (1 + rho)) |u|^2 - rho / (2 (1 - rho)) |v|^2,

so two chi-squared numbers give a draw of it, however large d is. All statements are derived here.
"""

import dataclasses
import math

from tf_infomax.data.gaussians import CorrelatedGaussians

__all__ = ["DensityRatio"]


@dataclasses.dataclass(frozen=True)
class DensityRatio:
    """The density ratio of Gaussians of ``dim`` coordinates with ``mutual_information`` nats."""

    dim: int
    mutual_information: float

    @property
    def rho(self):
        """Correlation of each coordinate, at least 0."""
        pairs = CorrelatedGaussians.from_mutual_information(self.dim, self.mutual_information)
        return pairs.rho

    @property
    def variance_under_product(self):
        """``Var_q[r]`` under independent pairs: ``E_q[r^2] - 1 = (1 - rho^2)^-d - 1 = e^2I - 1``.

        In Hermite polynomials ``r = sum_n rho^n h_n(x) h_n(y)`` for each coordinate, so that
        ``E_q[r^2] = sum_n rho^2n``. For every distribution ``Var_q[r] >= e^I - 1`` (Jensen), as
        Song and Ermon (2020) state; the Gaussian is far above.
        """
        return math.expm1(2.0 * self.mutual_information)

    @property
    def log_variance_under_joint(self):
        """``Var_p[log r] = d rho^2``: under p, |u|^2 is (1 + rho) and |v|^2 (1 - rho) chi^2."""
        return self.dim * self.rho**2

    def nwj_variance(self, samples):
        """Variance of NWJ at its optimal critic 1 + log r, from ``samples`` pairs of p and of q.

        The estimate is ``1 + mean_p log r - mean_q r``.
        """
        return (self.log_variance_under_joint + self.variance_under_product) / samples

    def donsker_varadhan_bias(self, samples):
        """Bias of the batch Donsker-Varadhan value, to first order in 1 / samples, upwards.

        ``-E[log mean_q r] = Var_q[r] / (2 samples) + ...``; it is inaccurate above about 1/2.
        """
        return self.variance_under_product / (2.0 * samples)

    def sample_product(self, rng, shape):
        """Draws of log r under independent pairs, float64, from a NumPy generator."""
        return self._sample(rng, shape, 1.0, 1.0)

    def sample_joint(self, rng, shape):
        """Draws of log r under joint pairs."""
        return self._sample(rng, shape, 1.0 + self.rho, 1.0 - self.rho)

    def _sample(self, rng, shape, u_variance, v_variance):
        rho = self.rho
        u = rho / (2.0 * (1.0 + rho)) * u_variance * rng.chisquare(self.dim, shape)
        v = rho / (2.0 * (1.0 - rho)) * v_variance * rng.chisquare(self.dim, shape)
        return self.mutual_information + u - v
