"""Sums and differences of mutual informations against exact values of Gaussians."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.feature_selection import SelectKBest

from tf_infomax import estimation

# The critic is the Gaussian density ratio: exact here, and nothing is compiled.
FAST = {"epochs": 0, "folds": 2, "jobs": 1, "half_fits": 0}


def with_nan(x):
    return np.where(np.arange(len(x)) == 7, np.nan, x)


def near(found, truth, errors=4.0):
    return abs(found.value - truth) < errors * found.standard_error


def test_conditional_mutual_information():
    z, a, b = np.random.default_rng(0).normal(size=(3, 1_000))
    x, y = z + a, z + b
    # x and y depend on each other through z only; of z, y leaves x half of its variance to tell.
    assert near(estimation.conditional_mutual_information(x, y, z, **FAST), 0.0)
    found = estimation.conditional_mutual_information(z, x, y, **FAST)
    assert near(found, 0.5 * math.log(1.5)) and found.standard_error < 0.04
    assert list(found.parts) == ["I(X; Y, Z)", "I(X; Z)"]
    assert found.confidence_interval[0] < found.value < found.confidence_interval[1]


@pytest.mark.slow
def test_total_correlation_and_the_matrix():
    covariance = np.full((3, 3), 0.6) + 0.4 * np.eye(3)
    x = np.random.default_rng(0).multivariate_normal(np.zeros(3), covariance, size=2_000)
    found = estimation.total_correlation(x, **FAST)
    assert near(found, -0.5 * math.log(np.linalg.det(covariance)))
    calls = []
    matrix = estimation.mutual_information_matrix(
        x, progress=lambda *both: calls.append(both), **FAST
    )
    assert calls == [(1, 3), (2, 3), (3, 3)] and np.isnan(np.diag(matrix)).all()
    others = matrix.to_numpy()[~np.eye(3, dtype=bool)]
    np.testing.assert_allclose(others, -0.5 * math.log(1 - 0.6**2), atol=0.06)


def test_total_correlation_needs_two_columns():
    with pytest.raises(ValueError, match="at least 2 columns"):
        estimation.total_correlation(np.zeros((50, 1)))


@pytest.mark.slow
def test_series():
    rng = np.random.default_rng(0)
    source = rng.normal(size=3_000)
    target = 0.5 * np.roll(source, 1) + 0.8 * rng.normal(size=3_000)
    truth = 0.5 * math.log(1 + 0.25 / 0.64)
    assert near(estimation.transfer_entropy(source, target, **FAST), truth)
    assert estimation.transfer_entropy(target, source, **FAST).value < 0.02
    lags = estimation.lagged_mutual_information(source, target, [-1, 0, 1], **FAST)
    values = lags.set_index("lag")["mutual_information"]
    assert values[1] == pytest.approx(truth, abs=0.06)
    assert values[[-1, 0]].abs().max() < 0.02
    with pytest.raises(ValueError, match="below the 2999 steps"):
        estimation.lagged_mutual_information(source, target, [4_000], **FAST)


def test_the_permutation_test():
    x, noise = np.random.default_rng(0).normal(size=(2, 300))
    options = {**FAST, "permutations": 99}
    dependent = estimation.independence_test(x, 0.5 * x + noise, **options)
    assert dependent.p_value == 0.01 and dependent.statistic > dependent.permuted.max()
    with pytest.raises(ValueError, match="rows must be independent"):
        estimation.independence_test(x, noise, blocks=10, **FAST)


@pytest.mark.slow
def test_p_values_of_independent_pairs_are_not_too_small():
    x = np.random.default_rng(1).normal(size=(40, 2, 150))
    values = [
        estimation.independence_test(*pairs, permutations=99, **FAST).p_value for pairs in x
    ]
    # Of 40 with probability 0.1 each, more than 10 have probability 0.001.
    assert np.mean(np.array(values) <= 0.1) <= 0.25


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: estimation.lagged_mutual_information(x, x, [0.5]), "Lags must be .*ints"),
        (lambda x: estimation.lagged_mutual_information(x, x, []), "Lags must be one or more"),
        (lambda x: estimation.lagged_mutual_information(x, x, None), "Lags must be one or more"),
        (lambda x: estimation.mutual_information_matrix(x), "at least 2 columns"),
        (lambda x: estimation.transfer_entropy(with_nan(x), x, 3), "source .* 1 of 50 rows.* 7"),
        (lambda x: estimation.conditional_mutual_information(x, x, with_nan(x)), "Z contains NaN"),
        (lambda x: estimation.conditional_mutual_information(x, x, None), "Z must have shape"),
        (lambda x: estimation.certifiable(0), "`num_pairs` must be"),
        (lambda x: estimation.lagged_mutual_information(x, x, 49), "less than the 49 steps"),
        (lambda x: estimation.lagged_mutual_information(x, x, [0, 1, 0]), "Each lag .* once"),
        (lambda x: estimation.transfer_entropy(x, x, 0), "`history` must be an integer of at"),
        (lambda x: estimation.transfer_entropy(x, x, 49), "`history` must be less than 49"),
        (lambda x: estimation.mutual_info_classif(x[:, None], x / 3), "continuous"),
        (lambda x: estimation.mutual_information_matrix(sparse.eye(50)), "X must be dense"),
        (lambda x: estimation.total_correlation(3.0), r"shape \[N, D\] or \[N\]"),
        *(
            (
                lambda x, given=given: estimation.mutual_info_regression(
                    np.stack([x, x], axis=1), x, discrete_features=given
                ),
                "`discrete_features` must be .* of the 2 columns",
            )
            for given in ([5], [-3], [True], [0.5], [[0]])
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.arange(50.0))


def test_merged_classes_are_told():
    y = np.arange(700) % 350
    with pytest.warns(estimation.EstimateWarning, match="250 rare levels of nominal columns of y"):
        estimation.mutual_info_classif(np.arange(700.0)[:, None], y, **FAST)


@pytest.mark.slow
def test_warnings_of_every_lag_are_given():
    times = np.arange(300) / 40
    x, y = np.sin(times), np.cos(times)
    with pytest.warns(estimation.EstimateWarning) as caught:
        estimation.lagged_mutual_information(x, y, (0, 3), blocks=None, **FAST)
    told = [str(one.message) for one in caught if "Neighbouring rows" in str(one.message)]
    assert [one.split(":")[0] for one in told] == ["Lag 0", "Lag 3"]


@pytest.mark.slow
def test_columns_of_equal_names():
    x = np.random.default_rng(0).normal(size=(300, 3)) @ [[1, 0.8, 0], [0, 0.6, 0], [0, 0, 1]]
    named, unnamed = pd.DataFrame(x, columns=["a", "a", "b"]), pd.DataFrame(x)
    found = estimation.total_correlation(named, **FAST)
    assert found == estimation.total_correlation(unnamed, **FAST)
    assert list(found.parts) == ["I(1; 0)", "I(2; 0, 1)"]


def test_lists_are_read_as_the_estimator_reads_them():
    # float64 has no room for the steps of the first column.
    steps = np.random.default_rng(0).integers(0, 500, size=(60, 2)).tolist()
    large = [[2**60 + first, first + second] for first, second in steps]
    small = [[first, first + second] for first, second in steps]
    matrices = [estimation.mutual_information_matrix(rows, **FAST) for rows in (large, small)]
    np.testing.assert_array_equal(*matrices)


@pytest.mark.slow
def test_feature_selection_as_in_scikit_learn():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 3))
    y = x[:, 1] + rng.normal(size=600)
    found = estimation.mutual_info_regression(x, y, **FAST)
    np.testing.assert_allclose(found, [0.0, 0.5 * math.log(2), 0.0], atol=0.09)
    selected = SelectKBest(
        lambda *pairs: estimation.mutual_info_classif(*pairs, **FAST), k=1
    ).fit(x, np.where(x[:, 2] > 0, "above", "below"))
    assert selected.get_support().tolist() == [False, False, True]
    assert selected.scores_[2] == pytest.approx(math.log(2), abs=0.05)
