"""Groups that stay together, errors of dependent rows, and the warning about series."""

import numpy as np
import pytest
from scipy.signal import lfilter

from tf_infomax import MutualInformationEstimator
from tf_infomax.estimation.dependent_rows import autocorrelated, clustered_error, groups_of
from tf_infomax.estimation.folds import Folds

RNG = np.random.default_rng(0)


def series(phi, count=1_000):
    return lfilter([1.0], [1.0, -phi], RNG.normal(size=(count + 500, 1)), axis=0)[500:]


def test_series_and_sorted_rows_need_a_warning():
    (sentence,) = autocorrelated(series(0.99), series(0.99))
    assert "0.9" in sentence and "`blocks`" in sentence
    assert not autocorrelated(*RNG.normal(size=(2, 1_000, 3)))
    # Dependent in one side only: a permutation of the rows of the other would change nothing.
    assert not autocorrelated(series(0.99), RNG.normal(size=(1_000, 1)))
    assert not autocorrelated(np.ones((50, 1)), series(0.9, 50))


def test_groups_are_never_split():
    groups = np.random.default_rng(1).permutation(np.repeat(np.arange(40), RNG.integers(2, 9, 40)))
    folds = Folds(len(groups), 4, 0.125, 0, groups)
    assert sorted(np.concatenate(folds.held_out)) == list(range(len(groups)))
    for parts in zip(folds.held_out, folds.validation, folds.train, strict=True):
        present = [set(groups[rows]) for rows in parts]
        assert not present[0] & present[1] and not present[0] & present[2]
        assert not present[1] & present[2]
        assert len(parts[2]) == len(folds.train[0]) > len(groups) / 3


def test_a_group_of_most_rows():
    x = RNG.normal(size=(300, 1))
    with pytest.raises(ValueError, match=r"At least 2 groups must remain .* 150 of 300 pairs"):
        Folds(300, 2, 0.125, 0, np.append(np.zeros(150, int), np.arange(1, 151)))
    estimator = MutualInformationEstimator(folds=3, epochs=0, half_fits=0, jobs=1)
    estimator.fit(x, x + RNG.normal(size=x.shape), groups=np.append(np.zeros(280), np.arange(20)))
    (sentence,) = [one for one in estimator.warnings_ if "groups differ" in one]
    assert "every fold trains on 1" in sentence


def test_labels_of_groups_may_be_of_several_types():
    labels = np.array(["a", 1, "b"] * 20, object)
    codes = groups_of(labels, None, *np.zeros((2, 60, 1)), 1)
    assert codes[:3].tolist() == codes[3:6].tolist() and len({*codes[:3].tolist()}) == 3


def test_blocks():
    x, y = series(0.95), series(0.95)
    assert groups_of(None, None, x, y, 5) is None
    np.testing.assert_array_equal(groups_of(None, 100, x, y, 5), np.arange(1_000) // 100)
    length = (groups_of(None, "auto", x, y, 5) == 0).sum()
    assert 20 < length <= 1_000 // 15
    no_label = [None, *map(str, range(999))]
    for groups, blocks, words in (
        (np.append(np.nan, np.arange(999)), None, "a label for each pair.* 1 of 1000 rows"),
        (no_label, None, "a label for each pair.* 1 of 1000 rows, the first in row 0"),
        (np.zeros(3), None, "shape .N."), (np.zeros(1_000), None, "At least 10 groups"),
        (None, 500, "At least 10 groups"), (None, 0, "`blocks` must"), (x[:, 0], 5, "both"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            groups_of(groups, blocks, x, y, 5)


def test_the_error_of_a_mean_of_groups():
    # Ten copies of each value: the error is that of the values, not of the copies.
    values = RNG.normal(size=200)
    error = values.std(ddof=1) / np.sqrt(200)
    assert clustered_error(values, None) == pytest.approx(error)
    copies = np.repeat(values, 10)
    assert clustered_error(copies, np.repeat(np.arange(200), 10)) == pytest.approx(error)


@pytest.mark.slow
def test_copies_of_rows_show_no_more_than_one_of_them():
    # 100 pairs cannot tell independence from a correlation of 1.96 / root 100, nor can 5 of each.
    x, y = np.random.default_rng(5).normal(size=(2, 100, 1))
    rows = np.repeat(np.arange(100), 5)
    estimator = MutualInformationEstimator(seed=0, jobs=1)
    _, high = estimator.fit(x[rows], y[rows], groups=rows).confidence_interval_
    assert high >= -0.5 * np.log1p(-(1.96**2) / 100)
