"""Whether a fitted Student copula, or a table, is all that there is to learn about given pairs.

With the right log-density ratio, the distribution function of y given x, at y, is uniform and
independent of x (Rosenblatt's transform), and the other way round. So its cosines have mean zero
and are uncorrelated with any function of x.
"""

import math

import numpy as np
from scipy.special import fdtr, ndtr, stdtr

from tf_infomax.estimation.gaussian_check import are_ordinary, cosines, cosines_of_ranks

__all__ = ["is_student", "is_table"]

# With fewer pairs the tests would overlook too much; with more they would only take longer.
_FEWEST, _MOST = 1_000, 50_000
# Pairs a coordinate, at least.
_PAIRS_A_COORDINATE = 25
_WAVES, _FEW_WAVES = 12, 4
# Products of two coordinates of sides with at most so many.
_MOST_MULTIPLIED = 6
# Effective parameters of a table a pair, at most: half of this, in nats, is expected to be lost, as
# much as a network loses on 2,000 pairs.
_MOST_FREEDOM = 0.06


def is_student(fit, x, y):
    """Whether no test tells pairs of normal scores from those of a Student copula.

    Args:
        fit: ``StudentFit``.
        x: ``[N, Dx]``, y: ``[N, Dy]``, the pairs of the fit.

    Returns:
        bool; False as well if the pairs are too few to tell.
    """
    if len(x) < max(_FEWEST, _PAIRS_A_COORDINATE * (x.shape[1] + y.shape[1])):
        return False
    a, b = fit.variates(x[:_MOST], y[:_MOST])
    return all(
        _has_student_rest(*sides, fit.correlations, fit.degrees) for sides in ((a, b), (b, a))
    )


def _has_student_rest(a, b, correlations, degrees):
    """Whether b given a is Student's, with the scale that the norm of a implies."""
    (dim, rank), norms = (a.shape[1], len(correlations)), (a**2).sum(axis=1)
    rest = b.copy()
    rest[:, :rank] -= correlations * a[:, :rank]
    rest[:, :rank] /= np.sqrt(1.0 - correlations**2)
    rest /= np.sqrt((degrees + norms) / (degrees + dim))[:, np.newaxis]
    squares = (rest**2).mean(axis=1)
    levels = np.column_stack([
        stdtr(degrees + dim, rest), fdtr(rest.shape[1], degrees + dim, squares)
    ])  # fmt: skip
    number = _WAVES if dim + rest.shape[1] <= _FEW_WAVES else _FEW_WAVES
    outputs = np.concatenate([cosines(column, number) for column in levels.T], axis=1)
    inputs = [a, norms[:, np.newaxis]]
    if dim <= _MOST_MULTIPLIED:
        inputs += [a[:, [one]] * a[:, one + 1 :] for one in range(dim - 1)]
    inputs = [
        cosines_of_ranks(column, number) for column in np.concatenate(inputs, axis=1).T
    ]
    if dim > 1:
        # If the norm of a is not as the copula has it, the margin of b is not either.
        inputs.append(np.ones((len(a), 1)))
        own = cosines(fdtr(dim, degrees, norms / dim), _FEW_WAVES)
        if not are_ordinary(own.sum(axis=0) / math.sqrt(len(a))):
            return False
    return _are_uncorrelated(np.concatenate(inputs, axis=1), outputs)


def is_table(table, u, v):
    """Whether no test tells pairs from those of a table, and whether it has few parameters.

    Args:
        table: ``Table``.
        u, v: ``[N]``, normal scores, the pairs of the fit.

    Returns:
        bool; False as well if the pairs are too few to tell.
    """
    if len(u) < _FEWEST or table.freedom > _MOST_FREEDOM * len(u):
        return False
    u, v = u[:_MOST], v[:_MOST]
    return all(
        _are_uncorrelated(
            np.column_stack([np.ones(len(one)), cosines_of_ranks(one, _WAVES)]),
            cosines(_levels(values, table.half_width, one, other), _WAVES),
        )
        for values, one, other in ((table.values, u, v), (table.values.T, v, u))
    )


def _levels(values, half_width, u, v):
    """Distribution function of v given u by a table, at each pair, for normal margins."""
    last = len(values) - 1
    step = 2.0 * half_width / last
    places = np.clip((u + half_width) / step, 0.0, last - 1e-9)
    below, rest = places.astype(int), (places % 1.0)[:, np.newaxis]
    lines = values[below] * (1.0 - rest) + values[below + 1] * rest
    # Each node stands for the cell around it.
    edges = ndtr(-half_width + step * (np.arange(last + 2) - 0.5))
    masses = np.exp(lines) * np.diff(edges)
    cells = np.clip(np.round((v + half_width) / step), 0, last).astype(int)
    rows = np.arange(len(u))
    until = np.cumsum(masses, axis=1)
    part = (ndtr(v) - edges[cells]) / np.maximum(np.diff(edges)[cells], 1e-300)
    return (until[rows, cells] - (1.0 - part) * masses[rows, cells]) / until[:, -1]


def _are_uncorrelated(inputs, outputs):
    return are_ordinary((inputs.T @ outputs).ravel() / math.sqrt(len(inputs)))
