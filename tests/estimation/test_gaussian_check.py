"""Tests of Gaussian pairs: which pairs pass is known from how they are made."""

import numpy as np
import pytest

from tf_infomax import MutualInformationEstimator
from tf_infomax.estimation.canonical import canonical_correlations
from tf_infomax.estimation.canonical_critic import CanonicalCritic
from tf_infomax.estimation.gaussian_check import is_gaussian
from tf_infomax.estimation.margins import NormalScores


def passes(x, y):
    x, y = (NormalScores().fit(values).transform(values) for values in (x, y))
    found = canonical_correlations(x, y)
    a, b = (x - found.mean_x) @ found.map_x, (y - found.mean_y) @ found.map_y
    return is_gaussian(x, y, a, b, found.correlations)


def gaussian(seed, dim, rho, count=1_500):
    x, noise = np.random.default_rng(seed).normal(size=(2, count, dim))
    return x, rho * x + np.sqrt(1 - rho**2) * noise


@pytest.mark.parametrize(("dim", "rho"), [(1, 0.0), (1, 0.7), (1, 0.98), (4, 0.6), (25, 0.5)])
def test_gaussian_pairs_pass(dim, rho):
    # Each with a probability of about 0.98.
    passed = [passes(*gaussian(seed, dim, rho, 2_000)) for seed in range(5)]
    assert sum(passed) >= 4


def crossed(x, noise, rng):
    return rng.choice([-1.0, 1.0], size=(len(x), 1)) * x[:, :1] + 0.3 * noise[:, :1]


def rare(x, noise, rng):
    # 15 % of the pairs are equal up to noise, the others independent.
    return np.where(rng.random((len(x), 1)) < 0.15, x + 0.05 * noise, noise)[:, :1]


DEPENDENCES = {
    "crossed": crossed,
    "product": lambda x, noise, rng: x[:, :1] * x[:, 1:2] + 0.5 * noise[:, :1],
    "wave": lambda x, noise, rng: np.sin(4 * x[:, :1]) + 0.5 * noise[:, :1],
    "oblique wave": lambda x, noise, rng: (
        np.sin(4 * x.sum(axis=1, keepdims=True)) + 0.3 * noise[:, :1]
    ),
    "scale": lambda x, noise, rng: np.exp(0.5 * x[:, :1]) * noise[:, :1],
    "rare": rare,
    "uneven noise": lambda x, noise, rng: x + 0.3 * (1 + 2 * (x > 0)) * noise,
    "student": lambda x, noise, rng: noise / x[:, 1:2],
}


@pytest.mark.parametrize("name", DEPENDENCES)
def test_other_pairs_do_not(name):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x, noise = rng.normal(size=(2, 1_500, 2))
        y = DEPENDENCES[name](x, noise, rng)
        if name == "student":
            # Uncorrelated: both are divided by the same number.
            x = x[:, :1] / x[:, 1:2]
        assert not passes(x, y)


def test_what_x_alone_shows_does_not_matter():
    x, y = gaussian(0, 3, 0.0)
    x[:, 2] = np.sin(3 * x[:, 1]) + 0.1 * x[:, 2]
    assert passes(x, y)


def test_few_pairs_cannot_tell():
    assert not passes(*gaussian(0, 1, 0.5, 900))
    assert not passes(*gaussian(0, 25, 0.5, 1_200))


def test_scores_of_an_untrained_critic_are_those_of_call():
    x, y = (values.astype("float32") for values in gaussian(0, 3, 0.8, 60))
    critic = CanonicalCritic(seed=0)
    critic(x, y)
    critic.adapt(x, y)
    critic.offset.assign(0.5)
    partners = (np.arange(60)[:, np.newaxis] + np.arange(9)) % 60
    for count, rows in ((60, partners), (4, partners[:4, :1])):
        expected = critic(x[:count], y, rows).numpy()
        found = critic.untrained_scores(x[:count], y, rows)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    critic.network.readout.assign(critic.network.readout + 0.1)
    assert critic.untrained_scores(x, y, partners) is None


def test_nothing_is_trained_where_a_gaussian_suffices():
    x, y = gaussian(0, 1, 0.8, 2_600)
    found = MutualInformationEstimator(folds=2, half_fits=0).fit(x, y)
    assert found.training_curve_["epoch"].max() == 0
    assert found.mutual_information_ == pytest.approx(-0.5 * np.log(0.36), abs=0.05)
