"""Canonical correlations: closed forms, and no inflation where there is nothing."""

import numpy as np
import pytest

from tf_infomax import distributions
from tf_infomax.estimation import canonical_correlations
from tf_infomax.estimation.canonical import sparse_canonical_correlations


def pairs(name, n, seed=0, **options):
    return distributions.get(name, **options).sample(n, seed)


def test_known_correlations_in_any_coordinates():
    rng = np.random.default_rng(0)
    rho = np.array([0.9, 0.6, 0.0])
    a, noise = rng.normal(size=(2, 20_000, 3))
    b = rho * a + np.sqrt(1 - rho**2) * noise
    x, y = a @ rng.normal(size=(3, 3)) + 5.0, b @ rng.normal(size=(3, 3)) - 2.0
    found = canonical_correlations(x, y)
    np.testing.assert_allclose(found.correlations, rho, atol=3 / np.sqrt(20_000))
    for values, mean, matrix in (
        (x, found.mean_x, found.map_x),
        (y, found.mean_y, found.map_y),
    ):
        white = (values - mean) @ matrix
        np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(3), atol=1e-4)
    a, b = (x - found.mean_x) @ found.map_x, (y - found.mean_y) @ found.map_y
    cross = a.T @ b / len(a)
    np.testing.assert_allclose(cross, np.diag(np.diag(cross)), atol=1e-4)


def test_independent_pairs_in_many_dimensions_have_none():
    x, y = np.random.default_rng(0).normal(size=(2, 1_000, 40))
    # The sample's own largest canonical correlation is near 2 sqrt(40 / 1000) = 0.4.
    in_sample = np.linalg.svd(
        np.linalg.qr(x - x.mean(0))[0].T @ np.linalg.qr(y - y.mean(0))[0], compute_uv=False
    )
    assert in_sample[0] > 0.3
    # At two standard errors one in forty of the unordered ones may remain.
    assert canonical_correlations(x, y).correlations.max() < 0.1


@pytest.mark.parametrize("constant", ["x", "y"])
def test_constant_coordinates_are_harmless(constant):
    x, y = np.random.default_rng(1).normal(size=(2, 100, 2))
    (x if constant == "x" else y)[:] = 3.0
    found = canonical_correlations(x, y)
    assert not found.correlations.any()
    assert np.isfinite(found.map_x).all() and np.isfinite(found.map_y).all()


def test_sparse_correlations_are_those_of_the_few_pairs():
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, 1_400, 20))
    y = 0.5 * x + np.sqrt(0.75) * noise
    plain, sparse = canonical_correlations(x, y), sparse_canonical_correlations(x, y)

    def loss(found):
        # Log-density ratio of new pairs, on average, below the truth.
        x, noise = np.random.default_rng(1).normal(size=(2, 20_000, 20))
        y = 0.5 * x + np.sqrt(0.75) * noise
        a, b = (x - found.mean_x) @ found.map_x, (y - found.mean_y) @ found.map_y
        rho = found.correlations
        ratios = -0.5 * np.log(1 - rho**2) + (
            rho * a * b - rho**2 * (a**2 + b**2) / 2
        ) / (1 - rho**2)
        return -10 * np.log(0.75) - ratios.sum(axis=1).mean()

    # 20 parameters of 1,400 pairs in place of 400.
    assert loss(sparse) < 0.05 < loss(plain)


def test_sparse_correlations_of_a_singular_matrix_are_none():
    x = np.random.default_rng(0).normal(size=(500, 2))
    assert sparse_canonical_correlations(x, x[:, :1]) is None
    assert sparse_canonical_correlations(x, np.ones((500, 1))) is None


@pytest.mark.parametrize("scale", [1e-200, 1e-170, 1e170, 1e300])
def test_the_scale_of_a_side_does_not_matter(scale):
    x = np.random.default_rng(0).normal(size=(100, 2))
    y = x + np.random.default_rng(1).normal(size=(100, 2))
    plain, found = canonical_correlations(x, y), canonical_correlations(scale * x, y)
    np.testing.assert_allclose(found.correlations, plain.correlations, rtol=1e-9)
    np.testing.assert_allclose(scale * found.map_x, plain.map_x, rtol=1e-6)
    np.testing.assert_allclose(found.mean_x / scale, plain.mean_x, rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((99, 1)), r"x of shape \(99, 1\), y of shape \(100, 1\)"),
        (np.full((100, 1), np.nan), "`x` must be finite.* 100 of its values"),
        (np.zeros(100), r"`x` must be finite, of shape \[N, D\]"),
    ],
)
def test_pairs_that_do_not_fit(x, words):
    with pytest.raises(ValueError, match=words):
        canonical_correlations(x, np.zeros((100, 1)))
