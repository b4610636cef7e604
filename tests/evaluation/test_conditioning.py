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


@pytest.mark.parametrize(("rows", "columns"), [(3, 7), (7, 3)])
def test_forward_and_reverse_mode_of_a_network(rows, columns):
    first, second = RNG.normal(size=(columns, 5)), RNG.normal(size=(5, rows))
    inputs = RNG.normal(size=(4, columns))
    jacobians = conditioning.jacobian(lambda x: tf.sin(tf.tanh(x @ first) @ second), inputs)
    hidden = np.tanh(inputs @ first)
    for jacobian, one, x in zip(jacobians, hidden, inputs, strict=True):
        outer = np.diag(np.cos(one @ second)) @ second.T
        np.testing.assert_allclose(
            jacobian, outer @ np.diag(1 - np.tanh(x @ first) ** 2) @ first.T, rtol=1e-10
        )


@pytest.mark.parametrize("shape", [(40, 40), (60, 40), (40, 60)])
@pytest.mark.parametrize("log_condition", [0.5, 5.0, 14.0])
def test_log_condition_number_alone(shape, log_condition):
    values = np.exp(np.linspace(0.0, log_condition, 40))[::-1]
    matrices = [with_singular_values(values, *shape) for _ in range(3)]
    found = conditioning.log_condition_numbers(matrices)
    np.testing.assert_allclose(found, [log_condition] * 3, atol=1e-4)


@pytest.mark.parametrize("log_condition", [5.0, 14.0])
def test_log_condition_number_of_float32(log_condition):
    """The number of the rounded matrix, which float32 itself could not tell."""
    values = np.exp(np.linspace(0.0, log_condition, 50))
    matrix = with_singular_values(values, 50, 50).astype(np.float32)
    exact = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
    found = conditioning.log_condition_numbers(matrix[np.newaxis])
    np.testing.assert_allclose(found, [np.log(exact[0] / exact[-1])], atol=1e-4)


def test_log_condition_numbers_of_the_ends():
    matrices = np.stack([np.eye(4), np.diag([1.0, 0.0, 2.0, 3.0]), np.diag([8.0, 1.0, 1.0, 2.0])])
    np.testing.assert_allclose(
        conditioning.log_condition_numbers(matrices), [0.0, np.inf, math.log(8)], atol=1e-6
    )
    # Two equal largest values, and one entry.
    np.testing.assert_allclose(
        conditioning.log_condition_numbers(np.diag([4.0, 4.0, 1.0])[np.newaxis]), [math.log(4)],
        atol=1e-6,
    )
    assert conditioning.log_condition_numbers(np.full((1, 1, 1), -3.0)).tolist() == [0.0]
    assert conditioning.log_condition_numbers(np.zeros((1, 3, 3))).tolist() == [np.inf]


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
