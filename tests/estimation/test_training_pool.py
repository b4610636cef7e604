"""Compiled trainings are used again, and nobody can tell."""

import numpy as np
import pytest

from tf_infomax import MutualInformationEstimator, bounds, critics
from tf_infomax.estimation import fold_training, training_pool
from tf_infomax.estimation.training_pool import borrowed

SHORT = {"epochs": 2, "folds": 2, "batch_size": 32, "jobs": 1}


@pytest.fixture
def made(monkeypatch):
    """Every training made during the test; none is idle when it starts."""
    monkeypatch.setattr(training_pool, "_idle", type(training_pool._idle)())
    found = []
    original = fold_training.FoldTraining.__init__

    def noted(self, *arguments):
        found.append(self)
        original(self, *arguments)

    monkeypatch.setattr(fold_training.FoldTraining, "__init__", noted)
    return found


def data(seed, dim=2, count=300):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, dim))
    return x, x + rng.normal(size=(count, dim))


# MINE has a moving average besides weights and optimizer: all must begin anew.
@pytest.mark.slow
@pytest.mark.parametrize("bound", ["mine", "donsker_varadhan"])
def test_a_fit_forgets_the_one_before(bound, made):
    estimator = MutualInformationEstimator(bound=bound, **SHORT)
    first = estimator.fit(*data(0)).mutual_information_
    curve = estimator.training_curve_
    second = estimator.fit(*data(1)).mutual_information_
    again = estimator.fit(*data(0)).mutual_information_
    assert first == again != second
    assert curve.equals(estimator.training_curve_)
    assert len(made) == 1


@pytest.mark.slow
def test_what_differs_is_not_shared(made):
    smile, other = (bounds.get("smile", clip=clip) for clip in (0.5, 3.0))
    for options in (
        {}, {"bound": "infonce"}, {"bound": smile}, {"bound": other}, {"learning_rate": 1e-3},
        {"critic": critics.ConcatCritic(4)}, {"critic": critics.ConcatCritic(6)},
        {"negatives": 8},
    ):
        MutualInformationEstimator(**{**SHORT, **options, "epochs": 0}).fit(*data(0))
    MutualInformationEstimator(**{**SHORT, "epochs": 0}).fit(*data(0, dim=1))
    MutualInformationEstimator(**{**SHORT, "epochs": 0}).fit(*data(0, count=600))
    assert len(made) == 10
    # Seeds, and as many pairs of the same kind, are no difference.
    MutualInformationEstimator(**{**SHORT, "epochs": 0, "seed": 5}).fit(*data(3))
    MutualInformationEstimator(
        **{**SHORT, "epochs": 0, "critic": critics.ConcatCritic(6, seed=3)}
    ).fit(*data(0))
    assert len(made) == 10


def test_the_last_ones_are_kept(monkeypatch):
    monkeypatch.setattr(training_pool, "_idle", type(training_pool._idle)())
    monkeypatch.setattr(training_pool, "_MOST_IDLE", 2)
    for key in "abc":
        with borrowed(key, lambda: object()):
            pass
    for key, is_kept in (("a", False), ("c", True)):
        with borrowed(key, lambda: None) as training:
            assert (training is not None) == is_kept
    # Two at a time are two; what broke is not used again; of no kind nothing is kept.
    with borrowed("d", lambda: "first") as first, borrowed("d", lambda: "second") as second:
        assert (first, second) == ("first", "second")
    with pytest.raises(RuntimeError), borrowed("e", lambda: "broken"):
        raise RuntimeError
    with borrowed("e", lambda: "new") as training:
        assert training == "new"
    for _ in range(2):
        with borrowed(None, lambda: "unnamed") as training:
            assert training == "unnamed"
    assert all(key is not None for key, _ in training_pool._idle)
