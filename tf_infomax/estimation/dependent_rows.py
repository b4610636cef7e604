"""Rows that depend on each other: groups that stay together, and a check of autocorrelation."""

import numbers

import numpy as np
import pandas as pd

from tf_infomax.numerics.exact_columns import is_missing

__all__ = ["autocorrelated", "clustered_error", "groups_of"]

# Blocks of "auto": this many correlation times long, but at least as many of them as ...
_CORRELATION_TIMES, _BLOCKS_PER_FOLD = 5, 3
# Autocorrelation of neighbouring rows, of x times that of y, and the factor by which the variance
# of a sample correlation exceeds that of independent rows, both of which need a warning.
_NEIGHBOURS, _INFLATION = 0.1, 1.5
_MOST_COLUMNS = 20


def groups_of(groups, blocks, x, y, folds):
    """Codes of the groups of rows that stay together, int ``[N]``; None if all are independent.

    Args:
        groups: ``[N]`` labels of any kind, or None.
        blocks: number of consecutive rows that stay together, "auto" (from the autocorrelation of
            the columns), or None.
        x, y: ``[N, D]`` codes of the sides.
        folds: number of folds, each of which needs groups.

    Raises:
        ValueError: on groups or blocks that do not fit, or both.
    """
    count = len(x)
    if groups is not None and blocks is not None:
        raise ValueError("Expected `groups` or `blocks`. Received: both.")
    if groups is not None:
        groups = groups if isinstance(groups, np.ma.MaskedArray) else np.asarray(groups)
        if groups.shape != (count,):
            raise ValueError(
                f"`groups` must have shape [N], a label for each of {count} pairs. "
                f"Received: groups of shape {groups.shape}."
            )
        missing = is_missing(groups)
        if missing.any():
            raise ValueError(
                "`groups` must have a label for each pair; a pair that belongs to nothing else "
                f"needs a label of its own. Received: no label in {missing.sum()} of {count} rows, "
                f"the first in row {int(missing.argmax())}."
            )
        codes = pd.factorize(groups, sort=True)[0]
    elif blocks is None:
        return None
    else:
        if isinstance(blocks, str) and blocks == "auto":
            longest = max(count // (_BLOCKS_PER_FOLD * folds), 1)
            time = max(_correlation_time(x), _correlation_time(y))
            blocks = int(np.clip(round(_CORRELATION_TIMES * time), 1, longest))
        if not isinstance(blocks, numbers.Integral) or isinstance(blocks, bool) or blocks < 1:
            raise ValueError(
                "`blocks` must be None, 'auto' or a number of consecutive rows of at least 1. "
                f"Received: blocks={blocks!r}."
            )
        codes = np.arange(count) // int(blocks)
    if codes.max() + 1 < 2 * folds:
        raise ValueError(
            f"At least {2 * folds} groups are needed, 2 for each of {folds} folds. "
            f"Received: {codes.max() + 1} groups."
        )
    return codes


def clustered_error(values, groups):
    """Standard error of the mean of values that depend on each other within groups.

    Args:
        values: ``[N]``.  groups: int ``[N]``, or None for independent values.
    """
    parts = values - values.mean()
    if groups is not None:
        parts = np.bincount(groups, weights=parts)
        parts = parts[np.bincount(groups) > 0]
    count = len(parts)
    return float(np.sqrt((parts**2).sum() * count / max(count - 1, 1)) / len(values))


def autocorrelated(x, y):
    """Warnings about rows that depend on those before them in x and in y; possibly an empty list.

    Rows that depend on each other in one side only do no harm: the variance of a sample correlation
    is that of independent rows times ``1 + 2 sum_k a_x(k) a_y(k)`` (Bartlett, 1935).

    Args:
        x, y: ``[N, D]`` codes in the order of the rows.
    """
    both = [_autocorrelations(values) for values in (x, y)]
    products = both[0] * both[1]
    if products.size == 0 or products[0] < _NEIGHBOURS:
        return []
    below = np.flatnonzero(products < 0.02)
    inflation = 1.0 + 2.0 * products[: below[0] if len(below) else None].sum()
    if inflation < _INFLATION:
        return []
    return [
        f"Neighbouring rows are correlated, {both[0][0]:.2f} in X and {both[1][0]:.2f} in y, as in "
        f"a series or in sorted rows: {len(x)} rows tell about as much as "
        f"{max(round(len(x) / inflation), 1)} independent rows. Held-out rows resemble their "
        "neighbours in training, so the estimate may be too large, and its error is too small. "
        "For a series set `blocks` (or give `groups`); sorted rows need a shuffle."
    ]


def _correlation_time(values):
    correlations = _autocorrelations(values)
    below = np.flatnonzero(correlations < 0.05)
    return 1.0 + correlations[: below[0] if len(below) else None].sum()


def _autocorrelations(values):
    """Of the column that is most correlated with the row before, for lags 1 to N / 4."""
    values = np.asarray(values[:, :_MOST_COLUMNS], np.float64)
    values = values[:, values.std(axis=0) > 0]
    if not values.shape[1] or len(values) < 8:
        return np.zeros(0 if len(values) < 8 else len(values) // 4)
    values = values - values.mean(axis=0)
    neighbours = (values[1:] * values[:-1]).mean(axis=0) / (values**2).mean(axis=0)
    column = values[:, neighbours.argmax()]
    size = 2 ** int(np.ceil(np.log2(2 * len(column))))
    spectrum = np.abs(np.fft.rfft(column, size)) ** 2
    products = np.fft.irfft(spectrum, size)[: len(column) // 4 + 1]
    return products[1:] / products[0]
