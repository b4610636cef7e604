"""Neural dependency measure (NDM): how far the entries of a code are from independent."""

import dataclasses

import numpy as np
import tensorflow as tf

from tf_infomax.bounds import divergences
from tf_infomax.evaluation.fitting import Epochs, batches_of, check_batch_size, staircase_adam
from tf_infomax.evaluation.labelled import checked_codes, checked_pair
from tf_infomax.evaluation.standardization import standardized
from tf_infomax.layers.score_network import ScoreNetwork
from tf_infomax.naming import arguments
from tf_infomax.numerics.randomness import stream, stream_seed
from tf_infomax.numerics.tensors import seed_words

__all__ = [
    "DependenceEstimate",
    "column_permutation",
    "dependence_loss",
    "dependence_readout",
    "ndm",
    "permute_columns",
]

MEASURES = ("kl", "donsker_varadhan", "jsd")


@dataclasses.dataclass(frozen=True)
class DependenceEstimate:
    """Donsker-Varadhan readings of the trained network, in nats.

    Attributes:
        train_nats: on the codes it was trained on (which the release reports).
        test_nats: on held-out codes; ``None`` without any.
        curve: means over the batches of each epoch, while training.
    """

    train_nats: float
    test_nats: float | None
    curve: tuple


def column_permutation(shape, seed):
    """An independent permutation of the rows for every column, int32 ``[N, D]``.

    Args:
        shape: (N, D).
        seed: int ``[2]``.
    """
    sizes = arguments.integers(shape, "shape")
    if len(sizes) != 2:
        raise ValueError(f"`shape` must be (N, D). Received: shape={shape!r}.")
    keys = tf.random.stateless_uniform(
        sizes[::-1], seed_words(seed), minval=None, maxval=None, dtype=tf.int32, alg="philox"
    )
    return tf.transpose(tf.argsort(keys, axis=1))


def permute_columns(codes, permutation):
    """``result[n, d] = codes[permutation[n, d], d]``: margins stay, dependence goes."""
    columns = tf.gather(tf.transpose(codes), tf.transpose(permutation), batch_dims=1)
    return tf.transpose(columns)


def dependence_loss(scores, shuffled_scores, measure="kl"):
    """``-(E_joint[p(u)] - E_shuffled[n(u)])`` of a dual form, to be minimised.

    Args:
        scores: of codes, ``[K]`` or ``[K, 1]``.
        shuffled_scores: of codes with independently permuted columns, the same shape.
        measure: "kl" (f-GAN's, ``E[u] - E[e^(u - 1)]``), "donsker_varadhan" or "jsd".
    """
    return -divergences.get(measure).estimate(scores, shuffled_scores)


def dependence_readout(scores, shuffled_scores):
    """``mean(scores) - log mean exp(shuffled_scores)``: reported for every training measure.

    Args:
        scores, shuffled_scores: ``[K]`` or ``[K, 1]``.

    Returns:
        Scalar, in nats: at any network a lower bound (in expectation, up to a bias of order
        ``e^TC / K``) on the total correlation TC, the KL divergence of the code's distribution from
        the product of its margins. May be negative.
    """
    return divergences.get("donsker_varadhan").estimate(scores, shuffled_scores)


def ndm(
    codes,
    *,
    test_codes=None,
    measure="kl",
    hidden_units=(1000, 200),
    epochs=1000,
    batch_size=10_000,
    learning_rate=1e-4,
    decay_epochs=(500, 750),
    decay=0.1,
    standardize=True,
    seed=0,
):
    """Total correlation of codes, from a network that tells them from column-wise shuffled codes.

    Total correlation does not change when coordinates are shifted and scaled, but a network of
    fixed weights and learning rate cannot use codes that are small against its biases. Therefore
    codes are standardised. The release uses them unscaled (``standardize=False``), which makes
    codes of different scales incomparable. The other defaults are the release's; they take hours
    on a CPU (see ``epochs``).

    Args:
        codes: ``[N, D]``, finite, D >= 2; shuffled anew within every batch.
        test_codes: held-out codes ``[M, D]``, or ``None``.
        measure: trains the network, as in ``dependence_loss``.
        hidden_units: of the network, as ``ScoreNetwork``.
        epochs: passes over the codes. One epoch takes about ``N D_1 (D + D_2) 12`` multiplications.
        batch_size: rows in a step, at most N (fewer codes are one batch).
        learning_rate, decay_epochs, decay: of Adam.
        standardize: whether every coordinate is brought to mean 0 and deviation 1 of the training
            codes; constant coordinates become 0. ``False`` is the released form.
        seed: of weights, order and permutations.

    Returns:
        ``DependenceEstimate``.

    Raises:
        ValueError: on shapes that do not fit, non-finite codes, or an unknown measure.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 4.1; after Brakel and Bengio (2017).
    """
    standardize = arguments.boolean(standardize, "standardize")
    codes, test_codes = _checked(codes, test_codes, None if standardize else np.float32)
    batch_size = arguments.integer(batch_size, "batch_size", 2, "2 or more")
    if measure not in MEASURES:
        raise ValueError(f"`measure` must be one of {MEASURES}. Received: measure={measure!r}.")
    epochs = arguments.integer(epochs, "epochs", wanted="1 or more")
    if standardize:
        codes, *tested = standardized(codes, *([] if test_codes is None else [test_codes]))
        test_codes = tested[0] if tested else None
    batch_size = min(batch_size, len(codes))
    steps = check_batch_size(len(codes), batch_size)
    network_seed = stream_seed(seed, "ndm", "network")
    network = ScoreNetwork(hidden_units, network_seed, dtype="float32", name="network")
    network.build((None, codes.shape[1]))

    def loss_and_metrics(step_seed, batch):
        permutation = column_permutation(batch.shape, step_seed)
        # One pass for both: the first layers are the cost.
        both = network(tf.concat([batch, permute_columns(batch, permutation)], axis=0))
        scores, shuffled = tf.split(both, 2)
        loss = dependence_loss(scores, shuffled, measure)
        return loss, {"nats": dependence_readout(scores, shuffled)}

    optimizer = staircase_adam(learning_rate, decay, decay_epochs, steps)
    fit = Epochs(
        loss_and_metrics,
        network.trainable_variables,
        optimizer,
        (codes,),
        batch_size,
        stream_seed(seed, "ndm", "order"),
        ("nats",),
    )
    curve = tuple(fit.run(epoch)["nats"] for epoch in range(epochs))
    final_seed = stream(seed, "ndm", "reading")
    test_nats = None if test_codes is None else _reading(network, test_codes, final_seed)
    return DependenceEstimate(_reading(network, codes, final_seed), test_nats, curve)


def _checked(codes, test_codes, dtype):
    """Training and test codes as arrays; ``ValueError`` if they do not fit."""
    codes = checked_codes(codes, "train", dtype)
    if codes.shape[1] < 2:
        raise ValueError(
            "Dependence needs codes of two entries or more. "
            f"Received: codes of shape {codes.shape}."
        )
    if test_codes is not None:
        test_codes = checked_codes(test_codes, "test", dtype)
        checked_pair(codes, test_codes)
    # A single row is its own permutation, so it would always count as independent.
    for name, found in (("codes", codes), ("test codes", test_codes)):
        if found is not None and len(found) < 2:
            raise ValueError(f"There must be two {name} or more. Received: {len(found)}.")
    return codes, test_codes


def _reading(network, codes, seed):
    shuffled = permute_columns(codes, column_permutation(codes.shape, seed))
    scores, shuffled_scores = (batches_of(network, (rows,))() for rows in (codes, shuffled))
    return float(dependence_readout(scores, shuffled_scores))
