"""Distributions made of others: mapped margins, joined coordinates, independent margins."""

import dataclasses

import numpy as np

from tf_infomax.distributions import maps
from tf_infomax.distributions.base import Distribution

__all__ = ["Independent", "Product", "Transformed"]


def _check_distribution(value, name):
    if not isinstance(value, Distribution):
        raise ValueError(f"`{name}` must be a Distribution. Received: {name}={value!r}.")


@dataclasses.dataclass(frozen=True, eq=False)
class Transformed(Distribution):
    """(map_x(x), map_y(y)) of the pairs of another distribution.

    Both maps are injective, so each side and its image determine each other and the mutual
    information is that of ``base`` (``maps`` has the argument). The log density ratio is that of
    ``base`` at the inverse images.

    Args:
        base: a ``Distribution``.
        map_x, map_y: of ``maps``, or anything with ``forward``, ``inverse`` and ``dim_out``.
        label: the name without the dimensions; by default the names of the maps and the base.

    Raises:
        ValueError: if ``base`` is not a distribution, or a map does not accept its coordinates.
    """

    base: Distribution
    map_x: object = dataclasses.field(default_factory=maps.Identity)
    map_y: object = dataclasses.field(default_factory=maps.Identity)
    label: str | None = None
    dim_x: int = dataclasses.field(init=False)
    dim_y: int = dataclasses.field(init=False)

    def __post_init__(self):
        _check_distribution(self.base, "base")
        object.__setattr__(self, "dim_x", self.map_x.dim_out(self.base.dim_x))
        object.__setattr__(self, "dim_y", self.map_y.dim_out(self.base.dim_y))
        if self.label is None:
            names = (type(self.map_x).__name__.lower(), type(self.map_y).__name__.lower())
            object.__setattr__(self, "label", f"{'/'.join(names)} of {self.base.label}")

    @property
    def mutual_information(self):
        """In nats, that of the base."""
        return self.base.mutual_information

    def _draw(self, n, generator):
        x, y = self.base._draw(n, generator)
        return self.map_x.forward(x), self.map_y.forward(y)

    def _log_density_ratio(self, x, y):
        return self.base._log_density_ratio(self.map_x.inverse(x), self.map_y.inverse(y))


@dataclasses.dataclass(frozen=True, eq=False)
class Product(Distribution):
    """Independent pairs put side by side: x = (x_1, x_2, ...), y = (y_1, y_2, ...).

    The joint density is a product and so are both margins; hence the log density ratio is the sum
    of those of the parts, and I(X; Y) = sum_k I(X_k; Y_k).

    Args:
        parts: distributions, at least one.
        label: the name without the dimensions; by default the names of the parts.

    Raises:
        ValueError: if there are no parts, or one is not a distribution.
    """

    parts: tuple
    label: str | None = None

    def __post_init__(self):
        object.__setattr__(self, "parts", tuple(self.parts))
        if not self.parts:
            raise ValueError("A product needs at least one part. Received: parts=().")
        for part in self.parts:
            _check_distribution(part, "parts")
        if self.label is None:
            labels = [part.label for part in self.parts]
            same = len(set(labels)) == 1
            label = f"{len(labels)} times {labels[0]}" if same else " and ".join(labels)
            object.__setattr__(self, "label", label)

    @property
    def dim_x(self):
        """Coordinates of x, of all parts together."""
        return sum(part.dim_x for part in self.parts)

    @property
    def dim_y(self):
        """Coordinates of y, of all parts together."""
        return sum(part.dim_y for part in self.parts)

    @property
    def mutual_information(self):
        """In nats, the sum over the parts."""
        return float(sum(part.mutual_information for part in self.parts))

    def _draw(self, n, generator):
        x, y = zip(*(part._draw(n, generator) for part in self.parts), strict=True)
        return np.hstack(x), np.hstack(y)

    def _log_density_ratio(self, x, y):
        total, start_x, start_y = np.zeros(len(x)), 0, 0
        for part in self.parts:
            end_x, end_y = start_x + part.dim_x, start_y + part.dim_y
            total += part._log_density_ratio(x[:, start_x:end_x], y[:, start_y:end_y])
            start_x, start_y = end_x, end_y
        return total


@dataclasses.dataclass(frozen=True, eq=False)
class Independent(Distribution):
    """x of one pair and y of another: the margins of ``base`` without dependence, I = 0.

    Args:
        base: the distribution whose margins are used.
        label: the name without the dimensions; by default it names the base.

    Raises:
        ValueError: if ``base`` is not a distribution.
    """

    base: Distribution
    label: str | None = None

    def __post_init__(self):
        _check_distribution(self.base, "base")
        if self.label is None:
            object.__setattr__(self, "label", f"independent margins of {self.base.label}")

    @property
    def dim_x(self):
        """Coordinates of x."""
        return self.base.dim_x

    @property
    def dim_y(self):
        """Coordinates of y."""
        return self.base.dim_y

    @property
    def mutual_information(self):
        """0 nats."""
        return 0.0

    def _draw(self, n, generator):
        x, _ = self.base._draw(n, generator)
        _, y = self.base._draw(n, generator)
        return x, y

    def _log_density_ratio(self, x, y):
        return np.zeros(len(x))
