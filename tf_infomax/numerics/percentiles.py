"""The percentile rule of the published figures. Needs no TensorFlow: plots use it, too."""

import numpy as np

__all__ = ["PERCENTILES", "percentiles"]

# The percentiles of Fig. 2 of Tschannen et al. (2020).
PERCENTILES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def percentiles(values, fractions=PERCENTILES):
    """Percentiles over the last axis, by the rule of the published code: no interpolation.

    ``sorted(values)[int(fraction * (m - 1))]`` of m values.

    Args:
        values: ``[..., m]``, not empty.
        fractions: P numbers in [0, 1].

    Returns:
        ``[..., P]``, entries of ``values``.
    """
    return np.moveaxis(np.quantile(values, fractions, axis=-1, method="lower"), 0, -1)
