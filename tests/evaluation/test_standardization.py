"""Standardised codes: the same numbers at every offset and scale."""

import numpy as np
import pytest

from tf_infomax.evaluation.standardization import moments, standardized

CODES = np.random.default_rng(0).normal(size=(500, 3))
EXPECTED = (CODES - CODES.mean(axis=0)) / CODES.std(axis=0)


@pytest.mark.parametrize("scale", [1.0, 1e-20, 1e20, 1e-300, 1e300])
def test_scales_cost_nothing(scale):
    train, test = standardized(scale * CODES[:400], scale * CODES[400:])
    both = np.concatenate([train, test])
    mean, deviation = CODES[:400].mean(axis=0), CODES[:400].std(axis=0)
    assert both.dtype == np.float32
    np.testing.assert_allclose(both, (CODES - mean) / deviation, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("offset", [1e6, -1e9])
def test_offsets_cost_only_what_the_type_has_lost(offset):
    (found,) = standardized(CODES + offset)
    np.testing.assert_allclose(found, EXPECTED, atol=4 * np.finfo(float).eps * abs(offset))
    # Of float32 the digits are gone before: but no more than those.
    (found,) = standardized((CODES + 1e4).astype(np.float32))
    np.testing.assert_allclose(found, EXPECTED, atol=2e-3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("constant", [0.0, 0.1, -3e4])
def test_constant_coordinates_are_zero(dtype, constant):
    train = np.stack([CODES[:, 0], np.full(500, constant)], axis=1).astype(dtype)
    test = np.array([[0.0, constant + 1.0]], dtype)
    found, other = standardized(train, test)
    assert found[:, 0].std() == pytest.approx(1.0, rel=1e-3)
    assert (found[:, 1] == 0.0).all() and other[0, 1] == 0.0
    assert moments(train).deviation[1] == 0.0


def test_integers_and_many_columns():
    integers = np.random.default_rng(1).integers(0, 256, size=(2_000, 5_000)).astype(np.uint8)
    (found,) = standardized(integers)
    np.testing.assert_allclose(found.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=0), 1.0, rtol=1e-4)
    np.testing.assert_allclose(moments(integers).mean, integers.mean(axis=0), rtol=1e-12)
