"""The estimator: known answers, invariances, errors, and scikit-learn's contract."""

import math
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from sklearn import datasets
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils import estimator_checks

from tf_infomax import MutualInformationEstimator, bounds, critics, distributions
from tf_infomax.estimation import EstimateWarning, certifiable, fold_training

# Without epochs the critic is the Gaussian density ratio of the normal scores: seconds, and exact
# for every Gaussian copula.
GAUSSIAN = {"epochs": 0}
SHORT = {"epochs": 3, "folds": 2, "batch_size": 64}


def normal(dim=1, rho=0.75):
    return distributions.get("coordinatewise", dim=dim, rho=rho)


def covers(estimator, truth, errors=4.0):
    return abs(estimator.mutual_information_ - truth) < errors * estimator.standard_error_


@pytest.mark.parametrize("dim", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_gaussians(dim):
    truth = normal(dim)
    estimator = MutualInformationEstimator(**GAUSSIAN).fit(*truth.sample(3_000, seed=0))
    assert covers(estimator, truth.mutual_information)
    low, high = estimator.confidence_interval_
    assert low < estimator.mutual_information_ < high
    # 2 standard errors each way, nearly: 40 groups or more. Above there is the shortfall, too.
    reach = 1.97 * estimator.standard_error_
    assert estimator.mutual_information_ - low == pytest.approx(reach, rel=0.03)
    assert high - estimator.mutual_information_ >= 0.97 * reach + estimator.shortfall_
    assert low < estimator.lower_confidence_limit_ < estimator.mutual_information_


@pytest.mark.slow
@pytest.mark.parametrize("bound", ["infonce", "nwj", "js_nwj", "mine", "smile", "tuba"])
def test_of_gaussians_the_untrained_critic_is_best_for_every_bound(bound):
    truth = normal(2)
    estimator = MutualInformationEstimator(bound=bound, **GAUSSIAN).fit(*truth.sample(3_000, 0))
    assert covers(estimator, truth.mutual_information)


def test_the_standard_error_is_that_of_the_density_ratio():
    truth = normal()
    x, y = truth.sample(5_000, seed=0)
    estimator = MutualInformationEstimator(**GAUSSIAN).fit(x, y)
    # Known exactly: sd of log r is rho, so the mean of N has rho / sqrt(N), at first order.
    expected = np.std(truth.log_density_ratio(x, y)) / math.sqrt(5_000)
    assert expected == pytest.approx(0.75 / math.sqrt(5_000), rel=0.05)
    # The estimate also estimates the margins' normaliser; 100 groups know a spread to 7 %.
    assert estimator.standard_error_ == pytest.approx(expected, rel=0.35)


@pytest.mark.slow
def test_training_finds_what_is_not_gaussian():
    # y = +-x: no correlation at all, and a bit (log 2) less than what x tells about |y|.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1_500, 1))
    y = rng.choice([-1.0, 1.0], size=(1_500, 1)) * x + 0.3 * rng.normal(size=(1_500, 1))
    # Other margins than normal scores have no closed forms but the Gaussian.
    options = {"folds": 2, "jobs": 2, "margins": "standardize"}
    untrained = MutualInformationEstimator(epochs=0, **options).fit(x, y)
    trained = MutualInformationEstimator(epochs=12, **options).fit(x, y)
    assert untrained.mutual_information_ < 0.05
    assert trained.mutual_information_ > 0.4
    curve = trained.training_curve_
    assert list(curve.columns) == ["fold", "epoch", "training_nats", "validation_nats"]
    assert set(curve["fold"]) == {0, 1} and curve["epoch"].max() <= 12
    assert curve.loc[curve["epoch"] == 0, "training_nats"].isna().all()


@pytest.mark.slow
@pytest.mark.parametrize("dim", [1, 5])
def test_independence_is_zero_within_its_error(dim):
    x, y = np.random.default_rng(0).normal(size=(2, 1_000, dim))
    estimator = MutualInformationEstimator(**SHORT).fit(x, y)
    assert estimator.standard_error_ > 0
    assert covers(estimator, 0.0, 3.0)


@pytest.mark.slow
def test_the_interval_covers_as_often_as_it_says():
    truth = normal()
    hits = sum(
        low <= truth.mutual_information <= high
        for low, high in (
            MutualInformationEstimator(confidence=0.9, jobs=1, **GAUSSIAN)
            .fit(*truth.sample(500, seed))
            .confidence_interval_
            for seed in range(100)
        )
    )
    # Of a binomial with p = 0.9, 80 to 97 are within 2.3 and 3.3 standard deviations.
    assert 80 <= hits <= 97, hits


@pytest.mark.slow
@pytest.mark.parametrize("curve", [np.cbrt, np.arctan])
def test_monotone_margins_change_nothing(curve):
    x, y = normal(2).sample(400, seed=0)
    plain = MutualInformationEstimator(**GAUSSIAN).fit(x, y)
    curved = MutualInformationEstimator(**GAUSSIAN).fit(curve(x), curve(y))
    assert curved.mutual_information_ == plain.mutual_information_
    assert curved.standard_error_ == plain.standard_error_


@pytest.mark.slow
@pytest.mark.parametrize("margins", ["normal_scores", "standardize"])
def test_maps_of_the_margins_agree_where_both_fit(margins):
    truth = normal(2)
    estimator = MutualInformationEstimator(margins=margins, **GAUSSIAN)
    assert covers(estimator.fit(*truth.sample(3_000, seed=0)), truth.mutual_information)


@pytest.mark.slow
def test_deterministic_for_a_seed_and_any_number_of_jobs():
    x, y = normal(2).sample(300, seed=0)
    first, same = (
        MutualInformationEstimator(seed=0, jobs=jobs, half_fits=0, **SHORT).fit(x, y)
        for jobs in (1, 2)
    )
    assert first.mutual_information_ == same.mutual_information_
    assert first.standard_error_ == same.standard_error_
    pd.testing.assert_frame_equal(first.training_curve_, same.training_curve_)


@pytest.mark.slow
def test_another_seed_is_another_estimate():
    pairs = normal(2).sample(300, seed=0)
    first, other = (
        MutualInformationEstimator(seed=seed, half_fits=1, **SHORT).fit(*pairs).mutual_information_
        for seed in (0, 1)
    )
    assert first != other


@pytest.mark.parametrize(
    "bound",
    [
        pytest.param(bound, marks=pytest.mark.slow)
        for bound in ("infonce", "nwj", "js_nwj", "mine", "smile")
    ],
)
def test_other_bounds(bound):
    truth = normal()
    estimator = MutualInformationEstimator(bound=bound, **{**SHORT, "epochs": 6})
    estimator.fit(*truth.sample(1_500, seed=0))
    assert abs(estimator.mutual_information_ - truth.mutual_information) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    "critic", [critics.ConcatCritic(hidden_dim=16, layers=2), "separable", "bilinear"]
)
def test_other_critics(critic):
    truth = normal()
    estimator = MutualInformationEstimator(critic=critic, **{**SHORT, "epochs": 10})
    estimator.fit(*truth.sample(1_000, seed=0))
    # Never above, but for noise: it is read on pairs that it has not seen.
    assert estimator.mutual_information_ < truth.mutual_information + 0.1
    assert all(isinstance(one, keras.layers.Layer) for one in estimator.critics_)
    if not isinstance(critic, str):
        assert not critic.built, "the given layer is a pattern, and stays as it was"


@pytest.mark.slow
def test_a_bound_with_options():
    x, y = normal(1, 0.9).sample(500, seed=0)
    clipped, free = (
        MutualInformationEstimator(bound=bounds.get("smile", clip=clip), **GAUSSIAN).fit(x, y)
        for clip in (0.5, 50.0)
    )
    assert clipped.mutual_information_ != free.mutual_information_
    plain = MutualInformationEstimator(**GAUSSIAN).fit(x, y)
    assert free.mutual_information_ == pytest.approx(plain.mutual_information_, abs=1e-4)


@pytest.mark.slow
def test_warnings_with_numbers():
    x = np.random.default_rng(0).normal(size=(300, 8))
    with pytest.warns(EstimateWarning, match="decided by few pairs"):
        estimator = MutualInformationEstimator(**GAUSSIAN).fit(x, x + 0.1 * x[::-1])
    assert any("normaliser" in sentence for sentence in estimator.warnings_)
    with pytest.warns(EstimateWarning, match=r"most that this bound can be .* 3.93 nats"):
        MutualInformationEstimator(bound="infonce", held_out_partners=50, **GAUSSIAN).fit(
            x[:, :2], x[:, :2]
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error", EstimateWarning)
        MutualInformationEstimator(**GAUSSIAN).fit(*normal().sample(1_000, seed=0))


def unusual_pairs(seed):
    """Pairs as people have them: (x, y, the most that their mutual information can be, nats)."""
    rng = np.random.default_rng(seed)
    count, most = int(rng.choice([150, 400])), math.inf
    x, y = (rng.normal(size=(count, int(rng.choice([1, 4, 12])))) for _ in range(2))
    y[:, :1] += rng.choice([0.0, 0.3, 30.0]) * x[:, :1]
    kind = rng.choice(["plain", "text", "images", "mixture", "classes"])
    if kind == "text":
        topics = rng.dirichlet([0.1] * 3, size=count)
        x, y = (rng.poisson(topics @ rng.gamma(0.2, 5.0, size=(3, 12))) for _ in range(2))
    elif kind == "images":
        rows = rng.permutation(len(datasets.load_digits().images))[:count]
        images = datasets.load_digits().images[rows]
        x, y = images[:, :4].reshape(count, -1), images[:, 4:].reshape(count, -1)
    elif kind == "mixture":
        centres = rng.integers(3, size=(count, 1)) * 10.0
        x, y, most = x + centres, y + centres * rng.choice([0, 1]), math.inf
    elif kind == "classes":
        x, most = rng.integers(4, size=(count, 1)), math.log(4)
        y = y + x * rng.choice([0.0, 1.0, 100.0])
    x, y = x.astype(float), y.astype(float)
    if rng.random() < 0.3:
        x = np.hstack([x, x[:, :1], np.ones((count, 1))])
    if rng.random() < 0.3 and kind != "classes":
        x[rng.integers(count), 0], y[rng.integers(count), 0] = 1e6, -1e6
    return x, y, most


def check_not_absurd(seed, **options):
    x, y, most = unusual_pairs(seed)
    margins = ("normal_scores", "standardize")[seed % 2]
    estimator = MutualInformationEstimator(margins=margins, folds=2, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimateWarning)
        estimator.fit(x, y)
    value, error = estimator.mutual_information_, estimator.standard_error_
    assert np.isfinite(value) and value >= -3 * error
    assert value <= min(estimator.ceiling_, certifiable(len(x)), most + 3 * error), seed
    # Folds that fail do so by a few nats, not by millions.
    assert np.abs(estimator.fold_values_).max() < 2 * certifiable(len(x))


@pytest.mark.parametrize("seed", range(4))
def test_no_estimate_is_absurd(seed):
    check_not_absurd(seed, **GAUSSIAN)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_no_estimate_of_a_trained_critic_is_absurd(seed):
    check_not_absurd(seed, epochs=12, batch_size=32)


def test_values_below_zero_are_read_with_the_null_critic(monkeypatch):
    x, y = np.random.default_rng(0).normal(size=(2, 300, 2))
    # Validation that is deceived in every fold: limits that no other pairs would have chosen.
    monkeypatch.setattr(
        fold_training.FoldTraining, "_trusted",
        lambda self, candidates, *rest: (*candidates[-1], (-50.0, 50.0)),
    )  # fmt: skip
    estimator = MutualInformationEstimator(critic="inner_product", folds=2, **GAUSSIAN)
    with pytest.warns(EstimateWarning, match="below zero beyond its error"):
        estimator.fit(x, y)
    assert estimator.mutual_information_ == 0.0 and (estimator.fold_values_ < 0).all()
    low, high = estimator.confidence_interval_
    assert low < 0 < high and estimator.score(x, y) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pairs", "lowest", "highest"), [("digits", 2.0, 6.0), ("strong", 6.0, 11.0)]
)
def test_known_to_have_been_absurd(pairs, lowest, highest):
    rng = np.random.default_rng(0)
    if pairs == "digits":  # -46 nats
        images = datasets.load_digits().images
        x, y = (half.reshape(len(images), -1) for half in (images[:, :4], images[:, 4:]))
    else:  # 10 pairs of one nat each: -3,101,284 nats
        x, noise = rng.normal(size=(2, 2_000, 10))
        y = math.sqrt(1 - math.exp(-2)) * x + math.exp(-1) * noise
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimateWarning)
        estimator = MutualInformationEstimator().fit(x, y)
    assert lowest < estimator.mutual_information_ < highest


def test_vectors_frames_and_integers_are_data():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, size=200)
    y = x + rng.integers(0, 3, size=200)
    expected = MutualInformationEstimator(**GAUSSIAN).fit(x[:, None], y[:, None])
    for one, other in ((x, y), (pd.DataFrame({"a": x}), pd.Series(y)), (x.tolist(), y.tolist())):
        found = MutualInformationEstimator(**GAUSSIAN).fit(one, other)
        assert found.mutual_information_ == expected.mutual_information_


@pytest.mark.slow
def test_names_of_columns_as_in_scikit_learn():
    x, y = (pd.DataFrame(v, columns=["a", "b"]) for v in normal(2).sample(100, seed=0))
    estimator = MutualInformationEstimator(folds=2, **GAUSSIAN).fit(x, y)
    assert list(estimator.feature_names_in_) == ["a", "b"]
    expected = estimator.score(x, y)
    for wrong in ((x[["b", "a"]], y), (x, y[["b", "a"]]), (x[["a"]], y)):
        with pytest.raises(ValueError, match=r"columns of [Xy] must be those of `fit`"):
            estimator.score(*wrong)
    assert not hasattr(estimator.fit(x.to_numpy(), y), "feature_names_in_")
    assert estimator.score(x.to_numpy(), y) == expected


@pytest.mark.parametrize(
    "margins",
    [
        "unchanged",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("normal_scores", "standardize")),
    ],
)
def test_no_precision_is_lost(margins):
    x, y = normal().sample(200, seed=0)
    steps = np.round(1e4 * x[:, 0]).astype(int)
    estimator = MutualInformationEstimator(folds=2, margins=margins, **GAUSSIAN)
    expected = estimator.fit(steps, y).mutual_information_
    assert expected > 0.2
    for moved in (
        2**60 + steps, steps * 1e296, np.datetime64("2024-01-01", "ns") + steps, x + 1e8,
    ):  # fmt: skip
        # x has been rounded to steps in one place, so that ranks tie.
        assert estimator.fit(moved, y).mutual_information_ == pytest.approx(expected, abs=2e-3)


@pytest.mark.slow
def test_double_precision():
    # In float64 throughout: what differs from float32 is rounding.
    x, y = normal().sample(100, seed=0)
    options = {"epochs": 1, "folds": 2, "jobs": 1, "bound": "mine"}
    single = MutualInformationEstimator(**options).fit(x, y)
    keras.config.set_floatx("float64")
    try:
        double = MutualInformationEstimator(**options).fit(x, y)
    finally:
        keras.config.set_floatx("float32")
    assert double.critics_[0].compute_dtype == "float64"
    assert double.mutual_information_ == pytest.approx(single.mutual_information_, abs=0.05)


def test_a_constant_tells_nothing():
    x = np.random.default_rng(0).normal(size=200)
    estimator = MutualInformationEstimator(**GAUSSIAN).fit(x, np.ones(200))
    assert estimator.mutual_information_ == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bound": "jsd"}, "must estimate mutual information.*infonce.*Received: bound='jsd'"),
        ({"bound": "minibatch_upper"}, "must estimate mutual information, in nats, from scores"),
        ({"bound": "infonc"}, "Did you mean 'infonce'"),
        ({"critic": "separabel"}, "Did you mean 'separable'"),
        ({"critic": 3}, "Received: critic=3"),
        ({"margins": "ranks"}, "Unknown margin map 'ranks'"),
        ({"folds": 1}, "`folds` must be an integer of at least 2. Received: folds=1"),
        ({"folds": 21}, "At least 210 pairs are needed.*Received: 200 pairs"),
        ({"epochs": 2.5}, "Received: epochs=2.5"),
        ({"batch_size": 500}, "Received: batch_size=500"),
        ({"negatives": 40, "batch_size": 32}, "above `negatives`, 40.*Received: batch_size=32"),
        ({"confidence": 95}, "between 0 and 1. Received: confidence=95"),
        ({"learning_rate": 0}, "Received: learning_rate=0"),
        ({"jobs": 0}, "Received: jobs=0"),
        ({"jobs": True}, "Received: jobs=True"),
        ({"epochs": "abc"}, "Received: epochs='abc'"),
        ({"seed": "a"}, "`seed` must be an integer of at least 0, or None. Received: seed='a'"),
        ({"batch_size": True}, "Received: batch_size=True"),
        ({"confidence": math.nan}, "Received: confidence=nan"),
        ({"validation_fraction": "abc"}, "Received: validation_fraction='abc'"),
        ({"validation_fraction": 0.95}, "more training pairs than `negatives`, 16.*leaves 8"),
        ({"validation_fraction": 0.999}, "Received: validation_fraction=0.999, which leaves 0"),
    ],
)
def test_wrong_options(options, message):
    x, y = normal().sample(200, seed=0)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        MutualInformationEstimator(**options).fit(x, y)


def test_wrong_data():
    x, y = normal().sample(200, seed=0)
    for one, other, message in (
        (x, y[:-1], "inconsistent numbers of samples"),
        (np.where(np.arange(200)[:, None] == 3, np.nan, x), y, "X contains NaN"),
        (x, np.where(np.arange(200)[:, None] == 3, np.inf, y), "y contains infinity"),
        (x[:20], y[:20], "At least 50 pairs"),
        (x[None], y, "dim 3"),
    ):
        with pytest.raises(ValueError, match=message):
            MutualInformationEstimator(**GAUSSIAN).fit(one, other)
    fitted = MutualInformationEstimator(**GAUSSIAN).fit(x, y)
    with pytest.raises(ValueError, match=r"as many columns.* 1\. Received: X of shape \(200, 2\)"):
        fitted.score(np.hstack([x, x]), y)
    with pytest.raises(NotFittedError):
        MutualInformationEstimator().score(x, y)


def test_a_refused_fit_leaves_the_last_one_as_it_was():
    x, y = normal().sample(200, seed=0)
    estimator = MutualInformationEstimator(**GAUSSIAN).fit(x, y)
    before = estimator.score(x, y)
    few = np.zeros(200)
    with pytest.raises(ValueError, match="groups are needed"):
        estimator.fit(5.0 - np.exp(x), y, groups=few)
    assert estimator.score(x, y) == before
    new = MutualInformationEstimator(**GAUSSIAN)
    with pytest.raises(ValueError, match="groups are needed"):
        new.fit(x, y, groups=few)
    with pytest.raises(NotFittedError):
        new.score(x, y)


def test_fit_returns_itself_and_leaves_parameters_and_data_alone():
    x, y = normal(2).sample(100, seed=0)
    given = x.copy(), y.copy()
    estimator = MutualInformationEstimator(folds=2, **GAUSSIAN)
    before = estimator.get_params()
    assert estimator.fit(x, y) is estimator
    assert estimator.get_params() == before and estimator.n_features_in_ == 2
    np.testing.assert_array_equal((x, y), given)


@pytest.mark.slow
def test_score_reads_new_pairs():
    truth = normal()
    estimator = MutualInformationEstimator(**GAUSSIAN).fit(*truth.sample(2_000, seed=0))
    assert estimator.score(*truth.sample(4_000, seed=1)) == pytest.approx(
        truth.mutual_information, abs=4 * 0.75 / math.sqrt(4_000)
    )
    strangers = truth.sample(2_000, seed=2)[0], truth.sample(2_000, seed=3)[1]
    assert estimator.score(*strangers) < 0


@pytest.mark.slow
def test_grid_search_takes_the_better_critic():
    x, y = normal(2).sample(400, seed=0)
    search = GridSearchCV(
        MutualInformationEstimator(folds=2, **GAUSSIAN),
        {"critic": ["canonical", "inner_product"]},
        cv=2,
    )
    search.fit(x, y)
    # Without training the inner product is a score, but no density ratio.
    assert search.best_params_ == {"critic": "canonical"}
    assert search.best_estimator_.mutual_information_ > 0.5


def test_parameters_are_scikit_learns():
    estimator = MutualInformationEstimator(bound="nwj", folds=3)
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params()
    assert copy.set_params(seed=5).get_params()["seed"] == 5
    assert "bound='nwj'" in repr(estimator)
    # Those that look at construction and parameters; the others fit 20 rows, too few for folds.
    for check in (
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    ):
        check("MutualInformationEstimator", MutualInformationEstimator(**GAUSSIAN, folds=2))


@pytest.mark.slow
def test_kinds_of_variables():
    rng = np.random.default_rng(0)
    options = {"jobs": 2, "half_fits": 0}
    # 50 nominal levels of x, in no order, against a number.
    x = rng.integers(50, size=2_000)
    y = rng.permutation(50)[x] + 0.25 * rng.normal(size=2_000)
    found = MutualInformationEstimator(**options).fit(x, y)
    assert found.mutual_information_ == pytest.approx(3.79, abs=0.12)
    digits = datasets.load_digits()
    found = MutualInformationEstimator(**options).fit(digits.images, digits.target)
    # A logistic regression certifies 2.04; the entropy of the label is 2.302.
    assert 2.04 < found.mutual_information_ < 2.303 and found.n_features_in_ == 64


def test_two_discrete_sides():
    rng = np.random.default_rng(0)
    x = rng.choice(list("abcd"), size=400)
    y = np.where(rng.random(400) < 0.5, x, rng.choice(list("abcd"), size=400))
    likely, other = 0.625, 0.125
    truth = likely * math.log(4 * likely) + 3 * other * math.log(4 * other)
    found = MutualInformationEstimator(jobs=1, folds=2).fit(pd.Series(x, dtype="category"), y)
    assert covers(found, truth, 3.0) and found.lower_confidence_limit_ < truth
    assert found.score(x, y) == pytest.approx(truth, abs=0.15)
    values = found.pointwise(x, y)
    assert values[x == y].mean() == pytest.approx(math.log(4 * likely), abs=0.2)


@pytest.mark.slow
def test_training_goes_on_while_validation_rises():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(2_000, 2))
    y = np.sin(16 * math.pi * x[:, 0]) + 0.2 * rng.normal(size=2_000)
    found = MutualInformationEstimator(jobs=2, folds=2, half_fits=0).fit(x, y)
    # 1.154 nats, from a numerical integral; without waves as inputs 0.6 or less.
    assert 0.9 < found.mutual_information_ < 1.2


@pytest.mark.slow
def test_independent_series_are_not_dependent():
    draws = np.random.default_rng(0).normal(size=(2, 2_500))
    x, y = lfilter([1.0], [1.0, -0.99], draws)[:, 500:]
    with pytest.warns(EstimateWarning, match="Neighbouring rows are correlated"):
        MutualInformationEstimator(jobs=2, **GAUSSIAN).fit(x, y)
    found = MutualInformationEstimator(blocks="auto", jobs=2).fit(x, y)
    assert found.mutual_information_ < 3 * found.standard_error_


def test_what_scikit_learn_calls_them():
    x, y = normal().sample(60, seed=0)
    options = {"folds": 2, "half_fits": 0, **GAUSSIAN}
    first = MutualInformationEstimator(random_state=3, n_jobs=-1, **options).fit(x, y)
    second = MutualInformationEstimator(seed=3, jobs=1, **options).fit(x, y)
    assert first.mutual_information_ == second.mutual_information_
    assert MutualInformationEstimator(seed=None, **options).fit(x, y).used_seed_ >= 0
    with pytest.raises(ValueError, match="Weights of pairs are not supported"):
        second.fit(x, y, sample_weight=np.ones(60))


def test_a_registered_function_needs_no_argument_for_a_name(monkeypatch):
    def without_name(seed=None, dtype=None):
        return critics.InnerProdCritic(dtype=dtype)

    monkeypatch.setitem(critics.CRITICS._entries, "without_name", without_name)
    x = np.random.default_rng(0).normal(size=(64, 2))
    options = {"folds": 2, "epochs": 1, "negatives": 4, "seed": 0}
    found, expected = (
        MutualInformationEstimator(critic=critic, **options).fit(x, x).mutual_information_
        for critic in ("without_name", "inner_product")
    )
    assert found == expected
