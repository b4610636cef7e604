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
        groups: int ``[N]``, codes from 0; pairs of one group are all held out together, and never
            trained on and watched at the same time. ``None``: every pair is a group.

    Attributes:
        held_out: per fold, int ``[n]``: the parts, whose sizes differ by one at most (by groups:
            by the size of the largest).
        validation, train: per fold, int arrays, train of the same size for all folds, so that one
            compiled step serves all; for this a few pairs are left out of training (by groups:
            validation, too, differs).
        most_train: the largest number of pairs that a fold could train on, if others did not limit
            it.

    Raises:
        ValueError: if a fold leaves no two groups, of which one is watched and one trained on.
    """

    def __init__(self, num_pairs, folds, validation_fraction, seed, groups=None):
        generator = np.random.default_rng(stream(seed, "estimation", "folds"))
        if groups is None:
            order = generator.permutation(num_pairs)
            self.held_out = [order[fold::folds] for fold in range(folds)]
        else:
            self.held_out = _grouped(groups, folds, generator)
        rest = [
            np.concatenate([self.held_out[other] for other in range(folds) if other != fold])
            for fold in range(folds)
        ]
        size = min(len(rows) for rows in rest)
        watching = max(2, round(validation_fraction * size))
        generators = [
            np.random.default_rng(stream(seed, "estimation", "watch", fold))
            for fold in range(folds)
        ]
        if groups is None:
            # In random order: the first of them are the validation pairs.
            rest = [
                rows[one.permutation(size)] for rows, one in zip(rest, generators, strict=True)
            ]
            self.validation = [rows[:watching] for rows in rest]
            self.train = [rows[watching:] for rows in rest]
            self.most_train = len(self.train[0])
            return
        if any(len({*groups[rows].tolist()}) < 2 for rows in rest):
            raise ValueError(
                "At least 2 groups must remain beside those that a fold holds out: no group may "
                f"hold nearly all other pairs. Received: a group of {np.bincount(groups).max()} of "
                f"{num_pairs} pairs, {folds} folds."
            )
        parts = [
            _first_groups(rows, groups, watching, one)
            for rows, one in zip(rest, generators, strict=True)
        ]
        sizes = [len(train) for _, train in parts]
        size, self.most_train = min(sizes), max(sizes)
        self.validation = [watched for watched, _ in parts]
        self.train = [train[:size] for _, train in parts]


def _grouped(groups, folds, generator):
    """Rows of each fold: the largest groups first, each to the smallest fold."""
    sizes = np.bincount(groups)
    order = generator.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold_of, filled = np.zeros(len(sizes), int), np.zeros(folds, int)
    for group in order:
        fold = filled.argmin()
        fold_of[group] = fold
        filled[fold] += sizes[group]
    return [
        generator.permutation(np.flatnonzero(fold_of[groups] == fold)) for fold in range(folds)
    ]


def _first_groups(rows, groups, number, generator):
    """(about ``number`` rows of whole groups, the others), in random order."""
    present, codes = np.unique(groups[rows], return_inverse=True)
    order = generator.permutation(len(present))
    filled = np.cumsum(np.bincount(codes)[order])
    last = min(int(np.searchsorted(filled, number)) + 1, len(present) - 1)
    is_watched = np.isin(codes, order[:last])
    return [generator.permutation(rows[part]) for part in (is_watched, ~is_watched)]
