"""Warnings about estimates near a limit of the method, or with large errors."""

import math

import numpy as np
from scipy import stats

from tf_infomax.estimation.encoding import most_levels
from tf_infomax.naming.arguments import integer

__all__ = [
    "EstimateWarning",
    "below_zero",
    "certifiable",
    "folds_disagree",
    "limits_reached",
    "merged_levels",
    "out_of_epochs",
    "repeated_pairs",
    "unequal_groups",
]

# Within a nat of log K, InfoNCE has lost a noticeable part of the information.
_MARGIN_NATS = 1.0
# Folds of the same distribution disagree this much once in ten thousand estimates; a spread of
# fewer nats than this needs no warning.
_DISAGREEMENT, _SMALLEST_SPREAD = 1e-4, 0.05
# Rise of the validation value, in nats, over the last quarter of training that needs a warning.
_STILL_RISING = 0.02


class EstimateWarning(UserWarning):
    """Warns that the estimate is near a limit of the method, or too noisy to mean much."""


def certifiable(num_pairs):
    """The largest lower bound with confidence 0.99 from N pairs: ``2 ln N + 5`` nats.

    No estimator without assumptions on the distribution can certify more: such a bound stays below
    this with probability 0.96. Valid for N >= 50.

    Reference: McAllester and Stratos (2020), arXiv:1811.04251, theorem on mutual information.
    """
    return 2.0 * math.log(integer(num_pairs, "num_pairs")) + 5.0


def limits_reached(estimate, standard_error, num_pairs, ceiling):
    """Warnings for the reader of an estimate; an empty list if there are none.

    Args:
        estimate, standard_error: nats.
        num_pairs: N.
        ceiling: the largest value the bound can have, nats, perhaps infinite.

    Returns:
        List of sentences, each with its numbers.
    """
    found = []
    if estimate > ceiling - _MARGIN_NATS:
        found.append(
            f"The estimate, {estimate:.2f} nats, is within {_MARGIN_NATS:g} nat of the most that "
            f"this bound can be with so many negatives, {ceiling:.2f} nats: the mutual information "
            "may be much larger."
        )
    limit = certifiable(num_pairs)
    if estimate > limit - _MARGIN_NATS:
        found.append(
            f"The estimate, {estimate:.2f} nats, is near or above 2 ln N + 5 = {limit:.2f} nats, "
            f"the most that any lower bound can certify from {num_pairs} pairs (McAllester and "
            "Stratos, 2020)."
        )
    # Song and Ermon: the mean of r over M negatives has a variance of at least (e^I - 1) / M; N
    # pairs give at most N independent negatives.
    noise = math.sqrt(max(math.expm1(min(estimate, 700.0)), 0.0) / num_pairs)
    # A bound with a ceiling has no such noise; it stops instead.
    if math.isinf(ceiling) and noise > 0.1:
        found.append(
            f"At {estimate:.2f} nats the normaliser of the density ratio, a mean over {num_pairs} "
            f"pairs, has a relative standard deviation of at least {noise:.2f} (Song and Ermon, "
            "2020): the value is decided by few pairs of negatives and biased upwards, and its "
            "standard error is too small."
        )
    if standard_error > 0.1 and standard_error > 0.2 * abs(estimate):
        found.append(
            f"The standard error, {standard_error:.2f} nats, is large against the estimate, "
            f"{estimate:.2f} nats: the value means little."
        )
    return found


def below_zero(value, standard_error):
    """The warning if the null critic, whose bound is 0, replaces the held-out value."""
    return (
        f"The held-out value, {value:.3f} nats with standard error {standard_error:.3f}, is below "
        "zero beyond its error, and mutual information never is: the critics did not carry over to "
        "held-out pairs. The null critic is read instead, which gives 0 nats: these pairs show no "
        "dependence, or too little for so few of them."
    )


def folds_disagree(values, group_values):
    """Warnings about folds that differ beyond their errors; possibly an empty list.

    Args:
        values: held-out value of each fold, nats.
        group_values: per fold, values of its groups, whose spread shows the error of a fold.
    """
    variances = [np.var(groups, ddof=1) / len(groups) for groups in group_values]
    error, spread = math.sqrt(np.mean(variances)), float(np.std(values, ddof=1))
    limit = error * math.sqrt(stats.chi2.isf(_DISAGREEMENT, len(values) - 1) / (len(values) - 1))
    if spread <= max(limit, _SMALLEST_SPREAD):
        return []
    return [
        f"The held-out values of the folds disagree: {min(values):.2f} to {max(values):.2f} nats, "
        f"a standard deviation of {spread:.2f} where their errors explain {error:.2f}. Training "
        "succeeded better in some folds than in others: the estimate is biased low, and its "
        "standard error too small."
    ]


def out_of_epochs(curve, epochs):
    """Warnings about training that ran out of epochs; possibly an empty list.

    Args:
        curve: data frame as ``training_curve_``.
        epochs: the largest number of epochs.
    """
    gains = []
    for _, fold in curve.groupby("fold"):
        values = fold.set_index("epoch")["validation_nats"].replace([np.inf, -np.inf], np.nan)
        late = values.loc[values.index > epochs - max(epochs // 4, 1)]
        if len(fold) - 1 == epochs > 0 and late.notna().any() and values.max() == late.max():
            gains.append(late.max() - values.drop(late.index).max())
    rising = [gain for gain in gains if gain > _STILL_RISING]
    num_folds = curve["fold"].nunique()
    if len(rising) <= num_folds / 2:
        return []
    return [
        f"Training ran out of epochs: in {len(rising)} of {num_folds} folds the validation value "
        f"still rose over the last quarter of {epochs} epochs, by {np.median(rising):.2f} nats in "
        "the middle fold. More `epochs` may find more."
    ]


def repeated_pairs(x, y):
    """Warnings about pairs that occur more than once; possibly an empty list.

    A copy of a held-out pair among the training pairs makes the estimate too large. Pairs of
    discrete values recur without being copies, but then about as many different pairs are left as
    independent sides would have. Fewer of them point to copies where most values of a side occur
    once, or where the values of a side recur with the same value of the other side only. Two sides
    of few levels, each with many pairs, need no warning.

    Args:
        x: ``[N, Dx]``, y: ``[N, Dy]``.
    """
    count = len(x)
    different = len(_counts(np.hstack([x, y])))
    if different > 0.99 * count:
        return []
    counts = _counts(x), _counts(y)
    most = max(map(len, counts))
    if most <= most_levels(count):
        return []
    recur_with_others = most < 0.5 * count and different > 1.05 * most
    expected, deviation = _pairs_by_chance(*counts)
    if recur_with_others or different > expected - 5.0 * deviation:
        return []
    return [
        f"{count - different} of {count} pairs repeat another one exactly, where independent X and "
        f"y would do so {count - expected:.0f} times. If they are copies, which are both trained "
        "on and held out, the estimate is too large: leave out all but one of each, or set "
        "`groups`."
    ]


def _counts(rows):
    return np.unique(rows, axis=0, return_counts=True)[1]


def _pairs_by_chance(*counts):
    """Mean of the number of different pairs of independent values, and about its deviation.

    Args:
        counts: how often each value of a side occurs, int ``[U]``; of both sides.
    """
    (x, of_x), (y, of_y) = (np.unique(one, return_counts=True) for one in counts)
    count = counts[0].sum()
    absent = (1.0 - np.outer(x, y) / count**2) ** count
    mean, variance = (of_x @ part @ of_y for part in (1.0 - absent, absent * (1.0 - absent)))
    # A pair that is present makes others less likely, so the sum of variances is too large; where
    # pairs hardly recur, by far: the number that do is about Poisson.
    return float(mean), math.sqrt(min(variance, count - mean))


def unequal_groups(num_train, most_train):
    """Warnings about groups that leave most training pairs unused; possibly an empty list.

    Args:
        num_train: number of pairs that each fold trains on.
        most_train: number that the fold with the smallest held-out groups could train on.
    """
    if num_train > 0.8 * most_train:
        return []
    return [
        f"The groups differ so much in size that every fold trains on {num_train} pairs, where "
        f"some could train on {most_train}: the estimate is biased low. Larger groups may be "
        "left out, or divided if their parts are independent."
    ]


def merged_levels(*numbers):
    """Warnings about rare levels of nominal columns that share a code; possibly an empty list."""
    return [
        f"{number} rare levels of nominal columns of {side} share a code, so they are not told "
        "apart: the estimate leaves out what they tell."
        for side, number in zip(("X", "y"), numbers, strict=True)
        if number
    ]
