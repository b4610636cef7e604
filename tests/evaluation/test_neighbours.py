"""Nearest neighbours against brute force in float64, and votes by hand."""

import numpy as np
import pytest

from tf_infomax.evaluation import nearest, nearest_neighbours, nearest_within, one_of_each

RNG = np.random.default_rng(0)
TRAIN = RNG.normal(size=(200, 5)).astype(np.float32)
QUERIES = RNG.normal(size=(37, 5)).astype(np.float32)


def brute_force(train, queries, metric):
    train, queries = train.astype(np.float64), queries.astype(np.float64)
    if metric == "euclidean":
        return np.linalg.norm(train[None] - queries[:, None], axis=-1)
    norms = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(train, axis=1)
    return 1.0 - queries @ train.T / norms


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(("k", "block_size"), [(1, 500), (7, 10), (200, 37)])
@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_against_brute_force(metric, k, block_size, offset):
    # Codes far from the origin are all alike to the cosine, and to rounding.
    train, queries = (TRAIN, QUERIES) if metric == "cosine" else (TRAIN + offset, QUERIES + offset)
    indices, distances = nearest(train, queries, k, metric=metric, block_size=block_size)
    expected = brute_force(train, queries, metric)
    order = np.argsort(expected, axis=1)[:, :k]
    np.testing.assert_allclose(
        distances, np.take_along_axis(expected, order, axis=1), rtol=1e-4, atol=1e-6
    )
    assert np.mean(indices == order) > 0.99
    assert indices.shape == distances.shape == (37, k)


def test_itself_is_nearest():
    indices, distances = nearest(TRAIN, TRAIN[::-1], 1)
    np.testing.assert_array_equal(indices[:, 0], np.arange(200)[::-1])
    np.testing.assert_array_equal(distances, 0.0)


def test_votes():
    # On a line: 0 | 1 1 | 2 2 2, and a query at the place of the first.
    codes = np.arange(6.0)[:, None]
    labels = np.array([0, 1, 1, 2, 2, 2])
    query = np.array([[-1.0]])
    for label, right in ((0, (1, 2)), (1, (3, 4, 5)), (2, (6,))):
        found = nearest_neighbours(codes, labels, query, [label], k=range(1, 7))
        # Two neighbours: one vote each, the nearer decides. Five: two each of 1 and 2, likewise.
        assert tuple(k for k, accuracy in found.accuracy.items() if accuracy) == right
    np.testing.assert_array_equal(found.indices, [np.arange(6)])
    np.testing.assert_array_equal(found.distances, [np.arange(1.0, 7.0)])


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(("scale", "offset"), [(1e-25, 0.0), (1e25, 0.0), (1.0, 1e6)])
def test_neighbours_know_no_scale(metric, scale, offset):
    if metric == "cosine" and offset:
        return  # Angles are taken from the origin.
    train, queries = TRAIN.astype(np.float64), QUERIES.astype(np.float64)
    indices, distances = nearest(train, queries, 3, metric=metric)
    found, found_distances = nearest(
        scale * train + offset, scale * queries + offset, 3, metric=metric
    )
    np.testing.assert_array_equal(found, indices)
    size = scale if metric == "euclidean" else 1.0
    np.testing.assert_allclose(found_distances / size, distances, rtol=1e-4, atol=1e-6)


def test_without_labels():
    labels = np.where(np.arange(200) % 3 == 0, -1, np.arange(200) % 2)
    query_labels = np.where(np.arange(37) < 10, -1, np.arange(37) % 2)
    found = nearest_neighbours(TRAIN, labels, QUERIES, query_labels, k=(1, 3))
    kept = np.flatnonzero(labels >= 0)
    order = kept[np.argsort(brute_force(TRAIN[kept], QUERIES, "euclidean"), axis=1)[:, :3]]
    np.testing.assert_array_equal(found.indices, order)
    hits = labels[order[10:, 0]] == query_labels[10:]
    assert found.accuracy[1] == hits.mean()
    votes = labels[order[10:]].sum(axis=1) >= 2
    assert found.accuracy[3] == np.mean(votes == query_labels[10:])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((TRAIN, QUERIES, 0), "training codes, 200. Received: k=0"),
        ((TRAIN, QUERIES, 201), "Received: k=201"),
        ((TRAIN, QUERIES[:, :3], 1), "same width. Received: 5 and 3"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        nearest(*arguments)


def test_errors_of_metrics():
    with pytest.raises(ValueError, match="Received: metric='manhattan'"):
        nearest(TRAIN, QUERIES, metric="manhattan")
    with pytest.raises(ValueError, match=r"direction\. Received: 1 zero codes"):
        nearest(TRAIN, np.concatenate([QUERIES, np.zeros((1, 5))]), metric="cosine")


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_neighbours_among_the_codes_themselves(metric):
    rows = np.array([3, 0, 199])
    indices, distances = nearest_within(TRAIN, rows, 4, metric=metric)
    every = brute_force(TRAIN, TRAIN[rows], metric)
    every[np.arange(3), rows] = np.inf
    np.testing.assert_array_equal(indices, np.argsort(every, axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :4], rtol=1e-4, atol=1e-6)


def test_equal_codes_are_neighbours_and_the_query_is_not():
    indices, distances = nearest_within(np.ones((9, 2)), [8, 0], 3)
    np.testing.assert_array_equal(indices, [[0, 1, 2], [1, 2, 3]])
    assert (distances == 0).all()
    with pytest.raises(ValueError, match=r"other codes, 8\. Received: k=9\."):
        nearest_within(np.ones((9, 2)), [0], 9)


def test_one_row_of_each_class():
    np.testing.assert_array_equal(one_of_each([-1, 2, 0, 2, -1, 0, 7]), [2, 1, 6])
    assert len(one_of_each([-1, -1])) == 0


@pytest.mark.parametrize("k", [5, (-1, 5), (0, 5), (), (1.5,), None, "10"])
def test_numbers_of_neighbours_are_positive(k):
    labels = np.arange(200) % 2
    with pytest.raises(ValueError, match=r"`k` must be positive integers in a tuple.*Received: k"):
        nearest_neighbours(TRAIN, labels, QUERIES, labels[:37], k=k)


def test_of_equal_votes_the_nearest_decides_among_many_neighbours():
    """Beyond 52 neighbours, votes with a bonus of 2^-rank would round to a tie."""
    # Three classes: 60 votes of the nearest, 70 each of the others, class 1 before class 0.
    labels = np.repeat([2, 1, 0], [60, 70, 70])
    codes = np.arange(200.0)[:, np.newaxis]
    found = nearest_neighbours(codes, labels, [[-1.0]], [1], k=(200,))
    assert found.accuracy == {200: 1.0}
