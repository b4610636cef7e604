"""Few directions of many coordinates: found where there are some, none where there are none."""

import math

import numpy as np
import pytest

from tf_infomax.estimation import MutualInformationEstimator
from tf_infomax.estimation.directions import informative_directions
from tf_infomax.estimation.gaussian_candidates import gaussian_candidates
from tf_infomax.estimation.many_coordinates import ManyCoordinates

RNG = np.random.default_rng(0)


def a_square_of_a_mean(count=1_500, dim=20):
    x = RNG.normal(size=(count, dim))
    mean = x.sum(axis=1, keepdims=True) / math.sqrt(dim)
    return x, mean**2 + 0.3 * RNG.normal(size=(count, 1))


def test_the_direction_of_a_square():
    x, y = a_square_of_a_mean()
    mixing = np.eye(20) + 0.5 * RNG.normal(size=(20, 20)) / math.sqrt(20)
    for turned, wanted in ((x, np.ones(20)), (x @ mixing, np.linalg.solve(mixing, np.ones(20)))):
        found = informative_directions(turned, y)
        assert found.shape == (20, 1)
        # Of unit variance, and along the mean.
        assert (turned @ found).std() == pytest.approx(1.0, abs=0.02)
        both = np.corrcoef((turned @ found)[:, 0], turned @ wanted)
        # The sine of the angle is some twice sqrt(20 / 1,500).
        assert abs(both[0, 1]) > 0.95


def test_both_factors_of_a_product():
    x = RNG.normal(size=(2_000, 15))
    y = x[:, :1] * x[:, 1:2] + 0.3 * RNG.normal(size=(2_000, 1))
    found = informative_directions(x, y)
    assert found.shape == (15, 2)
    plane = np.linalg.qr(found)[0]
    assert np.linalg.norm(plane[:2]) ** 2 > 1.9


def test_independence_and_linear_dependence():
    x = RNG.normal(size=(1_500, 20))
    assert informative_directions(x, RNG.normal(size=(1_500, 2))).shape == (20, 0)
    y = x @ np.ones((20, 1)) + RNG.normal(size=(1_500, 1))
    assert informative_directions(x, y).shape == (20, 1)
    # A column that does not vary, and one that is the sum of others.
    x[:, 0], x[:, 1] = 1.0, x[:, 2] + x[:, 3]
    assert np.isfinite(informative_directions(x, y)).all()
    assert informative_directions(RNG.normal(size=(100, 65)), y[:100]) is None


def test_coordinates_are_preferred_where_they_do_as_well():
    x, y = a_square_of_a_mean()
    names = [name for name, _ in gaussian_candidates(ManyCoordinates(x, y))]
    assert names[0] == "informative directions" and "informative coordinates" not in names
    x = RNG.normal(size=(1_500, 20))
    y = x[:, :1] ** 2 + 0.3 * RNG.normal(size=(1_500, 1))
    (name, found), = gaussian_candidates(ManyCoordinates(x, y))
    assert name == "informative coordinates"
    assert np.flatnonzero(found.map_x.any(axis=1)).tolist() == [0]


def test_the_maps_are_those_of_projected_pairs():
    x, y = a_square_of_a_mean()
    found = dict(gaussian_candidates(ManyCoordinates(x, y)))["informative directions"]
    # As a critic takes it, with as many directions as coordinates.
    found = found.resized((20, 1))
    variate = (x - found.mean_x) @ found.map_x
    assert np.abs(variate[:, 1:]).max() == 0.0 and found.map_x.shape == (20, 20)
    assert variate[:, 0].std() == pytest.approx(1.0, abs=0.02)
    assert variate[:, 0].mean() == pytest.approx(0.0, abs=1e-9)
    assert found.correlations.shape == (1,)


@pytest.mark.slow
def test_an_estimate_of_a_square_of_a_mean():
    x, y = a_square_of_a_mean(2_000)
    squares = RNG.normal(size=20_000) ** 2
    noise = RNG.normal(size=2_000) ** 2 + 0.3 * RNG.normal(size=2_000)
    density = np.exp(-0.5 * ((noise[:, np.newaxis] - squares) / 0.3) ** 2).mean(axis=1)
    # h(y) - h(y | x); the constants of both densities cancel.
    truth = -np.log(density).mean() - 0.5
    found = MutualInformationEstimator(folds=3, half_fits=0).fit(x, y)
    assert 0.65 * truth < found.mutual_information_ < truth + 3.0 * found.standard_error_
