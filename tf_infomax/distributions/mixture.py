"""Mixtures of bivariate Gaussians: dependent but uncorrelated; mutual information by quadrature."""

import dataclasses
import functools
import math
from typing import ClassVar

import numpy as np
from scipy import special

from tf_infomax.distributions.base import Distribution

__all__ = ["GaussianMixture"]

# Standard deviations from the outermost mean to the edge of the grid: beyond, less than 1e-21.
_REACH = 10.0
# Nodes of the finest grid along one axis.
_MOST_NODES = 4096


@dataclasses.dataclass(frozen=True, eq=False)
class GaussianMixture(Distribution):
    """Scalar x and y: (x, y) ~ N(means[k], covariances[k]) with the probability weights[k].

    I(X; Y) = integral of p(x, y) log[p(x, y) / (p(x) p(y))] has no closed form. The integrand is
    analytic and falls off like a Gaussian, and for such functions the trapezoidal rule converges
    faster than any power of its step: the step is halved until two grids agree to 1e-10 nats, and
    the difference is kept as ``mutual_information_error``.

    Args:
        weights: ``[K]``, positive, of sum 1.
        means: ``[K, 2]``.
        covariances: ``[K, 2, 2]``, symmetric and positive definite.
        label: the name without the dimensions.

    Raises:
        ValueError: if the arguments do not make such a mixture, or its components are so narrow
            for their distance that the finest grid cannot resolve them.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    label: str = "mixture"
    dim_x: ClassVar[int] = 1
    dim_y: ClassVar[int] = 1

    def __post_init__(self):
        weights = np.array(self.weights, np.float64)
        means, covariances = np.array(self.means), np.array(self.covariances, np.float64)
        if (
            weights.ndim != 1
            or not np.all(weights > 0)
            or not math.isclose(np.sum(weights), 1, rel_tol=1e-9)
        ):
            raise ValueError(
                f"`weights` must be positive and sum to 1. Received: weights={self.weights}."
            )
        count = len(weights)
        if means.shape != (count, 2) or not np.all(np.isfinite(means)):
            raise ValueError(f"`means` must be finite [{count}, 2]. Received: means={self.means}.")
        if (
            covariances.shape != (count, 2, 2)
            or not np.all(covariances == np.swapaxes(covariances, 1, 2))
            or not np.all(np.linalg.eigvalsh(covariances) > 0)
        ):
            raise ValueError(
                f"`covariances` must be symmetric positive definite [{count}, 2, 2]. "
                f"Received: covariances={self.covariances}."
            )
        for name, value in (("weights", weights), ("means", means), ("covariances", covariances)):
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        _ = self._quadrature

    @classmethod
    def cross(cls, rho=0.9):
        """Half the pairs of correlation ``rho``, half of ``-rho``: standard normal margins.

        x and y are uncorrelated, so that an estimate from correlations alone is 0.
        """
        covariances = [[[1, rho], [rho, 1]], [[1, -rho], [-rho, 1]]]
        return cls([0.5, 0.5], np.zeros((2, 2)), covariances, f"mixture cross rho={rho:g}")

    @classmethod
    def clusters(cls, distance=2.0, scale=0.6):
        """Three round clusters at (-d, -d), (0, d) and (d, -d): bimodal x and y, uncorrelated."""
        means = distance * np.array([[-1.0, -1.0], [0.0, 1.0], [1.0, -1.0]])
        covariances = np.tile(scale**2 * np.eye(2), (3, 1, 1))
        label = f"mixture clusters distance={distance:g} scale={scale:g}"
        return cls(np.full(3, 1 / 3), means, covariances, label)

    @property
    def mutual_information(self):
        """In nats, to within ``mutual_information_error``."""
        return self._quadrature[0]

    @property
    def mutual_information_error(self):
        """The change at the last halving of the step, in nats, at most 1e-10."""
        return self._quadrature[1]

    @functools.cached_property
    def _quadrature(self):
        deviations = np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        low = np.min(self.means - _REACH * deviations, axis=0)
        high = np.max(self.means + _REACH * deviations, axis=0)
        # No component may slip between the nodes: a standard deviation of the narrowest direction
        # is the longest first step.
        narrowest = math.sqrt(np.min(np.linalg.eigvalsh(self.covariances)))
        nodes, previous = math.ceil(np.max(high - low) / narrowest) + 1, math.inf
        while nodes <= _MOST_NODES:
            value = self._trapezoid(low, high, nodes)
            if abs(value - previous) <= 1e-10:
                return value, abs(value - previous)
            nodes, previous = 2 * nodes - 1, value
        raise ValueError(
            f"The mixture is too fine for a grid of {_MOST_NODES} nodes on a side. Received: "
            f"means={self.means.tolist()}, covariances={self.covariances.tolist()}."
        )

    def _trapezoid(self, low, high, nodes):
        x = np.linspace(low[0], high[0], nodes)
        y = np.linspace(low[1], high[1], nodes)
        cell = (x[1] - x[0]) * (y[1] - y[0])
        margin_x, margin_y = self._log_margin(x, 0), self._log_margin(y, 1)
        total = 0.0
        # Some rows of the grid at a time bound the memory.
        for rows in np.array_split(np.arange(nodes), math.ceil(nodes / 256)):
            pairs = np.stack(np.meshgrid(x[rows], y, indexing="ij"), axis=-1)
            joint = self._log_joint(pairs)
            ratio = joint - margin_x[rows, np.newaxis] - margin_y
            total += np.sum(np.exp(joint) * ratio)
        return float(total * cell)

    def _log_joint(self, pairs):
        """Log density of pairs ``[..., 2]``."""
        terms = []
        for weight, mean, covariance in zip(
            self.weights, self.means, self.covariances, strict=True
        ):
            x, y = np.moveaxis(pairs - mean, -1, 0)
            precision = np.linalg.inv(covariance)
            quadratic = precision[0, 0] * x**2 + precision[1, 1] * y**2
            quadratic += 2 * precision[0, 1] * x * y
            constant = math.log(weight) - 0.5 * np.linalg.slogdet(2 * math.pi * covariance)[1]
            terms.append(constant - 0.5 * quadratic)
        return functools.reduce(np.logaddexp, terms)

    def _log_margin(self, values, axis):
        variances = self.covariances[:, axis, axis]
        shifted = values[:, np.newaxis] - self.means[:, axis]
        terms = -0.5 * (shifted**2 / variances + np.log(2 * math.pi * variances))
        return special.logsumexp(np.log(self.weights) + terms, axis=1)

    def _draw(self, n, generator):
        component = generator.choice(len(self.weights), size=n, p=self.weights)
        normals = generator.standard_normal((n, 2))
        factors = np.linalg.cholesky(self.covariances)[component]
        pairs = self.means[component] + np.einsum("nij,nj->ni", factors, normals)
        return pairs[:, :1], pairs[:, 1:]

    def _log_density_ratio(self, x, y):
        joint = self._log_joint(np.hstack([x, y]))
        return joint - self._log_margin(x[:, 0], 0) - self._log_margin(y[:, 0], 1)
