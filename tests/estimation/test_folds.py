"""Folds: every pair held out once, and never where it trains."""

import numpy as np
import pytest

from tf_infomax.estimation.folds import Folds


@pytest.mark.parametrize(("num_pairs", "folds"), [(50, 5), (53, 5), (101, 2), (40, 3)])
def test_partition(num_pairs, folds):
    found = Folds(num_pairs, folds, 0.2, seed=0)
    np.testing.assert_array_equal(np.sort(np.concatenate(found.held_out)), np.arange(num_pairs))
    sizes = {(len(t), len(v)) for t, v in zip(found.train, found.validation, strict=True)}
    assert len(sizes) == 1
    for parts in zip(found.held_out, found.train, found.validation, strict=True):
        together = np.concatenate(parts)
        assert len(set(together)) == len(together) >= num_pairs - 1
    ((train, validation),) = sizes
    assert validation == round(0.2 * (train + validation))


def test_seed_decides():
    first, same, other = (Folds(100, 5, 0.1, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.train, same.train)
    assert np.any(first.held_out[0] != other.held_out[0])
