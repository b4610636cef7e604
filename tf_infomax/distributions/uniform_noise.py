"""A uniform variable observed with uniform noise."""

import dataclasses
import math
from typing import ClassVar

import numpy as np

from tf_infomax.distributions.base import Distribution

__all__ = ["AdditiveUniformNoise"]


@dataclasses.dataclass(frozen=True)
class AdditiveUniformNoise(Distribution):
    """x ~ U(0, 1), y = x + noise, noise ~ U(-epsilon, epsilon), independent.

    I(X; Y) = h(Y) - h(Y | X) = h(Y) - log(2 epsilon). The density of y is the convolution of two
    rectangles, a trapezoid from -epsilon to 1 + epsilon: two ramps of length r = min(1, 2 epsilon)
    and a plateau of height p = 1 / max(1, 2 epsilon) and length |1 - 2 epsilon|. A ramp adds

        -int_0^r (p t/r) log(p t/r) dt = r p (1/4 - 1/2 log p)

    to the entropy and the plateau -|1 - 2 epsilon| p log p, so that

        epsilon <= 1/2 (p = 1):             h(Y) = epsilon,
        epsilon >= 1/2 (p = 1/(2 epsilon)): h(Y) = log(2 epsilon) + 1/(4 epsilon),

        I = epsilon - log(2 epsilon)  or  1 / (4 epsilon);  both are 1/2 at epsilon = 1/2.

    Args:
        epsilon: half the width of the noise, positive.

    Raises:
        ValueError: if ``epsilon`` is not positive and finite.
    """

    epsilon: float = 0.1
    dim_x: ClassVar[int] = 1
    dim_y: ClassVar[int] = 1

    def __post_init__(self):
        if not 0 < self.epsilon < math.inf:
            raise ValueError(
                "`epsilon` must be positive and finite (without noise the mutual information is "
                f"infinite). Received: epsilon={self.epsilon}."
            )

    @property
    def label(self):
        """The name without the dimensions."""
        return f"additive_noise epsilon={self.epsilon:g}"

    @property
    def mutual_information(self):
        """In nats, exact."""
        if self.epsilon <= 0.5:
            return self.epsilon - math.log(2 * self.epsilon)
        return 1 / (4 * self.epsilon)

    def _draw(self, n, generator):
        x, noise = generator.random((2, n, 1))
        return x, x + self.epsilon * (2 * noise - 1)

    def _log_density_ratio(self, x, y):
        x, y = x[:, 0], y[:, 0]
        ramp = np.minimum(y + self.epsilon, 1 + self.epsilon - y)
        density_y = np.minimum(ramp, min(1, 2 * self.epsilon)) / (2 * self.epsilon)
        # Rounding of x + noise - x may leave the interval by an ulp.
        inside = np.abs(y - x) <= self.epsilon * (1 + 1e-12)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = -math.log(2 * self.epsilon) - np.log(density_y)
        return np.where(inside, ratio, -np.inf)
