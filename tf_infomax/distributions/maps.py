"""Injective maps of one margin: mutual information passes through them unchanged.

If g and h are injective (and measurable both ways), X and g(X) determine each other, and so do Y
and h(Y). Data processing in both directions then gives I(g(X); h(Y)) = I(X; Y); the Jacobian
terms of the densities cancel in log p(x, y) - log p(x) - log p(y), so that the log density ratio
is that of the base at the inverse images. That holds only where no two numbers are rounded to
one image, so that maps of bounded range refuse what lies outside their domain.

``forward`` and ``inverse`` map ``float64 [n, d]``; ``dim_out(d)`` is the number of coordinates of
the image.
"""

import dataclasses
import math

import numpy as np
from scipy import special
from scipy.optimize import elementwise

__all__ = [
    "Arcsinh",
    "Bimodal",
    "Coordinatewise",
    "Cubic",
    "HalfCube",
    "Identity",
    "NormalCDF",
    "Spiral",
    "SwissRoll",
    "Wiggly",
    "increasing_inverse",
]


def increasing_inverse(function, values, low, high):
    """The inverse of an increasing function at the given values, to the last bits.

    Args:
        function: elementwise and increasing.
        values: ``[...]``.
        low, high: ``[...]``, with function(low) < values < function(high). The root is
            searched between them, at any slope (Chandrupatla's method, by SciPy).

    Returns:
        ``[...]``.

    Raises:
        ValueError: if a value is not between those at its ends, as with NaN.
    """
    found = elementwise.find_root(
        lambda z, value: function(z) - value, (low, high), args=(np.asarray(values),)
    )
    if not np.all(found.success):
        raise ValueError(
            "The map takes finite numbers within its bracket. "
            f"Received: {np.sum(~found.success)} others, the first "
            f"{np.asarray(values)[~found.success][0]}."
        )
    return found.x


def _within(values, fit, wanted):
    """``values``; ``ValueError`` unless they all ``fit``, which they must be ``wanted`` to do."""
    fit = np.broadcast_to(fit, np.shape(values))
    if not np.all(fit):
        others = np.asarray(values)[~fit]
        raise ValueError(
            f"{wanted} Received: {others.size} other values of {fit.size}, the first {others[0]:g}."
        )
    return values


class Coordinatewise:
    """Base of strictly increasing maps of single coordinates."""

    def dim_out(self, dim):
        """The number of input coordinates."""
        return dim


@dataclasses.dataclass(frozen=True)
class Identity(Coordinatewise):
    """z -> z."""

    def forward(self, z):
        return z

    def inverse(self, z):
        return z


@dataclasses.dataclass(frozen=True)
class Cubic(Coordinatewise):
    """z -> z^3; its slope at 0 is 0, but it is invertible."""

    def forward(self, z):
        return z**3

    def inverse(self, z):
        return np.cbrt(z)


@dataclasses.dataclass(frozen=True)
class HalfCube(Coordinatewise):
    """z -> sign(z) |z|^1.5, which makes the tails heavier."""

    def forward(self, z):
        return np.sign(z) * np.abs(z) ** 1.5

    def inverse(self, z):
        return np.sign(z) * np.abs(z) ** (2 / 3)


@dataclasses.dataclass(frozen=True)
class Arcsinh(Coordinatewise):
    """z -> log(z + sqrt(z^2 + 1)), which shortens the tails."""

    def forward(self, z):
        return np.arcsinh(z)

    def inverse(self, z):
        return np.sinh(z)


@dataclasses.dataclass(frozen=True)
class NormalCDF(Coordinatewise):
    """z -> P(N(0, 1) <= z): standard normal coordinates become uniform on (0, 1).

    Raises:
        ValueError: from ``forward`` on coordinates whose probability is rounded to 0 or 1 (below
            -38 or above 8.2, as those of a wider distribution than the standard normal one); from
            ``inverse`` on values that do not lie between 0 and 1.
    """

    def forward(self, z):
        image = special.ndtr(z)
        _within(
            z,
            (image > 0) & (image < 1),
            "The normal CDF takes standard normal coordinates, from -38 to 8.2: beyond, it is "
            "rounded to 0 or 1. Scale the base.",
        )
        return image

    def inverse(self, z):
        wanted = "The image of the normal CDF lies strictly between 0 and 1."
        return special.ndtri(_within(z, (z > 0) & (z < 1), wanted))


@dataclasses.dataclass(frozen=True)
class Wiggly(Coordinatewise):
    """z -> z + sum_k a_k sin(b_k z + c_k), strictly increasing as sum_k |a_k b_k| < 1.

    Args:
        waves: triples (a_k, b_k, c_k).

    Raises:
        ValueError: if the waves are so steep that the map might turn back.
    """

    waves: tuple = ((0.5, 1.0, 0.0), (0.15, 2.5, 1.0))

    def __post_init__(self):
        steepest = sum(abs(height * rate) for height, rate, _ in self.waves)
        if not steepest < 1:
            raise ValueError(
                "`waves` (a, b, c) must have a sum of |a b| below 1, or the map is not increasing. "
                f"Received: waves={self.waves} with the sum {steepest:.6g}."
            )

    def forward(self, z):
        return z + sum(height * np.sin(rate * z + phase) for height, rate, phase in self.waves)

    def inverse(self, z):
        # Slightly more than the sines can add, and more than 0 for waves of height 0.
        reach = 1e-6 + sum(abs(height) for height, _, _ in self.waves)
        return increasing_inverse(self.forward, z, z - reach, z + reach)


@dataclasses.dataclass(frozen=True)
class Bimodal(Coordinatewise):
    """z -> F^-1(P(N(0, 1) <= z)), F the distribution function of a mixture of two Gaussians.

    Standard normal coordinates get the distribution weight N(-distance, scale^2) + (1 - weight)
    N(distance, scale^2). The inverse has the closed form Phi^-1(F(z)); the map itself lies between
    -distance + scale z and distance + scale z, because F(t) is a mean of Phi((t + distance) /
    scale) and Phi((t - distance) / scale).

    Args:
        distance: of each mode from 0, in (0, 20 scale]: beyond, the gap between the modes is
            so empty that its coordinates are lost to rounding.
        scale: standard deviation of each mode, positive.
        weight: of the left mode, strictly between 0 and 1.

    Raises:
        ValueError: on values outside these ranges.
    """

    distance: float = 2.0
    scale: float = 0.5
    weight: float = 0.5

    def __post_init__(self):
        if not 0 < self.scale < math.inf:
            raise ValueError(f"`scale` must be positive. Received: scale={self.scale}.")
        if not 0 < self.distance <= 20 * self.scale:
            raise ValueError(
                f"`distance` must lie in (0, 20 scale] = (0, {20 * self.scale:g}]. "
                f"Received: distance={self.distance}."
            )
        if not 0 < self.weight < 1:
            raise ValueError(
                f"`weight` must lie strictly between 0 and 1. Received: weight={self.weight}."
            )

    def forward(self, z):
        ends, reach = self.scale * z, self.distance + 1e-6 * self.scale
        return increasing_inverse(self.inverse, z, ends - reach, ends + reach)

    def inverse(self, z):
        # In logarithms and on the side of the smaller tail: neither 1 - F nor F rounds to 0.
        left, right = (z + self.distance) / self.scale, (z - self.distance) / self.scale
        log_weight, log_rest = math.log(self.weight), math.log1p(-self.weight)
        below = np.logaddexp(
            log_weight + special.log_ndtr(left), log_rest + special.log_ndtr(right)
        )
        above = np.logaddexp(
            log_weight + special.log_ndtr(-left), log_rest + special.log_ndtr(-right)
        )
        tail = special.ndtri_exp(np.minimum(below, above))
        return np.where(below < above, tail, -tail)


@dataclasses.dataclass(frozen=True)
class Spiral:
    """z -> exp(|z|^2 A) z, a rotation by an angle that grows with the squared norm.

    A is antisymmetric, so exp(s A) is a rotation and the norm stays; hence the inverse is
    z -> exp(-|z|^2 A) z.

    Args:
        generator: A, ``[d, d]`` nested sequences, antisymmetric. Its entry at (i, j) is the
            angle in radians per unit of |z|^2 by which coordinate j turns into i.

    Raises:
        ValueError: if the matrix is not square, finite and antisymmetric.
    """

    generator: tuple

    def __post_init__(self):
        matrix = np.asarray(self.generator, np.float64)
        if matrix.ndim != 2 or not np.all(np.isfinite(matrix)) or not np.all(matrix == -matrix.T):
            raise ValueError(
                "`generator` must be a finite matrix equal to minus its transpose. "
                f"Received: generator={matrix.tolist()}."
            )
        object.__setattr__(self, "generator", tuple(map(tuple, matrix.tolist())))

    @classmethod
    def in_plane(cls, dim, speed=1.0, first=0, second=1):
        """Rotates one plane of ``dim`` coordinates, ``speed`` radians per unit of |z|^2."""
        if dim < 2 or not (0 <= first < dim and 0 <= second < dim and first != second):
            raise ValueError(
                "`first` and `second` must be two different coordinates below `dim`. "
                f"Received: dim={dim}, first={first}, second={second}."
            )
        generator = np.zeros((dim, dim))
        generator[second, first], generator[first, second] = speed, -speed
        return cls(generator)

    def dim_out(self, dim):
        """The number of input coordinates, which must be that of the generator."""
        if dim != len(self.generator):
            raise ValueError(
                f"A spiral of {len(self.generator)} coordinates cannot turn others. "
                f"Received: dim={dim}."
            )
        return dim

    def forward(self, z):
        return self._turn(z, 1.0)

    def inverse(self, z):
        return self._turn(z, -1.0)

    def _turn(self, z, sign):
        # i A is Hermitian: A = U diag(-i w) U^H with real w, and exp(s A) = U exp(-i w s) U^H.
        angles, vectors = np.linalg.eigh(1j * np.asarray(self.generator))
        turns = np.exp(-1j * sign * np.sum(z**2, axis=1, keepdims=True) * angles)
        return np.real((turns * (z @ vectors.conj())) @ vectors.T)


@dataclasses.dataclass(frozen=True)
class SwissRoll:
    """u -> (t cos t, t sin t) / 21 with t = 3 pi/2 (1 + 2u): a number in [0, 1] on a spiral curve.

    t > 0 is the distance from the origin, up to the factor, so that the curve never meets itself
    and u can be recovered. The image is a curve in the plane and has no density there; mutual
    information needs none.

    Raises:
        ValueError: from ``forward`` on numbers outside [0, 1]; from ``inverse`` on points farther
            from the origin, or nearer to it, than the curve.
    """

    _START = 1.5 * math.pi
    _SIZE = 21.0

    def dim_out(self, dim):
        """2 of 1."""
        if dim != 1:
            raise ValueError(f"A Swiss roll is made of one coordinate. Received: dim={dim}.")
        return 2

    def forward(self, z):
        wanted = "The Swiss roll takes numbers from 0 to 1, such as the images of the normal CDF."
        t = self._START * (1 + 2 * _within(z, (z >= 0) & (z <= 1), wanted))
        return np.hstack([t * np.cos(t), t * np.sin(t)]) / self._SIZE

    def inverse(self, z):
        t = self._SIZE * np.hypot(z[:, :1], z[:, 1:])
        u = (t / self._START - 1) / 2
        wanted = f"Points of the Swiss roll lie {self._START / self._SIZE:.4g} to "
        wanted += f"{3 * self._START / self._SIZE:.4g} from the origin, which is u from 0 to 1."
        # The ends of the curve are rounded to either side.
        return np.clip(_within(u, (u > -1e-12) & (u < 1 + 1e-12), wanted), 0.0, 1.0)
