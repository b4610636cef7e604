"""Jacobians, their spectra, and the published percentile rule."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.evaluation import conditioning

RNG = np.random.default_rng(0)


def with_singular_values(values, rows, columns):
    """A matrix ``[rows, columns]`` of the given singular values: orthogonal * diagonal * same."""
    left = np.linalg.qr(RNG.normal(size=(rows, rows)))[0]
    right = np.linalg.qr(RNG.normal(size=(columns, columns)))[0]
    diagonal = np.zeros((rows, columns))
    np.fill_diagonal(diagonal, values)
    return left @ diagonal @ right


@pytest.mark.parametrize(("rows", "columns"), [(3, 3), (3, 5), (5, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_linear_encoder_of_known_spectrum(rows, columns, dtype):
    matrix = with_singular_values([8.0, 2.0, 0.5], rows, columns).astype(dtype)
    inputs = RNG.normal(size=(4, columns)).astype(dtype)
    jacobians = conditioning.jacobian(lambda x: x @ matrix.T, inputs)
    # Entry [b, i, j] is d out_i / d in_j: the matrix itself, at every input.
    np.testing.assert_allclose(jacobians, [matrix] * 4, rtol=1e-6, atol=1e-6)
    spectra = conditioning.singular_values(jacobians)
    assert spectra.dtype == dtype and spectra.shape == (4, 3)
    tolerance = 30 * np.finfo(dtype).eps
    np.testing.assert_allclose(spectra, [[8.0, 2.0, 0.5]] * 4, rtol=16 * tolerance)
    log_condition = conditioning.log_condition_number(spectra)
    np.testing.assert_allclose(log_condition, [math.log(16)] * 4, rtol=16 * tolerance)


def test_every_input_has_a_jacobian_of_its_own():
    # d x^2 / dx = diag(2 x): more inputs than are differentiated together, in their order.
    inputs = RNG.uniform(1, 2, size=(37, 3))
    jacobians = conditioning.jacobian_function(tf.square)(inputs)
    np.testing.assert_allclose(jacobians, [np.diag(2 * row) for row in inputs], rtol=1e-12)
    expected = np.log(inputs.max(axis=1) / inputs.min(axis=1))
    log_condition = conditioning.log_condition_number(conditioning.singular_values(jacobians))
    np.testing.assert_allclose(log_condition, expected, rtol=1e-10)


def test_a_lost_direction_has_infinite_condition():
    spectra = conditioning.singular_values(np.diag([3.0, 0.0, 2.0])[np.newaxis])
    np.testing.assert_array_equal(spectra, [[3.0, 2.0, 0.0]])
    np.testing.assert_array_equal(conditioning.log_condition_number(spectra), [np.inf])


def test_percentile_rule_by_hand():
    # m = 7: indices int(0), int(1.2), int(2.4), int(3.6), int(4.8), int(6) of the sorted values.
    values = [70, 10, 60, 20, 50, 30, 40]
    assert conditioning.percentiles(values).tolist() == [10, 20, 30, 40, 50, 70]
    # The even number's median is the lower one: no interpolation.
    assert conditioning.percentiles([4.0, 1.0, 3.0, 2.0], (0.5,)).tolist() == [2.0]


def test_percentiles_are_over_the_last_axis():
    values = np.array([[3.0, 1.0, 2.0], [30.0, 10.0, 20.0]])
    percentiles = conditioning.percentiles(values, (0.0, 1.0))
    np.testing.assert_array_equal(percentiles, [[1.0, 3.0], [10.0, 30.0]])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((2, 3, 4)), r"\[K, D\]\. Received: float64 of shape \(2, 3, 4\)"),
        (np.zeros((2, 3), np.uint8), r"\[K, D\]\. Received: uint8 of shape \(2, 3\)"),
    ],
)
def test_wrong_inputs(inputs, message):
    with pytest.raises(ValueError, match=message):
        conditioning.jacobian(tf.identity, inputs)


def test_wrong_jacobians():
    with pytest.raises(ValueError, match=r"\[K, Dout, Din\]\. Received: shape \(3, 3\)"):
        conditioning.singular_values(np.eye(3))
