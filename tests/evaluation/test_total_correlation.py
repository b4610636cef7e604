"""The closed form for Gaussians, against matrices whose determinant is known."""

import math

import numpy as np
import pytest

from tf_infomax.evaluation import gaussian_total_correlation

RNG = np.random.default_rng(0)


def codes_with(correlation, count=1000):
    """Codes whose sample correlation is exactly ``correlation``."""
    raw = RNG.normal(size=(count, len(correlation)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(raw.T @ raw / count)).T
    return white @ np.linalg.cholesky(correlation).T


def equal(r, dim):
    return np.full((dim, dim), r) + (1.0 - r) * np.eye(dim)


@pytest.mark.parametrize(("r", "dim"), [(0.8, 2), (0.5, 4), (0.99, 10), (0.0, 3)])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1e-20, 0.0), (1e20, 0.0), (1.0, 1e6)])
def test_equal_correlations(r, dim, scale, offset):
    # det R = (1 - r)^(d - 1) (1 + (d - 1) r).
    expected = -0.5 * ((dim - 1) * math.log(1 - r) + math.log(1 + (dim - 1) * r))
    found = gaussian_total_correlation(scale * codes_with(equal(r, dim)) + offset)
    assert found.nats == pytest.approx(expected, abs=1e-6)
    assert (found.missing, found.constant) == (0, 0)


def test_a_pair_is_its_mutual_information():
    found = gaussian_total_correlation(codes_with(equal(0.8, 2)).astype(np.float32))
    assert found.nats == pytest.approx(-0.5 * math.log(1 - 0.64), abs=1e-5)


def test_each_coordinate_may_have_a_scale_of_its_own():
    codes = codes_with(equal(0.5, 3))
    expected = gaussian_total_correlation(codes).nats
    found = gaussian_total_correlation(codes * [1e-12, 1.0, 1e12] + [0.0, 3.0, -7.0])
    assert found.nats == pytest.approx(expected, rel=1e-6)


def test_constant_coordinates_are_left_out():
    codes = codes_with(equal(0.5, 2))
    with_constants = np.column_stack([codes, np.full(1000, 0.1), np.zeros(1000)])
    found = gaussian_total_correlation(with_constants)
    assert found.constant == 2
    assert found.nats == pytest.approx(gaussian_total_correlation(codes).nats, abs=1e-12)
    assert gaussian_total_correlation(np.ones((5, 3))).nats == 0.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1e-8, 0.0), (1.0, 100.0)])
def test_a_singular_matrix_is_infinite_and_counted(dtype, scale, offset):
    codes = codes_with(np.eye(3))
    codes = np.column_stack([codes, codes.sum(axis=1), codes[:, 0] - codes[:, 1]])
    found = gaussian_total_correlation((scale * codes + offset).astype(dtype))
    assert (found.nats, found.missing) == (math.inf, 2)


def test_fewer_codes_than_coordinates_are_singular():
    found = gaussian_total_correlation(RNG.normal(size=(10, 20)))
    # Ten centred codes span nine directions.
    assert found.nats == math.inf and found.missing == 11
    with pytest.raises(ValueError, match=r"two codes or more\. Received: 1\."):
        gaussian_total_correlation(np.ones((1, 4)))
