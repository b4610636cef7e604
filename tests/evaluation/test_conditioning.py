"""Jacobians, their spectra, and the published percentile rule."""

import math
import re

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.evaluation import conditioning, extreme_singular_values

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


@pytest.mark.parametrize("shape", [(50, 50), (70, 50), (50, 70)])
@pytest.mark.parametrize("log_condition", [0.5, 11.0, 12.0, 14.0, 25.0])
def test_float32_spectra_are_those_of_the_matrix_given(shape, log_condition):
    values = np.exp(np.linspace(0.0, log_condition, 50))
    matrix = with_singular_values(values, *shape).astype(np.float32)
    (found,) = conditioning.singular_values(matrix[np.newaxis])
    exact = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_spectra_of_the_ends(dtype):
    matrices = np.stack([np.zeros((2, 2)), np.diag([3.0, 0.0]), 1e-30 * np.diag([3.0, -2.0])])
    spectra = conditioning.singular_values(matrices.astype(dtype))
    np.testing.assert_allclose(spectra, [[0, 0], [3, 0], [3e-30, 2e-30]], rtol=1e-6)


@pytest.mark.parametrize("read", ["singular_values", "log_condition_numbers"])
@pytest.mark.parametrize("entry", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(read, entry):
    jacobians = np.stack([np.eye(3)] * 4)
    jacobians[1, 0, 2] = jacobians[3, 0, 0] = entry
    with pytest.raises(ValueError, match=r"finite. Received: .* 2 of 4 of them, number 1 the fi"):
        getattr(conditioning, read)(jacobians)


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


def test_log_condition_numbers_of_a_stack_that_settles_at_different_steps(monkeypatch):
    logs = np.array([0.0, 0.01, 3.0, 9.0, 14.0, 5.0, 1.0, 6.0, 2.0, 13.0])
    matrices = [with_singular_values(np.exp(np.linspace(0, log, 40)), 40, 40) for log in logs]
    # Singular to the last bit.
    matrices[5][3], logs[5] = 0.0, np.inf
    found = conditioning.log_condition_numbers(matrices)
    np.testing.assert_allclose(found, logs, atol=1e-4)
    # None settles: the whole spectrum is computed.
    monkeypatch.setattr(extreme_singular_values, "_MOST_STEPS", 2)
    found = conditioning.log_condition_numbers(matrices)
    np.testing.assert_allclose(np.delete(found, 5), np.delete(logs, 5), atol=1e-4)
    assert found[5] > 30


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_log_condition_numbers_of_extreme_scales(scale):
    # The squares of these are beyond float32.
    values = np.exp(np.linspace(0.0, 4.0, 20))
    matrices = np.stack([scale * np.diag(values), scale * (np.eye(20) + np.ones((20, 20)))])
    found = conditioning.log_condition_numbers(matrices.astype(np.float32))
    np.testing.assert_allclose(found, [4.0, math.log(21)], atol=1e-4)


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
        (np.zeros(2), r"\[K, H, W, C\]\. Received: float64 of shape \(2,\)"),
        (np.zeros((2, 3), np.uint8), r"\[K, H, W, C\]\. Received: uint8 of shape \(2, 3\)"),
    ],
)
def test_wrong_inputs(inputs, message):
    with pytest.raises(ValueError, match=message):
        conditioning.jacobian(tf.identity, inputs)


def test_images_are_flattened():
    # Of x -> (sum x^2, 3 x_0) on images of 2 x 1 x 2: rows 2 x and 3 e_0.
    images = np.arange(8.0, dtype=np.float32).reshape(2, 2, 1, 2)

    def encoder(x):
        assert x.shape[1:] == (2, 1, 2)
        flat = tf.reshape(x, [-1, 4])
        return tf.stack([tf.reduce_sum(flat**2, axis=1), 3.0 * flat[:, 0]], axis=1)

    found = conditioning.jacobian(encoder, images)
    flat = images.reshape(2, 4)
    expected = np.stack([2.0 * flat, np.tile([3.0, 0.0, 0.0, 0.0], (2, 1))], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_wrong_jacobians():
    for shape in ((3, 3), (0, 3, 3)):
        received = re.escape(str(shape))
        with pytest.raises(ValueError, match=rf"\[K, Dout, Din\].* Received: shape {received}"):
            conditioning.singular_values(np.zeros(shape))


@pytest.mark.parametrize(
    "encoder",
    [lambda x: tf.reduce_sum(x, axis=1), lambda x: tf.reshape(x, [-1, 2, 2]), lambda x: [x]],
)
def test_codes_are_vectors(encoder):
    with pytest.raises(ValueError, match=r"(?s)codes of shape \[K, Dout\].* Received: outputs of"):
        conditioning.jacobian(encoder, np.ones((3, 4)))


@pytest.mark.parametrize("dim", [2, 9])
def test_constant_codes_have_a_jacobian_of_zeros(dim):
    found = conditioning.jacobian(lambda x: tf.zeros([3, dim], x.dtype), np.ones((3, 4)))
    np.testing.assert_array_equal(found, np.zeros((3, dim, 4)))


@pytest.mark.parametrize("spectra", [[[1.0, np.nan]], [[1.0, -1.0]], [], 3.0, "abc"])
def test_spectra_are_of_singular_values(spectra):
    with pytest.raises(ValueError, match=r"`spectra` must be .* Received: "):
        conditioning.log_condition_number(spectra)
