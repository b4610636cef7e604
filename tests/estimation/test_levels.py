"""Tables of counts: exact entropies, and the bias that the correction removes."""

import math

import numpy as np
import pytest

from tf_infomax.estimation.levels import entropy, from_counts


def table_of(x, y, levels):
    table = np.zeros((levels, levels))
    np.add.at(table, (x, y), 1)
    return table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]


def noisy_permutation(rng, count, levels, kept):
    """y is a permutation of x with probability ``kept``, else uniform: (x, y, I)."""
    x = rng.integers(levels, size=count)
    y = np.where(rng.random(count) < kept, rng.permutation(levels)[x],
                 rng.integers(levels, size=count))  # fmt: skip
    likely, other = kept + (1 - kept) / levels, (1 - kept) / levels
    truth = likely * math.log(likely * levels)
    if other:
        truth += (levels - 1) * other * math.log(other * levels)
    return x, y, truth


def test_the_entropy_of_the_jackknife():
    # By leaving out one pair at a time, as the jackknife is defined.
    counts = np.array([5, 2, 1])

    def plug_in(values):
        parts = values[values > 0] / values.sum()
        return -(parts * np.log(parts)).sum()

    left_out = [plug_in(counts - np.eye(3, dtype=int)[cell]) for cell in range(3)]
    expected = 8 * plug_in(counts) - 7 * np.average(left_out, weights=counts)
    assert entropy(counts) == pytest.approx(expected, abs=1e-12)
    assert entropy([7]) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("kept", "levels", "count", "within"),
    [(0.78, 50, 2_000, 0.12), (0.0, 50, 2_000, 0.06), (1.0, 50, 2_000, 0.02),
     (0.3, 10, 2_000, 0.05), (0.3, 50, 2_000, 0.15)],
)  # fmt: skip
def test_what_noisy_permutations_tell(kept, levels, count, within):
    rng = np.random.default_rng(0)
    x, y, truth = noisy_permutation(rng, count, levels, kept)
    found = from_counts(table_of(x, y, levels))
    assert found.value == pytest.approx(truth, abs=within)
    assert abs(found.value - truth) < 4 * found.standard_error
    if 0 < kept < 1:
        assert abs(found.plug_in - truth) > 2 * abs(found.value - truth)
