"""Samples: the same for a seed, with the margins and the dependence that are claimed."""

import numpy as np
import pytest
from scipy import stats

from tf_infomax import distributions
from tf_infomax.distributions import (
    AdditiveUniformNoise,
    Gaussian,
    GaussianMixture,
    Independent,
    Product,
    StudentT,
    Transformed,
    maps,
)

BENCHMARK = distributions.benchmark()


@pytest.mark.parametrize("distribution", BENCHMARK, ids=lambda each: each.name)
def test_samples_have_their_shapes_and_follow_the_seed(distribution):
    x, y = distribution.sample(11, seed=5)
    assert x.shape == (11, distribution.dim_x) and y.shape == (11, distribution.dim_y)
    assert x.dtype == y.dtype == np.float64
    assert np.all(np.isfinite(x)) and np.all(np.isfinite(y))
    state = np.random.get_state()[1].copy()
    again = distribution.sample(11, seed=5)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    np.testing.assert_array_equal(again[0], x)
    np.testing.assert_array_equal(again[1], y)
    assert not np.any(distribution.sample(11, seed=6)[0] == x)


def bimodal_cdf(z):
    return 0.5 * stats.norm.cdf(z, -2, 0.5) + 0.5 * stats.norm.cdf(z, 2, 0.5)


@pytest.mark.parametrize(
    ("distribution", "cdf"),
    [
        (Gaussian.dense(2, 2), stats.norm.cdf),
        (GaussianMixture.cross(), stats.norm.cdf),
        (StudentT.dense(3, 2, 2), stats.t(3).cdf),
        (distributions.get("normal_cdf"), stats.uniform.cdf),
        (distributions.get("bimodal"), bimodal_cdf),
        (distributions.get("arcsinh"), lambda z: stats.norm.cdf(np.sinh(z))),
        (distributions.get("half_cube"), lambda z: stats.norm.cdf(np.cbrt(z) * np.abs(np.cbrt(z)))),
        (Independent(StudentT.sparse(3, 2, 2)), stats.t(3).cdf),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_margins_are_the_claimed_ones(distribution, cdf):
    for z in distribution.sample(4_000, seed=1):
        for column in z.T:
            assert stats.kstest(column, cdf).pvalue > 1e-4


def test_additive_noise_margins():
    x, y = AdditiveUniformNoise(0.2).sample(4_000, seed=1)
    assert stats.kstest(x[:, 0], "uniform").pvalue > 1e-4
    assert stats.kstest(y[:, 0] - x[:, 0], stats.uniform(-0.2, 0.4).cdf).pvalue > 1e-4
    assert abs(stats.pearsonr(x[:, 0], y[:, 0] - x[:, 0]).statistic) < 0.07


def test_gaussian_samples_have_the_covariance():
    covariance = np.array([[2.0, 0.5, -0.3], [0.5, 1.0, 0.4], [-0.3, 0.4, 0.5]])
    n = 40_000
    sample = np.hstack(Gaussian(covariance, 2).sample(n, seed=0))
    # The entry (i, j) of a sample covariance has the variance (C_ii C_jj + C_ij^2) / n.
    errors = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / n)
    assert np.all(np.abs(np.cov(sample.T) - covariance) < 4.5 * errors)


def test_student_t_shares_its_scale():
    # Uncorrelated for dof > 2, and yet large x come with large y: |x| and |y| are not independent.
    x, y = StudentT.sparse(3, 1, 1).sample(4_000, seed=2)
    assert stats.spearmanr(np.abs(x), np.abs(y)).statistic > 0.15
    x, y = Independent(StudentT.sparse(3, 1, 1)).sample(4_000, seed=2)
    assert abs(stats.spearmanr(np.abs(x), np.abs(y)).statistic) < 4 / np.sqrt(4_000)


def test_transformed_pairs_are_the_maps_of_the_base():
    base = Gaussian.sparse(3, 3)
    x, y = base.sample(7, seed=8)
    mapped = Transformed(base, maps.Cubic(), maps.Arcsinh())
    mapped_x, mapped_y = mapped.sample(7, seed=8)
    np.testing.assert_array_equal(mapped_x, x**3)
    np.testing.assert_array_equal(mapped_y, np.arcsinh(y))
    np.testing.assert_allclose(
        mapped.log_density_ratio(mapped_x, mapped_y), base.log_density_ratio(x, y), atol=1e-9
    )


def test_cubic_cubes_y_alone():
    base = Gaussian.bivariate()
    (x, y), (plain_x, plain_y) = distributions.get("cubic").sample(9, 0), base.sample(9, 0)
    np.testing.assert_array_equal(x, plain_x)
    np.testing.assert_array_equal(y, plain_y**3)


def test_products_draw_their_parts_independently():
    x, y = Product([Gaussian.bivariate(0.9)] * 2).sample(4_000, seed=0)
    correlation = np.corrcoef(np.hstack([x, y]).T)
    expected = [[1, 0, 0.9, 0], [0, 1, 0, 0.9], [0.9, 0, 1, 0], [0, 0.9, 0, 1]]
    assert np.max(np.abs(correlation - expected)) < 4.5 / np.sqrt(4_000)


def test_the_seed_is_that_of_a_named_stream():
    # Different seeds beyond 2^32 do not collapse.
    first, second = (Gaussian.bivariate().sample(3, seed)[0] for seed in (1, 1 + 2**32))
    assert not np.any(first == second)
