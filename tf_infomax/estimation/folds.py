"""Which pairs train a critic, which stop it, and which it is read on."""

import numpy as np

from tf_infomax.numerics.randomness import stream

__all__ = ["Folds"]


class Folds:
    """A random partition of N pairs into held-out parts, the rest of each split once more.

    Args:
        num_pairs: N.
        folds: parts.
        validation_fraction: of the pairs outside a part, those that watch the training.
        seed: int.

    Attributes:
        held_out: per fold, int ``[n]``: the parts, whose sizes differ by one at most.
        validation, train: per fold, int arrays of sizes that are the same for all folds, so that
            one compiled step serves all; up to one pair a fold is left out of training for it.
    """

    def __init__(self, num_pairs, folds, validation_fraction, seed):
        order = np.random.default_rng(stream(seed, "estimation", "folds")).permutation(num_pairs)
        self.held_out = [order[fold::folds] for fold in range(folds)]
        rest = [
            np.concatenate([self.held_out[other] for other in range(folds) if other != fold])
            for fold in range(folds)
        ]
        size = min(len(rows) for rows in rest)
        watching = max(2, round(validation_fraction * size))
        # The parts of the other folds stand one after another: taken in steps, each watches.
        rest = [
            rows[np.random.default_rng(stream(seed, "estimation", "watch", fold)).permutation(size)]
            for fold, rows in enumerate(rest)
        ]
        self.validation = [rows[:watching] for rows in rest]
        self.train = [rows[watching:] for rows in rest]
