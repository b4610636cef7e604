"""Mutual information of many columns: scikit-learn's functions, and a matrix of all pairs."""

import warnings

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets

from tf_infomax.estimation.derived import columns_of
from tf_infomax.estimation.estimator import MutualInformationEstimator
from tf_infomax.estimation.limits import EstimateWarning

__all__ = ["mutual_info_classif", "mutual_info_regression", "mutual_information_matrix"]


def mutual_info_regression(
    X, y, *, discrete_features="auto", random_state=None, n_jobs=None, progress=None, **options
):
    """I(X_k; y) of every column, for ``SelectKBest`` and the like; as scikit-learn's function.

    Estimates below zero become 0, as there.

    Args:
        X: ``[N, D]``.
        y: ``[N]``, continuous.
        discrete_features: "auto", a bool, or which columns are discrete: bool ``[D]`` or indices.
        random_state, n_jobs: as for ``MutualInformationEstimator``; ``None``: seed 0, so that equal
            data give equal numbers.
        progress: function of (number of columns done, D), or None.
        options: of ``MutualInformationEstimator``.

    Returns:
        float64 ``[D]``, nats.

    Raises:
        ValueError: on ``discrete_features`` that do not fit, and as the estimator.
    """
    return _of_columns(X, y, discrete_features, "auto", random_state, n_jobs, progress, options)


def mutual_info_classif(
    X, y, *, discrete_features="auto", random_state=None, n_jobs=None, progress=None, **options
):
    """As ``mutual_info_regression``, for a y of classes.

    Raises:
        ValueError: if y holds continuous numbers.
    """
    check_classification_targets(y)
    return _of_columns(X, y, discrete_features, True, random_state, n_jobs, progress, options)


def mutual_information_matrix(X, progress=None, **options):
    """Mutual information of all pairs of columns.

    Args:
        X: ``[N, D]``, D >= 2; columns of any kind.
        progress: function of (number of pairs done, number of pairs), or None.
        options: of ``MutualInformationEstimator``.

    Returns:
        Symmetric data frame ``[D, D]``, nats, named as the columns; NaN on the diagonal, where it
        is the entropy of a discrete column and infinite for others. Negative values are within
        their errors.

    Raises:
        ValueError: on fewer than 2 columns, and as ``MutualInformationEstimator.fit``.
    """
    columns = columns_of(X)
    size = columns.shape[1]
    if size < 2:
        raise ValueError(f"A matrix needs at least 2 columns. Received: X with {size}.")
    values = np.full((size, size), np.nan)
    pairs = [(row, column) for row in range(size) for column in range(row)]
    for done, (row, column) in enumerate(pairs, 1):
        one, other = columns.iloc[:, [row]], columns.iloc[:, [column]]
        values[row, column] = values[column, row] = _value(one, other, options)
        if progress is not None:
            progress(done, len(pairs))
    return pd.DataFrame(values, index=columns.columns, columns=columns.columns)


def _of_columns(x, y, discrete_features, discrete_y, random_state, n_jobs, progress, options):
    columns = columns_of(x)
    count = columns.shape[1]
    kinds = _discrete_columns(discrete_features, count)
    values = np.zeros(count)
    for place in range(count):
        values[place] = max(0.0, _value(
            columns.iloc[:, [place]], y,
            {"discrete": (kinds[place], discrete_y), "random_state": random_state, "n_jobs": n_jobs,
             **options},
        ))  # fmt: skip
        if progress is not None:
            progress(place + 1, count)
    return values


def _discrete_columns(given, count):
    """Of each of the columns "auto" or a bool."""
    if isinstance(given, str | bool | np.bool):
        return [given if isinstance(given, str) else bool(given)] * count
    chosen = np.asarray(given)
    if chosen.dtype == bool and chosen.shape == (count,):
        return chosen.tolist()
    is_places = chosen.ndim == 1 and (not chosen.size or chosen.dtype.kind in "iu")
    if not is_places or any(not -count <= place < count for place in chosen.tolist()):
        raise ValueError(
            f"`discrete_features` must be 'auto', a bool, {count} bools, or indices of the {count} "
            f"columns. Received: discrete_features={given!r}."
        )
    kinds = np.zeros(count, bool)
    kinds[chosen.astype(int)] = True
    return kinds.tolist()


def _value(x, y, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimateWarning)
        # Merged levels are lost information, whatever the errors of single values.
        warnings.filterwarnings("default", ".*rare levels", EstimateWarning)
        fitted = MutualInformationEstimator(**{"half_fits": 0, **options}).fit(x, y)
    return fitted.mutual_information_
