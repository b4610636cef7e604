"""Which coordinates of x depend on some coordinate of y, and the other way round."""

import math
import warnings

import numpy as np
from sklearn.linear_model import OrthogonalMatchingPursuitCV

__all__ = ["informative_coordinates", "selected_coordinates"]

# Rows of the matrix of correlations at a time: of thousands of coordinates it is gigabytes.
_ROWS = 4_096
# Coordinates are selected one after the other among at least so many, for at most so many of the
# other side, and at most so many for each.
_FEWEST, _MOST_TARGETS, _MOST_SELECTED = 100, 10, 20


def informative_coordinates(x, y):
    """Coordinates that are significantly correlated with one of the other side.

    Both the values and their squares are correlated, so that even dependences count too, and
    products: ``y = x_1 x_2`` has ``y**2`` correlated with both squares.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, arrays; row i of both is one pair.

    Returns:
        Two arrays of bool, ``[Dx]`` and ``[Dy]``.
    """
    both = [np.concatenate([_standardized(z), _standardized(_standardized(z) ** 2)], 1)
            for z in (x, y)]  # fmt: skip
    tests = both[0].shape[1] * both[1].shape[1]
    limit = math.sqrt(2.0 * math.log(tests)) + 0.5
    of_x, of_y = [], np.zeros(both[1].shape[1], bool)
    for start in range(0, both[0].shape[1], _ROWS):
        some = both[0][:, start : start + _ROWS]
        is_large = np.abs(some.T @ both[1]) / math.sqrt(len(x)) > limit
        of_x.append(is_large.any(axis=1))
        of_y |= is_large.any(axis=0)
    return [one.reshape(2, -1).any(axis=0) for one in (np.concatenate(of_x), of_y)]


def selected_coordinates(x, y):
    """Coordinates from which few of the other side are predicted linearly, by forward selection.

    If all coordinates are correlated with each other, all are informative, and yet few may hold
    all that there is to know. Orthogonal matching pursuit takes the one most correlated with what
    the ones before left over; how many, cross-validation says.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``, arrays; row i of both is one pair.

    Returns:
        Two arrays of int, the coordinates of x and of y; all those of a side of fewer than 100.
        ``None`` if no side has more, or if the other has more than 10.
    """
    kept = [np.arange(one.shape[1]) for one in (x, y)]
    sizes = list(map(len, kept))
    place = int(np.argmax(sizes))
    if sizes[place] < _FEWEST or sizes[1 - place] > _MOST_TARGETS:
        return None
    many, targets = _standardized((x, y)[place]), _standardized((x, y)[1 - place])
    selected = set()
    for target in targets.T[targets.any(axis=0)]:
        pursuit = OrthogonalMatchingPursuitCV(max_iter=min(_MOST_SELECTED, len(x) // 10))
        with warnings.catch_warnings():
            # Coordinates that are combinations of selected ones end the search.
            warnings.simplefilter("ignore")
            selected.update(np.flatnonzero(pursuit.fit(many, target).coef_))
    kept[place] = np.array(sorted(selected), int)
    return kept


def _standardized(values):
    values = values - values.mean(axis=0)
    return values / np.maximum(values.std(axis=0), 1e-12)
