"""Whether a Gaussian density ratio is all that there is to learn about given pairs."""

import math

import numpy as np
from scipy.spatial import cKDTree

__all__ = ["are_ordinary", "cosines", "cosines_of_ranks", "is_gaussian"]

# With fewer pairs the tests would overlook too much; with more they would only take longer.
_FEWEST, _MOST = 1_000, 50_000
# Pairs a coordinate, at least: the variates of fewer are not normal enough.
_PAIRS_A_COORDINATE = 25
# A pair of variates with a higher correlation is turned into its sum and difference.
_TURNED = 0.3
# Cosines of one coordinate, and of all coordinates together; the lowest of them; of products.
_COSINES, _ALL_COSINES, _LOWEST, _OF_PRODUCTS = 12, 40, 3, 2
# Products of two coordinates are tested in groups of at most so many coordinates.
_MOST_MULTIPLIED = 6
# Nearest neighbours are those of at most so many coordinates and pairs; the margin of their scores,
# of which many belong to two pairs that are each other's neighbour.
_MOST_LOCAL, _MOST_LOCAL_PAIRS, _ABOVE_LOCAL = 8, 10_000, 2.0
# Margins above the largest of n standard normals, and above the mean of their sum of squares in
# standard deviations: about one Gaussian sample in a hundred fails.
_ABOVE_LARGEST, _ABOVE_MEAN = 0.7, 3.0
_ONLY_X, _ONLY_Y, _SUMS, _DIFFERENCES = range(4)


def is_gaussian(x, y, a, b, correlations):
    """Whether no test tells pairs of canonical variates from Gaussian pairs.

    Of Gaussian variates with correlation rho, the sum and the difference on unit scales are
    independent, and all of them are independent of each other. So cosines of the ranks of these
    coordinates, of the norms of groups of them and of products of two are uncorrelated. The
    largest correlation and the sum of all squares are compared with those of independent normal
    variables. What x alone or y alone show is not tested: it does not concern their dependence.

    Further, what linear regression on x leaves of y is independent of x, so that it is correlated
    neither with cosines of any coordinate nor between pairs whose x are nearest neighbours; and the
    other way round.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``.
        a: ``[N, Dx]``, b: ``[N, Dy]``, their canonical variates of unit variance.
        correlations: ``[min(Dx, Dy)]`` of their first columns.

    Returns:
        bool; False as well if the pairs are too few to tell.
    """
    count, dims = len(a), a.shape[1] + b.shape[1]
    if count < max(_FEWEST, _PAIRS_A_COORDINATE * dims):
        return False
    x, y, a, b = (values[:_MOST] for values in (x, y, a, b))
    return (
        _are_independent(*_coordinates(a, b, correlations))
        and _is_linear(x, y, a)
        and _is_linear(y, x, b)
    )


def _are_independent(coordinates, groups):
    """Whether coordinates ``[N, D]`` are independent but for those of x alone and of y alone."""
    dims = coordinates.shape[1]
    number = int(np.clip(_ALL_COSINES // dims, _LOWEST, _COSINES))
    single = np.eye(dims, dtype=bool)
    features, masks, sides, is_low, is_linear = [], [], [], [], []

    def add(values, mask, group, cosines):
        features.append(cosines_of_ranks(values, cosines))
        masks.extend([mask] * cosines)
        sides.extend([group] * cosines)
        is_low.extend([mask.sum() == 1 and order < _LOWEST for order in range(cosines)])
        is_linear.extend([mask.sum() == 1 and order == 0 for order in range(cosines)])

    for place, group in enumerate(groups):
        add(coordinates[:, place], single[place], group, number)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if len(members) > 1:
            add((coordinates[:, members] ** 2).sum(axis=1), groups == group, group, number)
        if len(members) <= _MOST_MULTIPLIED:
            for place, one in enumerate(members):
                for other in members[place + 1 :]:
                    product = coordinates[:, one] * coordinates[:, other]
                    add(product, single[one] | single[other], group, _OF_PRODUCTS)
    features = np.concatenate(features, axis=1)
    scores = features.T @ features / math.sqrt(len(features))
    masks, sides, is_low = np.array(masks, np.float32), np.array(sides), np.array(is_low)
    tested = np.triu(masks @ masks.T == 0.0)
    for side in (_ONLY_X, _ONLY_Y):
        tested &= ~np.logical_and.outer(sides == side, sides == side)
    # The correlations themselves are larger in the sample than in the Gaussian part.
    tested &= ~np.logical_and.outer(is_linear, is_linear)
    low = tested & np.logical_and.outer(is_low, is_low)
    return all(are_ordinary(scores[chosen]) for chosen in (tested, low))


def _is_linear(x, y, a):
    """Whether y depends on x through its mean alone, and linearly; ``a`` is x with unit spreads."""
    design = np.column_stack([np.ones(len(x)), x])
    rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    number = int(np.clip(_ALL_COSINES // x.shape[1], _LOWEST, _COSINES))
    waves = np.concatenate([cosines_of_ranks(column, number) for column in x.T], axis=1)
    rests = np.concatenate([cosines_of_ranks(column, _LOWEST) for column in rest.T], axis=1)
    scores = np.abs(waves.T @ rests) / math.sqrt(len(x))
    if scores.max() > _largest(scores.size):
        return False
    if x.shape[1] > _MOST_LOCAL:
        return True
    a, rests = a[:_MOST_LOCAL_PAIRS], rests[:_MOST_LOCAL_PAIRS]
    neighbours = cKDTree(a).query(a, k=2)[1]
    # Of equal points either may come first.
    nearest = np.where(neighbours[:, 1] == np.arange(len(a)), neighbours[:, 0], neighbours[:, 1])
    scores = (rests * rests[nearest]).sum(axis=0) / math.sqrt(len(a))
    return bool(scores.max() < _largest(len(scores)) + _ABOVE_LOCAL)


def _largest(number):
    """Of so many scores of Gaussian pairs the largest size, nearly always."""
    return math.sqrt(2.0 * math.log(2.0 * number)) + _ABOVE_LARGEST


def are_ordinary(scores):
    """Whether scores ``[n]`` are as independent standard normal variables have them."""
    number = len(scores)
    largest = _largest(number)
    total = number + _ABOVE_MEAN * math.sqrt(2.0 * number)
    return bool(np.abs(scores).max() < largest and (scores**2).sum() < total)


def _coordinates(a, b, correlations):
    """Independent coordinates ``[N, Dx + Dy]`` if the pairs are Gaussian, and their groups."""
    rank = len(correlations)
    turned = np.flatnonzero(np.asarray(correlations) > _TURNED)
    only_x = np.concatenate([np.setdiff1d(np.arange(rank), turned), np.arange(rank, a.shape[1])])
    only_y = np.concatenate([np.setdiff1d(np.arange(rank), turned), np.arange(rank, b.shape[1])])
    sums, differences = a[:, turned] + b[:, turned], a[:, turned] - b[:, turned]
    parts = a[:, only_x], b[:, only_y], sums, differences
    groups = np.repeat(
        [_ONLY_X, _ONLY_Y, _SUMS, _DIFFERENCES], [part.shape[1] for part in parts]
    )
    values = np.concatenate(parts, axis=1)
    values = values - values.mean(axis=0)
    return values / np.maximum(values.std(axis=0), 1e-12), groups


def cosines_of_ranks(values, number):
    """``cosines`` of the ranks of values ``[N]``, ``[N, number]``."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = (np.arange(len(values)) + 0.5) / len(values)
    return cosines(ranks, number)


def cosines(levels, number):
    """``sqrt(2) cos(pi j u)``, j = 1..number, of uniform u ``[N]``: of mean 0 and variance 1."""
    angles = math.pi * levels[:, np.newaxis] * np.arange(1, number + 1)
    return math.sqrt(2.0) * np.cos(angles)
