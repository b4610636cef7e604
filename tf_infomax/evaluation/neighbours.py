"""Nearest neighbours among codes: a classifier without training, and the paper's figure."""

import dataclasses
import math

import numpy as np

from tf_infomax.evaluation.labelled import (
    checked_codes,
    checked_labels,
    checked_pair,
    some_labelled,
)
from tf_infomax.naming import arguments

__all__ = ["Neighbours", "nearest", "nearest_neighbours", "nearest_within", "one_of_each"]

# Further candidates whose distances are computed exactly: float32 products may swap near-equal
# distances.
_SPARE = 10


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """Result of ``nearest_neighbours``.

    Attributes:
        accuracy: k -> fraction of the labelled queries whose k nearest vote for the right class.
        indices: ``[M, max k]``, rows of the training codes, nearest first.
        distances: ``[M, max k]``.
    """

    accuracy: dict
    indices: np.ndarray
    distances: np.ndarray


def nearest(train_codes, query_codes, k=10, *, metric="euclidean", block_size=500):
    """The k nearest training codes of each query.

    Args:
        train_codes: ``[N, ...]``, finite; maps are flattened.
        query_codes: ``[M, ...]``, finite.
        k: neighbours, 1 .. N.
        metric: "euclidean" (L2 distance), or "cosine" (1 - cosine of the angle).
        block_size: queries compared at a time; a block takes ``4 block_size N`` bytes.

    Returns:
        (indices ``[M, k]``, distances ``[M, k]``), nearest first.

    Raises:
        ValueError: on shapes that do not fit, non-finite codes, or k out of range.
    """
    train = checked_codes(train_codes, "train", None, np.float32)
    queries = checked_codes(query_codes, "query", None, np.float32)
    checked_pair(train, queries)
    _check_number(k, len(train), "training")
    if not isinstance(metric, str) or metric not in ("euclidean", "cosine"):
        raise ValueError(f'`metric` must be "euclidean" or "cosine". Received: metric={metric!r}.')
    block_size = arguments.positive_integer(block_size, "block_size")
    if metric == "cosine":
        train, queries, scale = _unit(train), _unit(queries), 1.0
    else:
        train, queries, scale = _centred(train, queries)
    squared_norms = np.einsum("nd,nd->n", train, train)
    candidates = min(k + _SPARE, len(train))
    indices, distances = [], []
    for start in range(0, len(queries), block_size):
        block = queries[start : start + block_size]
        # Without the query's own norm, which does not change the order.
        keys = squared_norms - 2.0 * (block @ train.T)
        found = np.argpartition(keys, candidates - 1, axis=1)[:, :candidates]
        exact = np.stack(
            [
                ((train[rows].astype(np.float64) - query) ** 2).sum(axis=1)
                for rows, query in zip(found, block, strict=True)
            ]
        )
        # The lower index first where distances are equal.
        order = np.lexsort((found, exact), axis=1)[:, :k]
        indices.append(np.take_along_axis(found, order, axis=1))
        distances.append(np.take_along_axis(exact, order, axis=1))
    squared = np.concatenate(distances)
    # For unit vectors |a - b|^2 = 2 (1 - cos).
    distances = squared / 2.0 if metric == "cosine" else scale * np.sqrt(squared)
    return np.concatenate(indices), distances


def _check_number(k, most, which):
    arguments.integer(k, "k", 1, f"from 1 to the number of {which} codes, {most}", most)


def nearest_within(codes, rows, k=4, *, metric="euclidean"):
    """The k nearest of the other codes, for some rows of the same codes.

    Args:
        codes: ``[N, ...]``, finite; maps are flattened.
        rows: indices ``[M]`` of the queries.
        k: neighbours, 1 .. N - 1.
        metric: as ``nearest``.

    Returns:
        (indices ``[M, k]``, distances ``[M, k]``), nearest first; no query is its own neighbour,
        but an equal code of another row may be.

    Raises:
        ValueError: as ``nearest``.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, figure of nearest neighbours: L2 on the codes
    of the test set.
    """
    codes = checked_codes(codes, "given", None, np.float32)
    rows = arguments.array(rows, "rows")
    is_index = rows.ndim == 1 and len(rows) and rows.dtype.kind in "iu"
    if not is_index or rows.min() < 0 or rows.max() >= len(codes):
        raise ValueError(
            f"`rows` must be indices of the {len(codes)} codes, at least one. "
            f"Received: {rows.dtype.name} of shape {rows.shape}."
        )
    _check_number(k, len(codes) - 1, "other")
    indices, distances = nearest(codes, codes[rows], k + 1, metric=metric)
    is_other = indices != rows[:, np.newaxis]
    # With k equal codes before it, a query may be missing among its own k + 1 nearest.
    is_other[is_other.all(axis=1), -1] = False
    return indices[is_other].reshape(-1, k), distances[is_other].reshape(-1, k)


def one_of_each(labels):
    """The first row of every class, classes ascending: int ``[classes that occur]``."""
    labels = arguments.array(labels, "labels")
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            "`labels` must be integers of shape [N]. "
            f"Received: {labels.dtype.name} of shape {labels.shape}."
        )
    classes, first = np.unique(labels, return_index=True)
    return first[classes >= 0]


def nearest_neighbours(
    train_codes, train_labels, query_codes, query_labels, *, k=(1, 10), metric="euclidean"
):
    """Accuracy of k-nearest-neighbour classification, with the neighbours themselves.

    A majority of the k nearest labelled training codes decides; of classes with equally many
    votes, the one with the nearest member.

    Args:
        train_codes, query_codes: ``[N, ...]``, ``[M, ...]``, finite; maps are flattened.
        train_labels, query_labels: ``[N]``, ``[M]``, integers; training rows labelled -1 are
            never neighbours, and queries labelled -1 do not count.
        k: numbers of neighbours, a tuple of integers from 1 on.
        metric: as ``nearest``.

    Returns:
        ``Neighbours``.

    Raises:
        ValueError: as ``nearest``, or on labels that do not fit.

    Reference: Hjelm et al. (2019), arXiv:1808.06670: the figure of nearest neighbours uses L2 on
    the codes; the classifier is an addition.
    """
    k = arguments.integers(k, "k")
    train = checked_codes(train_codes, "train", None, np.float32)
    train_labels = checked_labels(train_labels, train, "train")
    queries = checked_codes(query_codes, "query", None, np.float32)
    query_labels = checked_labels(query_labels, queries, "query")
    rows = np.flatnonzero(some_labelled(train_labels, "train"))
    counted = some_labelled(query_labels, "query")
    found, distances = nearest(
        train if len(rows) == len(train) else train[rows], queries, max(k), metric=metric
    )
    indices = rows[found]
    classes = train_labels[indices]
    accuracy = {
        number: float(np.mean(_vote(classes[counted, :number]) == query_labels[counted]))
        for number in sorted(set(k))
    }
    return Neighbours(accuracy, indices, distances)


def _vote(classes):
    """Winning class of each row ``[k]`` of neighbours' classes, nearest first."""
    # Votes for the class of each neighbour: `argmax` gives the nearest of those with the most.
    votes = [(classes == column[:, np.newaxis]).sum(axis=1) for column in classes.T]
    return classes[np.arange(len(classes)), np.argmax(votes, axis=0)]


def _centred(train, queries):
    """Centred codes with entries up to 1, float32; and the factor by which they were divided.

    The order of distances is unchanged. Products of centred codes cancel less, and squares stay in
    the range of float32 for codes of 1e-25 as well as 1e25.
    """
    mean = train.mean(axis=0, dtype=np.float64)
    largest = max(
        float(np.abs(codes[start : start + 4096] - mean).max())
        for codes in (train, queries)
        for start in range(0, len(codes), 4096)
    )
    # A power of two, which causes no rounding.
    scale = 2.0 ** math.ceil(math.log2(largest)) if largest > 0.0 else 1.0
    results = []
    for codes in (train, queries):
        result = np.empty(codes.shape, np.float32)
        for start in range(0, len(codes), 4096):
            result[start : start + 4096] = (codes[start : start + 4096] - mean) / scale
        results.append(result)
    return *results, scale


def _unit(codes):
    codes = np.asarray(codes, np.float64)
    largest = np.abs(codes).max(axis=1, keepdims=True)
    codes = codes / np.where(largest > 0.0, largest, 1.0)
    norms = np.linalg.norm(codes, axis=1, keepdims=True)
    if (norms == 0).any():
        raise ValueError(
            f"The cosine of a code needs a direction. Received: {np.sum(norms == 0)} zero codes."
        )
    return (codes / norms).astype(np.float32)
