"""The critic of contrastive learning on the unit sphere."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.critics.vector import InnerProdCritic
from tf_infomax.naming.arguments import number
from tf_infomax.numerics.geometry import unit_norm

__all__ = ["CosineCritic", "checked_temperature"]

# Below it float32 has no normal numbers, and the inverse overflows.
_LEAST = float(np.finfo(np.float32).tiny)


def checked_temperature(temperature):
    """``temperature`` as a ``float`` that scores in float32 can be divided by."""
    wanted = f"positive, {_LEAST:.2g} or more"
    return number(temperature, "temperature", _LEAST, wanted=wanted)


@keras.saving.register_keras_serializable(package="tf_infomax")
class CosineCritic(InnerProdCritic):
    """``scores[i, j] = cos(x_i, y_j) / temperature``: codes on the unit sphere, no weights.

    Scores lie in ``[-1 / temperature, 1 / temperature]``, so that InfoNCE with K pairs is at most
    ``log K - log(1 + (K - 1) exp(-2 / temperature))``. A code of norm 0 scores 0 with all.

    Args:
        temperature: tau, positive. At small values only the nearest negatives count.
        seed: not used: there is nothing to draw.

    Call arguments:
        x: ``[K, D]``.  y: ``[M, D]``.  Returns ``[K, M]`` scores (no unit).

    Raises:
        ValueError: on a temperature that is not positive, or whose inverse float32 cannot hold.

    Reference: Wang and Isola (2020), arXiv:2005.10242, section 3.
    """

    def __init__(self, temperature=0.07, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.temperature = checked_temperature(temperature)

    def _embed(self, x, y):
        # In float32 at least: sums of squares in half precision overflow at norms of 256.
        return unit_norm(x), unit_norm(y)

    def all_scores(self, x, y):
        return tf.cast(super().all_scores(x, y) / self.temperature, self.compute_dtype)

    def joint_scores(self, x, y):
        return tf.cast(super().joint_scores(x, y) / self.temperature, self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature}

