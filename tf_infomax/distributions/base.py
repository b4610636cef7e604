"""Base class of distributions with known mutual information."""

import abc
import operator

import numpy as np

from tf_infomax.numerics import randomness

__all__ = ["Distribution"]


class Distribution(abc.ABC):
    """Pairs (x, y) of vectors whose mutual information is known.

    A new distribution has the attributes ``label`` (a string), ``dim_x`` and ``dim_y`` (ints) and
    ``mutual_information`` (a float in nats), and the two methods with an underscore.
    """

    @property
    def name(self):
        """Dimensions and label, such as ``5x5 student_t dof=3``."""
        return f"{self.dim_x}x{self.dim_y} {self.label}"

    def sample(self, n, seed):
        """n independent pairs.

        Args:
            n: number of pairs, an int of at least 1.
            seed: an int of at least 0. No global state is read or changed; distributions with the
                same base use the same random numbers.

        Returns:
            ``(x, y)``, ``float64 [n, dim_x]`` and ``[n, dim_y]``; the same for the same seed.

        Raises:
            ValueError: if ``n`` or ``seed`` is not such an int.
        """
        try:
            count = operator.index(n)
        except TypeError:
            count = 0
        if count < 1:
            raise ValueError(f"`n` must be an integer of at least 1. Received: n={n!r}.")
        words = randomness.stream(seed, "distributions")
        return self._draw(count, np.random.default_rng(words))

    def log_density_ratio(self, x, y):
        """log p(x_i, y_i) - log p(x_i) - log p(y_i), whose mean over pairs is the information.

        Args:
            x: ``[n, dim_x]``.
            y: ``[n, dim_y]``, row i paired with row i of ``x``; both inside the support.

        Returns:
            ``float64 [n]``, in nats; ``-inf`` where the joint density is zero.

        Raises:
            ValueError: on other shapes.
        """
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        if x.ndim != 2 or x.shape[1] != self.dim_x or y.shape != (len(x), self.dim_y):
            raise ValueError(
                f"`x` and `y` must have shapes [n, {self.dim_x}] and [n, {self.dim_y}]. "
                f"Received: x of shape {x.shape}, y of shape {y.shape}."
            )
        return self._log_density_ratio(x, y)

    @property
    @abc.abstractmethod
    def mutual_information(self):
        """I(X; Y) in nats, a Python float."""

    @abc.abstractmethod
    def _draw(self, n, generator):
        """``(x, y)`` from a ``numpy.random.Generator``."""

    @abc.abstractmethod
    def _log_density_ratio(self, x, y):
        """The log density ratio of checked arrays."""
