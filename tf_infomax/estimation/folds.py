"""Partition of the pairs: for training, for early stopping (validation), and held out."""

import numpy as np

from tf_infomax.numerics.randomness import stream

__all__ = ["Folds"]


class Folds:
    """A random partition of N pairs into held-out parts, with the other pairs of each split again.

    Args:
        num_pairs: N.
        folds: number of parts.
        validation_fraction: fraction of the pairs outside a part that is for validation.
        seed: int.

    Attributes:
        held_out: per fold, int ``[n]``: the parts, whose sizes differ by one at most.
        validation, train: per fold, int arrays of the same sizes for all folds, so that one
            compiled step serves all; for this up to one pair per fold is left out of training.
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
        # In random order: the first of them are the validation pairs.
        rest = [
            rows[np.random.default_rng(stream(seed, "estimation", "watch", fold)).permutation(size)]
            for fold, rows in enumerate(rest)
        ]
        self.validation = [rows[:watching] for rows in rest]
        self.train = [rows[watching:] for rows in rest]
