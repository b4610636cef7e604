"""InfoNCE against the multi-class K-pair loss of metric learning, on random embeddings."""

import numpy as np
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.numerics import randomness
from tf_infomax.results.measurements import Measurement
from tf_infomax.studies.computation import Computation

__all__ = ["COMPUTATION", "k_pair_identity", "k_pair_loss"]

_INPUTS = 12


def k_pair_loss(x, y):
    """The multi-class K-pair loss of Sohn (2016), by its definition, in nats.

    Args:
        x, y: embeddings of anchors and positives, ``[K, D]``.
    """
    scores = x @ y.T
    others = ~np.eye(len(x), dtype=bool)
    excess = np.exp(scores - np.diag(scores)[:, None])
    return float(np.mean(np.log1p(np.sum(excess * others, axis=1))))


def k_pair_identity(setting, batch_size, dim=8, draws=50):
    """Largest difference of ``log K - InfoNCE`` and the K-pair loss over random batches.

    One random network (a layer with ReLU, a linear layer) embeds both views, and a symmetric
    separable critic scores them: ``f(x, y) = phi(x) . phi(y)``. In float64.

    Yields:
        "k_pair/difference" in nats, with the losses' mean as "k_pair/loss".

    Reference: Tschannen et al. (2020), section 4; Sohn (2016).
    """
    rng = np.random.default_rng(randomness.stream(setting.seed, "k_pair_identity", batch_size))
    infonce = bounds.get("infonce")
    differences, losses = [], []
    for _ in setting.paced(range(draws)):
        first = rng.normal(size=(_INPUTS, 16)) / np.sqrt(_INPUTS)
        second = rng.normal(size=(16, dim)) / 4.0
        x = rng.normal(size=(batch_size, _INPUTS))
        y = x + rng.uniform(0.0, 2.0) * rng.normal(size=x.shape)
        x, y = (np.maximum(view @ first, 0.0) @ second for view in (x, y))
        value = float(infonce(tf.constant(x @ y.T)))
        losses.append(k_pair_loss(x, y))
        differences.append(abs(np.log(batch_size) - value - losses[-1]))
    yield Measurement("k_pair/difference", "test", float(max(differences)), "nats")
    yield Measurement("k_pair/loss", "test", float(np.mean(losses)), "nats")


def _check(setting, batch_size, dim, draws):
    del setting
    for name, value, least in (
        ("batch_size", batch_size, 2), ("dim", dim, 1), ("draws", draws, 1)
    ):
        if not value >= least:
            raise ValueError(f"{name} must be {least} or more. Received: {name}={value}.")


COMPUTATION = Computation(k_pair_identity, _check, ("batch_size", "dim", "draws"))
