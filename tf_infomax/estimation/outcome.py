"""The attributes of a fitted estimator, from the results of its folds."""

import math

import numpy as np
import pandas as pd

from tf_infomax.estimation.dependent_rows import clustered_error
from tf_infomax.estimation.interval import confidence_interval, lower_limit
from tf_infomax.estimation.limits import (
    below_zero,
    folds_disagree,
    limits_reached,
    out_of_epochs,
)
from tf_infomax.estimation.score_limits import null_limits

__all__ = ["outcome"]


def outcome(results, folds, info, *, table, row_groups, epochs, dims, partners, confidence):
    """Attributes of ``MutualInformationEstimator`` by name.

    Args:
        results: list of ``FoldResult``.
        folds: ``Folds``.
        info: ``BoundInfo``.
        table: ``TableEstimate`` that is the estimate in place of the bound, or None.
        row_groups: int ``[N]``, or None for independent rows.
        epochs: largest number of epochs.
        dims: (of x, of y), of discrete sides their levels less one.
        partners: negatives of each held-out x, at most.
        confidence: of the interval.

    Raises:
        FloatingPointError: if the held-out value is not finite.
    """
    values = np.array([result.value for result in results])
    if not np.isfinite(values).all():
        raise FloatingPointError(
            "The held-out value must be finite in every fold; another bound, or a smaller "
            f"`learning_rate`, may help. Received: {values.tolist()} nats."
        )
    sizes = [len(rows) for rows in folds.held_out]
    critics = [result.critic for result in results]
    groups = np.concatenate([result.groups for result in results])
    trained_limits = np.array([result.trained.limits for result in results])
    score_limits, curve = trained_limits.copy(), _curves([result.trained for result in results])
    pointwise = np.empty(sum(sizes))
    for rows, result in zip(folds.held_out, results, strict=True):
        pointwise[rows] = result.pointwise
    value = float(np.average(values, weights=sizes))
    # No sample can tell independence from less than independent Gaussians show by chance,
    # chi-squared with Dx Dy degrees of freedom over 2 N.
    chance = math.sqrt(_used_dims(critics, dims) / 2.0) / sum(sizes)
    error = max(float(groups.std(ddof=1) / math.sqrt(len(groups))), chance)
    count, pairs = len(groups), sum(sizes)
    if row_groups is not None:
        alone, error = error, max(error, clustered_error(pointwise, row_groups))
        clusters = len(np.unique(row_groups))
        count = min(count, clusters)
        # As many independent pairs would have this error; where nothing was learnt nothing shows
        # how much the rows of a group have in common.
        pairs = max(clusters, pairs * (alone / error) ** 2) if pointwise.any() else clusters
    sentences = folds_disagree(values, [result.groups for result in results])
    sentences += out_of_epochs(curve, epochs)
    if value < -error and table is None:
        # The larger of two lower bounds, one of which is 0, is a lower bound.
        sentences.append(below_zero(value, error))
        value, pointwise[:], score_limits[:] = 0.0, 0.0, null_limits(info.best_shift)
    lowest = lower_limit(value, error, count, confidence)
    if table is not None:
        value, error = table.value, table.standard_error
    ceiling = float(info.ceiling(min(partners + 1, *sizes)))
    interval, shortfall = confidence_interval(
        value, error, count, pairs, [result.shortfall for result in results], confidence
    )
    return {
        "mutual_information_": value,
        "standard_error_": error,
        "confidence_interval_": interval,
        "lower_confidence_limit_": lowest,
        "shortfall_": shortfall,
        "pointwise_": pointwise,
        "row_groups_": row_groups,
        "fold_values_": values,
        "training_curve_": curve,
        "ceiling_": ceiling,
        "critics_": critics,
        "held_out_rows_": folds.held_out,
        "trained_limits_": trained_limits,
        "score_limits_": score_limits,
        "warnings_": sentences + limits_reached(value, error, sum(sizes), ceiling),
    }


def _used_dims(critics, dims):
    """Mean product of the dimensions that the critics use."""
    used = [one.active_dims() if hasattr(one, "active_dims") else None for one in critics]
    return float(np.mean([math.prod(one or dims) for one in used]))


def _curves(trained):
    rows = [(fold, *point) for fold, one in enumerate(trained) for point in one.curve]
    return pd.DataFrame(rows, columns=["fold", "epoch", "training_nats", "validation_nats"])
