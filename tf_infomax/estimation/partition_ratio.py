"""The log-density ratio of two numbers that is constant on the cells of a grid."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from scipy.special import xlogy

from tf_infomax.estimation.partner_layer import PartnerLayer

__all__ = ["Partition", "PartitionRatio", "fit_partition"]

# Numbers of bins of equal frequency to begin with, so many pairs in each at least.
_BINS, _PAIRS_PER_BIN = (8, 16, 32, 64), 20
# Penalties to choose from, for each parameter, of twice the log-likelihood: Akaike's is 2.
_PENALTIES = (2.0, 3.0)
# Quantiles among which edges are moved afterwards, and how often those of both sides are.
_QUANTILES, _SWEEPS = 256, 2
# Pseudo-counts to choose from, as parts of what independence expects in a cell.
_PRIOR_PARTS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
# Beyond every number: edges that are not there.
_NO_EDGE = 1e30


@dataclasses.dataclass(frozen=True)
class Partition:
    """A grid with a value on each of its cells.

    Attributes:
        edges: (of u ``[A - 1]``, of v ``[B - 1]``), rising.
        values: ``[A, B]``, nats.
        value: mean log-density ratio of each pair when it is left out, nats.
    """

    edges: tuple
    values: np.ndarray
    value: float


def fit_partition(u, v):
    """The grid whose cells tell most of the dependence of two numbers.

    Bins of equal frequency are merged, neighbours that the other side tells apart least first, as
    long as the likelihood loses less than a penalty for each parameter. Then the edges of each side
    are set anew, the best there are for those of the other. So sharp edges that lie along the axes
    (clusters, levels with noise, a chessboard) are found where no smooth function finds them.
    Counts are smoothed towards independence; leaving out each pair in turn chooses by how much, the
    number of bins and the penalty.

    Args:
        u, v: ``[N]``, finite.

    Returns:
        ``Partition``, or ``None`` if nothing but independence is found.

    Reference: Boullé (2006), MODL, for grids by merging; Reshef et al. (2011), for edges by dynamic
    programming; Akaike (1974).
    """
    found = None
    for bins in _BINS:
        if len(u) < _PAIRS_PER_BIN * bins:
            break
        for penalty in _PENALTIES:
            new = _smoothed((u, v), _merged(u, v, bins, penalty))
            if new.value > (found.value if found else 0.0):
                found, chosen = new, penalty
    if found is None:
        return None
    moved = _smoothed((u, v), _moved((u, v), list(found.edges), chosen))
    return max(found, moved, key=lambda one: one.value)


def _quantiles(values, number):
    # Of tied values, equal edges would leave bins empty.
    return np.unique(np.quantile(values, np.arange(1, number) / number))


def _counts(sides, edges):
    """Pairs in each cell, ``[A, B]``."""
    counts = np.zeros([len(own) + 1 for own in edges])
    places = [np.searchsorted(own, one) for own, one in zip(edges, sides, strict=True)]
    np.add.at(counts, tuple(places), 1.0)
    return counts


def _merged(u, v, bins, penalty):
    """Edges of u and of v after merging."""
    edges = [_quantiles(one, bins) for one in (u, v)]
    counts = _counts((u, v), edges)
    while min(counts.shape) > 1:
        costs = [_costs(counts, penalty), _costs(counts.T, penalty)]
        side = int(costs[1].min() < costs[0].min())
        place = int(costs[side].argmin())
        if costs[side][place] >= 0.0:
            break
        counts = np.add.reduceat(
            counts, np.delete(np.arange(counts.shape[side]), place + 1), axis=side
        )
        edges[side] = np.delete(edges[side], place)
    return edges


def _moved(sides, edges, penalty):
    """Edges of both sides, each set anew for those of the other."""
    fine = [_quantiles(one, _QUANTILES) for one in sides]
    for side in (0, 1) * _SWEEPS:
        counts = _counts(sides, [*edges[:side], fine[side], *edges[side + 1 :]])
        kept = _best_segments(counts if side == 0 else counts.T, penalty)
        # As many as a layer has room for.
        if len(kept) < _BINS[-1]:
            edges[side] = fine[side][kept]
    return edges


def _best_segments(counts, penalty):
    """Where the rows of counts are best divided into segments: int, the last rows of all but one.

    Twice the likelihood, less a penalty for each parameter, is largest; by dynamic programming.
    """
    sums = np.concatenate([np.zeros((1, counts.shape[1])), np.cumsum(counts, axis=0)])
    cells = sums[np.newaxis] - sums[:, np.newaxis]
    totals = np.maximum(cells.sum(axis=2), 0.0)
    cells = np.maximum(cells, 0.0)
    gains = 2.0 * (xlogy(cells, cells).sum(axis=2) - xlogy(totals, totals))
    gains -= penalty * (counts.shape[1] - 1)
    best, start = np.zeros(len(sums)), np.zeros(len(sums), int)
    for end in range(1, len(sums)):
        values = best[:end] + gains[:end, end]
        start[end] = values.argmax()
        best[end] = values[start[end]]
    ends, end = [], start[-1]
    while end > 0:
        ends.append(end - 1)
        end = start[end]
    return np.array(ends[::-1], int)


def _costs(counts, penalty):
    """Of each row and the next: twice the likelihood that merging costs, less what it saves."""
    upper, lower = counts[:-1], counts[1:]
    likelihoods = [
        xlogy(part, part).sum(axis=1) - xlogy(part.sum(axis=1), part.sum(axis=1))
        for part in (upper, lower, upper + lower)
    ]
    freedom = np.count_nonzero(upper + lower, axis=1) - 1
    return 2.0 * (likelihoods[0] + likelihoods[1] - likelihoods[2]) - penalty * freedom


def _smoothed(sides, edges):
    """The ``Partition`` with these edges."""
    counts = _counts(sides, edges)
    number = counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / number

    def left_out(part):
        others = (counts - 1.0) / (number - 1.0) * number / expected
        ratios = np.where(counts > 0.0, (others + part) / (1.0 + part), 1.0)
        return float((counts * np.log(ratios)).sum() / number)

    part = max(_PRIOR_PARTS, key=left_out)
    values = np.log((counts / expected + part) / (1.0 + part))
    return Partition(tuple(edges), values, left_out(part))


@keras.saving.register_keras_serializable(package="tf_infomax")
class PartitionRatio(PartnerLayer):
    """The value of a ``Partition`` of the only coordinate of x and of y, nats; zero at first.

    Call arguments: as of ``CanonicalCritic``, with one coordinate each.
    """

    def build(self, x_shape, y_shape):
        most = _BINS[-1]
        far = keras.initializers.Constant(_NO_EDGE)
        self.edges_x = self.add_fixed((most - 1,), "edges_x", far)
        self.edges_y = self.add_fixed((most - 1,), "edges_y", far)
        self.values = self.add_fixed((most, most), "values")

    def set_fit(self, found):
        """Takes over a ``Partition``."""
        values = np.zeros(self.values.shape)
        values[: found.values.shape[0], : found.values.shape[1]] = found.values
        padded = [
            np.append(own, np.full(_BINS[-1] - 1 - len(own), _NO_EDGE)) for own in found.edges
        ]
        self.set_weights([*padded, values])

    def call(self, x, y, partners=None):
        # Comparisons with all edges run on every device; a search does not.
        rows, columns = (
            tf.math.count_nonzero(values[:, :1] > edges, axis=1, dtype=tf.int32)
            for values, edges in ((x, self.edges_x), (y, self.edges_y))
        )
        lines = tf.gather(self.values, rows)
        if partners is None:
            return tf.gather(lines, columns, axis=1)
        return tf.gather(lines, tf.gather(columns, partners), batch_dims=1)
