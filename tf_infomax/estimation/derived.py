"""Quantities that are sums and differences of mutual informations, each with its error."""

import dataclasses
import numbers
import warnings

import numpy as np
import pandas as pd
from scipy import stats

from tf_infomax.estimation.dependent_rows import clustered_error
from tf_infomax.estimation.estimator import MutualInformationEstimator
from tf_infomax.estimation.limits import EstimateWarning
from tf_infomax.estimation.samples import as_frame_or_array, sample_of
from tf_infomax.naming.arguments import integer

__all__ = [
    "Estimate",
    "conditional_mutual_information",
    "lagged_mutual_information",
    "lagged_table",
    "total_correlation",
    "transfer_entropy",
]


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A quantity with its sampling error.

    Attributes:
        value, standard_error: nats.
        confidence_interval: (low, high), nats; of the sampling error alone.
        parts: dict, the mutual informations that it is made of, nats.
        warnings: of the estimates of the parts, sentences.
    """

    value: float
    standard_error: float
    confidence_interval: tuple
    parts: dict
    warnings: tuple = ()


def conditional_mutual_information(X, y, Z, **options):
    """I(X; Y | Z) = I(X; (Y, Z)) - I(X; Z), both estimated with the same folds.

    Both terms are biased low. The bias of the difference may have either sign; that of the first
    is usually the larger.

    Args:
        X, y, Z: samples of the same N rows, as for ``MutualInformationEstimator.fit``.
        options: of ``MutualInformationEstimator``.

    Returns:
        ``Estimate`` with the parts "I(X; Y, Z)" and "I(X; Z)".

    Raises:
        ValueError: as ``MutualInformationEstimator.fit``.
    """
    X, y, Z = (columns_of(one, name) for name, one in (("X", X), ("y", y), ("Z", Z)))
    both = side_by_side(y, Z)
    terms = {"I(X; Y, Z)": (1, _fitted(X, both, options)), "I(X; Z)": (-1, _fitted(X, Z, options))}
    return _combined(terms)


def total_correlation(X, **options):
    """sum_k H(X_k) - H(X) = sum_k I(X_k; X_1, ..., X_k-1), nats, with D - 1 estimates.

    Args:
        X: ``[N, D]``, D >= 2, as for ``MutualInformationEstimator.fit``.
        options: of ``MutualInformationEstimator``.

    Returns:
        ``Estimate`` with a part for each k from 2, named as the columns; by their places if two
        have the same name.

    Raises:
        ValueError: on fewer than 2 columns, and as ``MutualInformationEstimator.fit``.
    """
    columns = columns_of(X)
    if columns.shape[1] < 2:
        raise ValueError(
            f"Total correlation needs at least 2 columns. Received: X with {columns.shape[1]}."
        )
    names = list(columns) if columns.columns.is_unique else range(columns.shape[1])
    return _combined({
        f"I({names[k]}; {', '.join(map(str, names[:k]))})":
            (1, _fitted(columns.iloc[:, [k]], columns.iloc[:, :k], options))
        for k in range(1, len(names))
    })  # fmt: skip


def lagged_mutual_information(x, y, lags, **options):
    """I(x_t-lag; y_t) of two series, for each lag.

    Folds are blocks of consecutive times (``blocks="auto"`` unless given).

    Args:
        x, y: ``[T]`` or ``[T, D]``, in the order of time.
        lags: ints, one or more, negative where y comes first.
        options: of ``MutualInformationEstimator``.

    Returns:
        Data frame with the columns "lag", "mutual_information", "standard_error", "low", "high",
        nats.

    Raises:
        ValueError: on lags that leave too few rows, and as ``MutualInformationEstimator.fit``.

    Warns:
        EstimateWarning: as ``MutualInformationEstimator.fit``, with the lag.
    """
    table, sentences = lagged_table(x, y, lags, **options)
    for sentence in sentences:
        warnings.warn(sentence, EstimateWarning, stacklevel=2)
    return table


def lagged_table(x, y, lags, **options):
    """What ``lagged_mutual_information`` returns, and its warnings as a tuple of sentences."""
    x, y = columns_of(x, "x"), columns_of(y, "y")
    lags = _checked_lags(lags, len(x))
    rows, sentences = [], []
    for lag in lags:
        shift = abs(lag)
        first, second = (x, y) if lag >= 0 else (y, x)
        pairs = first.iloc[: len(x) - shift], second.iloc[shift:]
        fitted = _fitted(*(pairs if lag >= 0 else pairs[::-1]), {"blocks": "auto", **options})
        sentences += [f"Lag {lag}: {sentence}" for sentence in fitted.warnings_]
        low, high = fitted.confidence_interval_
        rows.append((lag, fitted.mutual_information_, fitted.standard_error_, low, high))
    names = ["lag", "mutual_information", "standard_error", "low", "high"]
    return pd.DataFrame(rows, columns=names), tuple(sentences)


def transfer_entropy(source, target, history=1, **options):
    """I(target_t; source_t-h..t-1 | target_t-h..t-1), nats: what the source's past adds.

    Folds are blocks of consecutive times (``blocks="auto"`` unless given).

    Args:
        source, target: ``[T]`` or ``[T, D]``, in the order of time.
        history: h, number of past times, at least 1.
        options: of ``MutualInformationEstimator``.

    Returns:
        ``Estimate``, as ``conditional_mutual_information``.

    Raises:
        ValueError: on a history of no time or one that leaves too few rows.

    Reference: Schreiber (2000), Phys. Rev. Lett. 85, 461.
    """
    source, target = columns_of(source, "source"), columns_of(target, "target")
    if integer(history, "history") >= len(target) - 1:
        raise ValueError(
            f"`history` must be less than {len(target) - 1}, the series' steps less one. "
            f"Received: history={history!r}."
        )

    def past(series):
        parts = [series.iloc[history - back : len(series) - back] for back in
                 range(1, history + 1)]  # fmt: skip
        return side_by_side(*parts)

    return conditional_mutual_information(
        target.iloc[history:], past(source), past(target), **{"blocks": "auto", **options}
    )


def columns_of(values, name="X"):
    """A sample as a data frame, with all its types kept: ``[N, D]``.

    Raises:
        ValueError: as ``MutualInformationEstimator.fit``; columns of other samples beside it would
            make its message one about another sample and other rows.
    """
    values = as_frame_or_array(values, name)
    sample_of(values, name)
    if isinstance(values, pd.DataFrame):
        return values
    if isinstance(values, pd.Series):
        return values.to_frame()
    return pd.DataFrame(values.reshape(len(values), -1) if values.ndim > 2 else values)


def side_by_side(*samples):
    """The columns of all samples in one data frame, named by their places."""
    frames = [columns_of(one).reset_index(drop=True) for one in samples]
    lengths = [len(one) for one in frames]
    if len({*lengths}) > 1:
        raise ValueError(f"All samples must have the same rows. Received: {lengths} rows.")
    joined = pd.concat(frames, axis=1)
    joined.columns = [str(place) for place in range(joined.shape[1])]
    return joined


def _checked_lags(lags, count):
    lags = list(lags) if np.iterable(lags) else [lags]
    known = [lag for lag in lags if isinstance(lag, numbers.Integral) and abs(lag) < count - 1]
    if len(known) < max(len(lags), 1):
        raise ValueError(
            f"Lags must be one or more ints, less than the {count - 1} steps of the series. "
            f"Received: lags={lags!r}."
        )
    if len({*known}) < len(known):
        raise ValueError(f"Each lag must be given once. Received: lags={lags!r}.")
    return list(map(int, known))


def _fitted(x, y, options):
    estimator = MutualInformationEstimator(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimateWarning)  # they are in the result
        return estimator.fit(x, y)


def _combined(terms):
    """The ``Estimate`` of a signed sum; the errors of its parts are correlated."""
    value = sum(sign * one.mutual_information_ for sign, one in terms.values())
    pointwise = sum(sign * one.pointwise_ for sign, one in terms.values())
    fitted = [one for _, one in terms.values()]
    # The error of the normaliser, and of tables, is in those of the parts only.
    error = clustered_error(pointwise, fitted[0].row_groups_)
    error = max(error, min(one.standard_error_ for one in fitted) / 2)
    confidence = fitted[0].confidence
    reach = error * float(stats.norm.ppf(0.5 + confidence / 2))
    sentences = tuple(
        f"{name}: {sentence}" for name, (_, one) in terms.items() for sentence in one.warnings_
    )
    parts = {name: one.mutual_information_ for name, (_, one) in terms.items()}
    return Estimate(float(value), error, (value - reach, value + reach), parts, sentences)
