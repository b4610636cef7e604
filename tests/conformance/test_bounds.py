"""What every registered bound must do, whatever it estimates."""

import functools
import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.compiled import each_compilation
from tests.conformance.examples import BOUNDS
from tf_infomax import bounds
from tf_infomax.data.gaussians import CorrelatedGaussians
from tf_infomax.scores.pairs import PairScores

each_bound = pytest.mark.parametrize("name", bounds.names())
# The registered functions of scores that bound nothing, as their entries say.
LOWER_BOUNDS = [name for name in bounds.names() if name not in ("chi_squared_released", "smile")]
few_examples = settings(max_examples=15, deadline=None, derandomize=True)


def random_matrix(size, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(scale=2.0, size=(size, size)).astype(dtype)


def split(matrix):
    """A matrix as ``joint [K, 1]`` and ``marginal [K, K - 1]``, by a loop."""
    joint = [[row[i]] for i, row in enumerate(matrix)]
    return joint, [[score for j, score in enumerate(row) if j != i] for i, row in enumerate(matrix)]


def value_and_gradient(bound, scores):
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = bound(scores)
    return value, tape.gradient(value, scores)


@each_bound
@pytest.mark.parametrize("size", [2, 5])
def test_value_of_a_matrix(name, size):
    matrix = random_matrix(size)
    expected = BOUNDS[name].value(*split(matrix))
    np.testing.assert_allclose(bounds.get(name)(matrix), expected, rtol=1e-12)


@each_bound
def test_value_of_several_joint_pairs_an_anchor(name):
    rng = np.random.default_rng(1)
    joint, marginal = rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
    expected = BOUNDS[name].value(joint, marginal)
    value = bounds.get(name)(PairScores(joint, marginal))
    np.testing.assert_allclose(value, expected, rtol=1e-12)


@each_bound
@few_examples
@given(data=st.data())
def test_ceiling(name, data):
    size = data.draw(st.integers(2, 6))
    scores = st.floats(-1000, 1000) | st.sampled_from([-1000.0, 0.0, 1000.0])
    matrix = data.draw(hnp.arrays(np.float64, (size, size), elements=scores))
    ceiling = bounds.info(name).ceiling(size)
    assert bounds.get(name)(matrix) <= ceiling + 1e-12
    assert bounds.get(name)(matrix.astype(np.float32)) <= ceiling + 1e-6


@each_bound
def test_ceiling_is_reached(name):
    # Partners 2,000 ahead of all others, or 1,000 ahead of scores of 0 (where those have the least
    # of a square): whatever has a ceiling is there, and the rest far above.
    value = max(
        bounds.get(name)(np.where(np.eye(4, dtype=bool), 1000.0, others)) for others in (-1000.0, 0)
    )
    ceiling = bounds.info(name).ceiling(4)
    if math.isinf(ceiling):
        assert value >= 999
    else:
        np.testing.assert_allclose(value, ceiling, rtol=1e-12)


@each_bound
@few_examples
@given(seed=st.integers(0, 2**16))
def test_reordering_the_pairs_changes_nothing(name, seed):
    matrix, order = random_matrix(7, seed=seed), np.random.default_rng(seed).permutation(7)
    value = bounds.get(name)(matrix)
    reordered = bounds.get(name)(matrix[np.ix_(order, order)])
    np.testing.assert_allclose(reordered, value, rtol=1e-10)


@pytest.mark.parametrize("name", LOWER_BOUNDS)
@few_examples
@given(seed=st.integers(0, 2**16), scale=st.sampled_from([0.01, 1.0, 10.0]))
def test_shuffled_pairs_share_nothing(name, seed, scale):
    # If every column in turn is a row's partner (all K cyclic shifts), the mean over these batches
    # cannot be positive, for any scores: s - e^(s-1) <= 0, 1 + s - e^s <= 0, Jensen for the
    # logarithms, and p(s) <= n(s) for the two functions of every divergence. It is what makes each
    # of them a lower bound where the truth is 0.
    matrix = scale * random_matrix(5, seed=seed)
    shifted = [bounds.get(name)(np.roll(matrix, shift, axis=1)) for shift in range(5)]
    assert np.mean(shifted) <= 1e-12 * scale


def patterns(magnitude):
    """Sign patterns: (joint, marginal) alone, and all kinds in one matrix."""
    diagonal = np.eye(3, dtype=bool)
    for joint in (1, -1):
        for marginal in (1, -1):
            yield magnitude * np.where(diagonal, joint, marginal)
    yield magnitude * np.array([[1, -1, -1], [1, -1, 1], [-1, 1, 1]])
    yield magnitude * np.array([[0, -1, 1], [1, 1, 0], [0, 0, -1]])
    yield magnitude * np.array([[1, -1, 0], [0, 1, -1], [-1, -1, -1]])  # nothing overflows


@functools.cache
def exact(name, magnitude, index):
    return BOUNDS[name].value_and_gradient(list(patterns(magnitude))[index])


@each_bound
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("magnitude", [50, 1000])
def test_extreme_scores(name, magnitude, dtype):
    for index, pattern in enumerate(patterns(magnitude)):
        expected, expected_gradient = exact(name, magnitude, index)
        value, gradient = value_and_gradient(bounds.get(name), tf.constant(pattern, dtype))
        # An overflow is the only exception: -inf, in value and in the gradient of the entry whose
        # exponential it is. NaN is equal to neither.
        with np.errstate(over="ignore"):
            expected, expected_gradient = dtype(expected), expected_gradient.astype(dtype)
        epsilon = np.finfo(dtype).eps
        message = f"{pattern.tolist()} as {np.dtype(dtype)}"
        # Reading +-50 from exp loses 50 epsilon, relatively; differences of scores, absolutely.
        tolerances = {"rtol": 100 * epsilon, "atol": 8 * magnitude * epsilon, "err_msg": message}
        np.testing.assert_allclose(value, expected, **tolerances)
        np.testing.assert_allclose(gradient, expected_gradient, **tolerances)


@each_bound
@pytest.mark.parametrize("dtype", [np.float32, pytest.param(np.float64, marks=pytest.mark.slow)])
def test_one_nan_score_is_seen(name, dtype):
    compiled = tf.function(bounds.get(name), jit_compile=True)
    for i, j in [(0, 0), (2, 2), (0, 2), (2, 0)]:
        matrix = random_matrix(3, dtype)
        matrix[i, j] = np.nan
        assert np.isnan(bounds.get(name)(matrix)), (i, j)
        assert np.isnan(compiled(tf.constant(matrix))), (i, j)


@each_bound
@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_half_precision_is_evaluated_in_float32(name, dtype):
    # exp(19) and exp(20) are far beyond float16's 65,504.
    scores = tf.cast(random_matrix(3) + 20.0 * (1 - np.eye(3)), dtype)
    value, gradient = value_and_gradient(bounds.get(name), scores)
    wide_value, wide_gradient = value_and_gradient(bounds.get(name), tf.cast(scores, tf.float32))
    assert value.dtype == tf.float32
    assert value == wide_value and np.isfinite(value)
    # Scores get their gradient in their own type.
    assert gradient.dtype == dtype
    np.testing.assert_array_equal(gradient, tf.cast(wide_gradient, dtype))


@each_bound
@each_compilation
@pytest.mark.parametrize(
    "width",
    [
        pytest.param(None, id="unknown size"),
        # Without anything that the other does not have.
        pytest.param(3, marks=pytest.mark.slow, id="known size"),
    ],
)
def test_compiled_is_eager(name, jit_compile, width):
    compute = functools.partial(value_and_gradient, bounds.get(name))
    compiled = tf.function(
        compute,
        jit_compile=jit_compile,
        input_signature=[tf.TensorSpec([width, width], tf.float32)],
    )
    for size in (3, 6) if width is None else (width,):
        scores = tf.constant(random_matrix(size, np.float32, seed=size))
        for ours, theirs in zip(compiled(scores), compute(scores), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def gaussian_divergence(generator, rho):
    """``E[f(r)]`` under two independent standard normals, r the density ratio of correlated ones.

    By Gauss-Hermite quadrature.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    x, y = nodes[:, np.newaxis], nodes
    log_r = -0.5 * np.log1p(-(rho**2))
    log_r = log_r - (rho**2 * (x**2 + y**2) - 2 * rho * x * y) / (2 * (1 - rho**2))
    return weights @ generator(np.exp(log_r)) @ weights / weights.sum() ** 2


@pytest.mark.parametrize("rho", [0.2, 0.5])
def test_the_quadrature_agrees_with_closed_forms(rho):
    rest = 1 - rho**2
    for name, closed_form in (
        ("infonce", -0.5 * np.log(rest)),
        ("reverse_kl", 1 / rest - 1 + 0.5 * np.log(rest)),
        ("squared_hellinger", 2 - 2 * rest**0.25 / np.sqrt(1 - rho**2 / 4)),
        ("chi_squared", 1 / rest - 1),
    ):
        value = gaussian_divergence(BOUNDS[name].generator, rho)
        np.testing.assert_allclose(value, closed_form, rtol=1e-9)


@pytest.mark.parametrize("name", [name for name in bounds.names() if BOUNDS[name].generator])
def test_optimal_critic_reads_the_divergence(name):
    # For MI, 0.144 nats: far below log 256, and the density ratio's variance under the product
    # of the marginals, 1 / (1 - rho^2) - 1 = 1/3, biases the logarithms by 1/3 / (2 * 256) = 0.0007
    # nats, a tenth of the standard error. The others need rho < 1/3: from there on the variance of
    # chi squared, E[r^4], is infinite.
    rho = 0.5 if bounds.info(name).unit == "nats" else 0.2
    pairs = CorrelatedGaussians(dim=1, rho=rho)
    truth = gaussian_divergence(BOUNDS[name].generator, rho)
    if bounds.info(name).unit == "nats":
        np.testing.assert_allclose(truth, pairs.mutual_information, rtol=1e-9)
    compiled = tf.function(bounds.get(name))
    values = []
    for seed in range(16):
        scores = pairs.log_density_ratio(*pairs.sample(256, seed))
        values.append(float(compiled(BOUNDS[name].optimal(np.asarray(scores)))))
    standard_error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert 0.002 * rho < standard_error < 0.06 * rho
    assert abs(np.mean(values) - truth) < 4 * standard_error


@each_bound
@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros((3, 4)), r"square.* Received: scores of shape \(3, 4\)"),
        (np.zeros((1, 1)), r"At least two pairs.* Received: scores of shape \(1, 1\)"),
        (np.zeros((0, 0)), r"At least two pairs.* Received: scores of shape \(0, 0\)"),
        (np.zeros(3), r"shape \[K, K\]\. Received: an array of shape \(3,\)"),
        (np.zeros((2, 3, 3)), r"shape \[K, K\]\. Received: an array of shape \(2, 3, 3\)"),
        (np.zeros((3, 3), np.int32), r"floating\. Received: dtype int32"),
    ],
)
def test_errors(name, scores, message):
    with pytest.raises(ValueError, match=message):
        bounds.get(name)(scores)


@each_bound
@pytest.mark.parametrize(
    ("shape", "message"), [((1, 1), "At least two pairs"), ((2, 3), "square")]
)
def test_errors_at_unknown_batch_size(name, shape, message):
    compiled = tf.function(
        bounds.get(name), input_signature=[tf.TensorSpec([None, None], tf.float32)]
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        compiled(tf.zeros(shape))
