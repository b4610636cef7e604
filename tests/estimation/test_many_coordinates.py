"""Thousands of coordinates: principal components, selected coordinates, blocks of pixels."""

import math

import keras
import numpy as np
import pytest

from tf_infomax.estimation import CanonicalCritic, MutualInformationEstimator
from tf_infomax.estimation.canonical import canonical_correlations
from tf_infomax.estimation.coarse_pixels import block_means, block_size
from tf_infomax.estimation.many_coordinates import ManyCoordinates
from tf_infomax.estimation.screening import selected_coordinates

RNG = np.random.default_rng(0)


def of_factors(factors, dim, noise=0.0):
    x = factors @ RNG.normal(size=(factors.shape[1], dim))
    return x + noise * RNG.normal(size=x.shape)


def test_principal_components_lose_nothing_of_few_factors():
    factors = RNG.normal(size=(600, 6))
    y = factors[:, :2] + 0.5 * RNG.normal(size=(600, 2))
    x = of_factors(factors, 50)
    # Canonical correlations depend on the span alone, and ten components span all of x.
    wanted = canonical_correlations(factors, y)
    found = ManyCoordinates(x, y, most=10).correlations()
    assert found.map_x.shape == (50, 10) and found.map_y.shape == (2, 2)
    np.testing.assert_allclose(found.correlations, wanted.correlations, atol=1e-8)
    variates = (x - found.mean_x) @ found.map_x
    np.testing.assert_allclose(np.cov(variates[:, :2].T, bias=True), np.eye(2), atol=1e-8)
    whole = ManyCoordinates(x, y).correlations()
    np.testing.assert_allclose(whole.correlations, wanted.correlations, atol=1e-6)


def test_a_side_that_is_small_enough_stays_as_it_is():
    x, y = RNG.normal(size=(300, 30)), RNG.normal(size=(300, 4))
    y[:, 0] += x[:, 3]
    found = ManyCoordinates(x, y, most=30).correlations(0.1)
    wanted = canonical_correlations(x, y, ridge=0.1)
    np.testing.assert_array_equal(found.map_x, wanted.map_x)
    kept = np.array([3, 8]), np.array([0])
    part = ManyCoordinates(x, y, most=30).correlations_of(kept)
    assert np.flatnonzero(part.map_x.any(axis=1)).tolist() == [3, 8]
    assert part.correlations[0] == pytest.approx(math.sqrt(0.5), abs=0.06)


def test_of_correlated_coordinates_the_right_ones_are_selected():
    x = of_factors(RNG.normal(size=(800, 5)), 150, noise=1.0)
    y = x[:, [7]] - x[:, [90]] + 0.3 * RNG.normal(size=(800, 1))
    of_x, of_y = selected_coordinates(x, y)
    assert {7, 90} <= {*of_x} and len(of_x) <= 20 and of_y.tolist() == [0]
    turned = selected_coordinates(y, x)
    assert {7, 90} <= {*turned[1]} and turned[0].tolist() == [0]
    assert selected_coordinates(x[:, :50], y) is None
    assert selected_coordinates(x, x[:, :20]) is None


def test_a_critic_of_fewer_directions(tmp_path):
    factors = RNG.normal(size=(400, 3))
    x, y = of_factors(factors, 40), of_factors(factors, 30, noise=0.5)
    critic = CanonicalCritic(most_directions=8, seed=0)
    critic.adapt(x, y)
    assert critic.map_x.shape == (40, 8) and critic.map_y.shape == (30, 8)
    assert critic.active_dims() == (8, 8)
    scores = critic(x.astype("float32"), y.astype("float32")).numpy()
    others = scores[~np.eye(400, dtype=bool)]
    assert np.diag(scores).mean() > others.mean() + 3.0
    config = CanonicalCritic.from_config(critic.get_config())
    assert config.most_directions == 8
    path = str(tmp_path / "critic.keras")
    one, other = keras.Input((40,)), keras.Input((30,))
    keras.Model([one, other], critic(one, other)).save(path)
    loaded = keras.models.load_model(path)
    np.testing.assert_allclose(
        loaded([x.astype("float32"), y.astype("float32")]), scores, rtol=1e-4, atol=1e-4
    )
    with pytest.raises(ValueError, match="`most_directions` must be"):
        CanonicalCritic(most_directions=0)


def test_blocks_of_pixels():
    assert block_size((28, 8, 1)) == 1 and block_size((28, 28, 1)) == 2
    # 8 x 8 x 3 = 192 blocks; with blocks of three there would be 363.
    assert block_size((32, 32, 3)) == 4
    # Rows and columns of one block each are left, however many channels there are.
    assert block_size((5, 4, 1_000)) == 5
    images = RNG.normal(size=(3, 7, 5, 2))
    found = block_means(images.reshape(3, -1), (7, 5, 2), 3).reshape(3, 3, 2, 2)
    for row, column in np.ndindex(3, 2):
        block = images[:, 3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        np.testing.assert_allclose(found[:, row, column], block.mean(axis=(1, 2)), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["one of many", "brightness of colour images"])
def test_estimates_of_many_coordinates(kind):
    count, rho = 1_000, 0.8
    truth = -math.log(1.0 - rho**2) / 2.0
    shared, noise = RNG.normal(size=(2, count))
    y = rho * shared + math.sqrt(1.0 - rho**2) * noise
    if kind == "one of many":
        x = of_factors(RNG.normal(size=(count, 5)), 1_200, noise=1.0)
        # The coordinates are correlated; what y knows of them is one of them.
        x[:, 7] /= x[:, 7].std()
        y = rho * x[:, 7] + math.sqrt(1.0 - rho**2) * noise
    else:
        x = shared[:, np.newaxis, np.newaxis, np.newaxis] + RNG.normal(size=(count, 20, 20, 3))
    found = MutualInformationEstimator(folds=3, half_fits=1).fit(x, y)
    assert found.mutual_information_ == pytest.approx(truth, abs=0.07)
    # On pairs that it has not seen.
    assert found.encoded(x[:9], y[:9])[0].shape[0] == 9
    low, high = found.confidence_interval_
    assert low < truth < high
