"""Grids of cells: their edges, their values, the layer, and what an estimate gains."""

import keras
import numpy as np
import pytest

from tf_infomax.estimation import MutualInformationEstimator
from tf_infomax.estimation.partition_ratio import (
    PartitionRatio,
    _best_segments,
    fit_partition,
)


def board(count, cells, seed=0):
    """Uniform on the white squares of a chessboard: I = log 2 for an even number of cells."""
    points = np.random.default_rng(seed).random((4 * count, 2))
    is_white = (points * cells).astype(int).sum(axis=1) % 2 == 0
    return points[is_white][:count].T


def test_a_chessboard():
    u, v = board(4_000, 4)
    found = fit_partition(u, v)
    assert 0.64 < found.value < np.log(2.0)
    for edges in found.edges:
        # One within some pairs of each true edge.
        assert np.abs(edges[:, np.newaxis] - [0.25, 0.5, 0.75]).min(axis=0).max() < 0.01
    middles = (np.arange(4) + 0.5) / 4
    places = [np.searchsorted(edges, middles) for edges in found.edges]
    values = found.values[np.ix_(*places)]
    is_white = np.add.outer(np.arange(4), np.arange(4)) % 2 == 0
    assert np.abs(values[is_white] - np.log(2.0)).max() < 0.15
    assert values[~is_white].max() < -2.0


def test_the_best_segments_are_those_of_all_divisions():
    counts = np.random.default_rng(0).poisson(3.0, (7, 3)) + 1.0
    counts[2:5, 0] += 6.0

    def gain(ends):
        parts = [part.sum(axis=0) for part in np.split(counts, np.asarray(ends, int) + 1)]
        return sum(
            2.0 * ((part * np.log(part / part.sum())).sum()) - 3.0 * 2 for part in parts
        )

    every = [
        [place for place in range(6) if code >> place & 1] for code in range(2**6)
    ]
    assert _best_segments(counts, 3.0).tolist() == max(every, key=gain)


def test_the_values_are_smoothed_frequencies():
    # Two levels each, without noise: n of 100 pairs in each cell, and nothing to merge.
    u = np.repeat([0.0, 0.0, 1.0, 1.0], [90, 10, 10, 90])
    v = np.repeat([0.0, 1.0, 0.0, 1.0], [90, 10, 10, 90])
    found = fit_partition(u, v)
    assert [len(edges) for edges in found.edges] == [1, 1]
    # With a prior of p times what independence expects, 50, in each cell.
    often = np.exp(found.values[0, 0])
    prior = (1.8 - often) / (often - 1.0)
    assert found.values[0, 1] == pytest.approx(np.log((0.2 + prior) / (1.0 + prior)), abs=1e-5)
    # Each pair left out in turn: its cell has one pair fewer, of 199.
    left = [np.log(((n - 1) / 199 * 200 / 50 + prior) / (1 + prior)) for n in (90, 10)]
    assert found.value == pytest.approx(0.9 * left[0] + 0.1 * left[1], abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_independence_and_too_few_pairs(seed):
    u, v = np.random.default_rng(seed).normal(size=(2, 1_000))
    found = fit_partition(u, v)
    # Edges that fit chance are counted against it in part only.
    assert found is None or found.value < 0.06
    assert fit_partition(u[:100], u[:100]) is None
    assert fit_partition(np.zeros(500), v[:500]) is None


def test_the_layer_looks_values_up():
    u, v = board(1_500, 4)
    found = fit_partition(u, v)
    layer = PartitionRatio(dtype="float64")
    layer.build((None, 1), (None, 1))
    x, y = u[:30, np.newaxis], v[:40, np.newaxis]
    assert not np.any(layer(x, y))
    layer.set_fit(found)
    rows, columns = (
        np.searchsorted(edges, one)
        for edges, one in zip(found.edges, (u[:30], v[:40]), strict=True)
    )
    wanted = found.values[rows][:, columns]
    np.testing.assert_allclose(layer(x, y), wanted, rtol=1e-12)
    partners = np.random.default_rng(0).integers(0, 40, (30, 5))
    np.testing.assert_allclose(
        layer(x, y, partners), np.take_along_axis(wanted, partners, axis=1), rtol=1e-12
    )
    loaded = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    loaded.set_weights(layer.get_weights())
    np.testing.assert_array_equal(loaded(x, y), layer(x, y))


@pytest.mark.slow
def test_an_estimate_of_clusters():
    # Five clusters a side; y's is x's, or in one of four pairs the next: log 5 - H(1/4).
    rng = np.random.default_rng(0)
    cluster, other = rng.integers(0, 5, 1_200), rng.random(1_200) < 0.25
    x = cluster + 0.1 * rng.normal(size=1_200)
    y = (cluster + other) % 5 + 0.1 * rng.normal(size=1_200)
    truth = np.log(5.0) + 0.25 * np.log(0.25) + 0.75 * np.log(0.75)
    found = MutualInformationEstimator(folds=3).fit(x, y)
    low, high = found.confidence_interval_
    assert low < truth < high and found.mutual_information_ > truth - 0.15
    assert "partition" in [critic.closed_forms.in_use() for critic in found.critics_]
    # A rival that was chosen is no trained critic.
    assert found.score(x, y) > truth - 0.2
