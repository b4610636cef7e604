"""The limits of certification from N samples, and what Donsker-Varadhan reports."""

import math

import keras
import tensorflow as tf

from tf_infomax import bounds, critics
from tf_infomax.data.batches import BatchIndex
from tf_infomax.data.gaussians import CorrelatedGaussians
from tf_infomax.estimation import certifiable
from tf_infomax.evaluation import mean_bound
from tf_infomax.numerics import randomness
from tf_infomax.results.measurements import Measurement
from tf_infomax.studies.computation import Computation
from tf_infomax.studies.critic_training import train

__all__ = ["COMPUTATION", "certified_kl", "formal_limit"]

_BATCH = 64


def certified_kl(samples):
    """``ln N``: the limit of a distribution-free lower bound on KL(p || q) from N samples of q.

    Holds with probability 1 - 4 delta for any bound that holds with probability 1 - delta, N >= 2.
    Reference: McAllester and Stratos (2020), arXiv:1811.04251, theorem on KL.
    """
    return math.log(samples)


def formal_limit(
    setting, mutual_information, samples, dim=20, steps=2_000, hidden_dim=256, learning_rate=2e-4,
    held_out=2_048,
):
    """Trains a critic by Donsker-Varadhan on N pairs of Gaussians, far beyond overfitting.

    Yields:
        "mutual_information" (exact), "donsker_varadhan" of the training pairs and of ``held_out``
        fresh pairs (means over batches of 64 pairs, as MINE reports it), and the limits
        "certified/kl" and "certified/mutual_information", all in nats. Values that are not finite
        are yielded too.
    """
    seed = setting.seed
    gaussians = CorrelatedGaussians.from_mutual_information(dim, mutual_information)
    x, y = gaussians.sample(samples, randomness.stream(seed, "training_pairs"))
    index = BatchIndex(samples, min(_BATCH, samples), randomness.stream(seed, "batches"))
    critic = critics.get(
        "separable", hidden_dim=hidden_dim, output_dim=hidden_dim, layers=2,
        seed=randomness.stream_seed(seed, "critic"),
    )
    model, _ = train(
        [keras.layers.Identity(), keras.layers.Identity()], critic,
        bounds.get("donsker_varadhan"), lambda t: (tf.gather(x, index(t)), tf.gather(y, index(t))),
        ((None, dim), (None, dim)), steps, learning_rate, setting.note,
    )
    fresh = gaussians.sample(held_out, randomness.stream(seed, "held_out_pairs"))
    yield Measurement("mutual_information", "test", gaussians.mutual_information, "nats")
    for split, pairs in (("train", (x, y)), ("test", fresh)):
        value = float(mean_bound(model.bound_of, model.critic, *pairs, min(_BATCH, samples)))
        yield Measurement("donsker_varadhan", split, value, "nats")
    yield Measurement("certified/kl", "test", certified_kl(samples), "nats")
    yield Measurement("certified/mutual_information", "test", certifiable(samples), "nats")


def _check(*, mutual_information, samples, dim, steps, learning_rate, held_out, **_):
    CorrelatedGaussians.from_mutual_information(dim, mutual_information)
    for name, value, smallest in (
        ("samples", samples, 50), ("steps", steps, 1), ("held_out", held_out, _BATCH),
    ):
        if value < smallest:
            raise ValueError(f"{name} must be {smallest} or more. Received: {name}={value}.")
    if not 0 < learning_rate < math.inf:
        raise ValueError(f"learning_rate must be positive. Received: {learning_rate}.")


COMPUTATION = Computation(
    formal_limit, _check, ("mutual_information", "samples", "dim", "steps")
)
