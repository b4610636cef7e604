"""Bounds for a known conditional, and the estimate where nothing is known, on Gaussian pairs."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import bounds

RNG = np.random.default_rng(0)
# p(y_j | x_i) of two pairs: rows x.
TWO_PAIRS = np.array([[0.5, 0.1], [0.3, 0.2]])
of_matrices = pytest.mark.parametrize("name", bounds.names("log_conditional"))
of_vectors = pytest.mark.parametrize("name", bounds.names("log_densities"))


def by_hand(name, log_conditional):
    """Every mixture a column's, written out."""
    densities, size = np.exp(log_conditional), len(log_conditional)
    values = []
    for j in range(size):
        sources = range(size) if name == "minibatch_lower" else [i for i in range(size) if i != j]
        mixture = np.mean([densities[i, j] for i in sources])
        values.append(math.log(densities[j, j] / mixture))
    return np.mean(values)


def gaussian(count, rho, seed, dim=1):
    """(x, y, log p(y_j | x_i) ``[K, K]``, log p(y) ``[K]``) of correlated standard normals."""
    x, noise = np.random.default_rng(seed).normal(size=(2, count, dim))
    y = rho * x + math.sqrt(1 - rho**2) * noise
    away = (y[np.newaxis] - rho * x[:, np.newaxis]) ** 2 / (1 - rho**2)
    conditional = -0.5 * (away + math.log(2 * math.pi * (1 - rho**2))).sum(-1)
    return x, y, conditional, -0.5 * (y**2 + math.log(2 * math.pi)).sum(-1)


def information(rho, dim=1):
    return -0.5 * dim * math.log(1 - rho**2)


@of_matrices
@pytest.mark.parametrize("size", [2, 3, 7])
def test_values(name, size):
    matrix = RNG.normal(scale=2, size=(size, size))
    value = bounds.get(name)(matrix)
    np.testing.assert_allclose(value, by_hand(name, matrix), rtol=1e-12)
    # The mixture runs down the columns: along the rows it is another number.
    if size > 2:
        assert abs(bounds.get(name)(matrix.T) - value) > 1e-3
    single = bounds.get(name)(tf.constant(matrix, tf.float32))
    np.testing.assert_allclose(single, value, rtol=1e-4, atol=1e-5)


def test_values_by_fractions():
    # y_1: 0.5 against 0.3, or against 0.4, the mean; y_2: 0.2 against 0.1, or 0.15.
    upper = 0.5 * (math.log(0.5 / 0.3) + math.log(0.2 / 0.1))
    lower = 0.5 * (math.log(0.5 / 0.4) + math.log(0.2 / 0.15))
    np.testing.assert_allclose(bounds.minibatch_upper(np.log(TWO_PAIRS)), upper, rtol=1e-14)
    np.testing.assert_allclose(bounds.minibatch_lower(np.log(TWO_PAIRS)), lower, rtol=1e-14)


def test_the_lower_bound_is_infonce_with_y_as_anchors():
    matrix = RNG.normal(size=(5, 5))
    np.testing.assert_allclose(
        bounds.minibatch_lower(matrix), bounds.infonce(matrix.T), rtol=1e-14
    )


def test_the_bounds_hold_where_there_is_much_information():
    # 4 x 0.83 = 3.3 nats, batches of 8: below log 8 = 2.08, and far above.
    batches = [gaussian(8, 0.9, seed, dim=4)[2] for seed in range(200)]
    truth = information(0.9, dim=4)
    for name, sign in (("minibatch_lower", -1), ("minibatch_upper", 1)):
        compiled = tf.function(bounds.get(name))
        values = [float(compiled(tf.constant(batch))) for batch in batches]
        error = np.std(values, ddof=1) / math.sqrt(len(values))
        assert sign * (np.mean(values) - truth) > 10 * error
        assert name == "minibatch_upper" or max(values) <= math.log(8) + 1e-12


@of_matrices
def test_they_meet_where_there_is_little(name):
    # 0.14 nats in batches of 256: what either is off is at most (E[r^2] - 1) / (2 K) = 7e-4.
    values = [float(bounds.get(name)(gaussian(256, 0.5, seed)[2])) for seed in range(16)]
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert 2e-3 < error < 0.02
    assert abs(np.mean(values) - information(0.5)) < 4 * error


def test_a_channel_without_errors_is_at_the_ceiling():
    # y = x: densities of 0 off the diagonal. I(X; Y) is more than can be seen from either side.
    matrix = np.where(np.eye(4, dtype=bool), 0.0, -np.inf)
    np.testing.assert_allclose(bounds.minibatch_lower(matrix), math.log(4), rtol=1e-14)
    assert bounds.minibatch_upper(matrix) == math.inf
    # Every y has two x that may have given it, of four equally likely ones: log 2, exactly.
    matrix = np.kron(np.eye(2), np.ones((2, 2)))
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(bounds.minibatch_lower(np.log(matrix)), math.log(2), rtol=1e-14)


@of_matrices
def test_independent_pairs(name):
    np.testing.assert_allclose(bounds.get(name)(np.full((5, 5), -3.0)), 0.0, atol=1e-13)


@of_matrices
def test_huge_log_densities(name):
    matrix = RNG.normal(scale=1e4, size=(6, 6)).astype(np.float32)
    matrix = tf.Variable(matrix)
    with tf.GradientTape() as tape:
        value = bounds.get(name)(matrix)
    assert np.isfinite(value) and np.isfinite(tape.gradient(value, matrix)).all()


@of_matrices
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_compiled_is_eager_at_unknown_size(name, jit_compile):
    compiled = tf.function(
        bounds.get(name),
        jit_compile=jit_compile,
        input_signature=[tf.TensorSpec([None, None], tf.float64)],
    )
    matrix = RNG.normal(size=(5, 5))
    np.testing.assert_allclose(compiled(matrix), bounds.get(name)(matrix), rtol=1e-12)


@of_matrices
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((3, 4)), r"shape \[K, K\].* Received: an array of shape \(3, 4\)"),
        (np.zeros(3), r"shape \[K, K\].* Received: an array of shape \(3,\)"),
        (np.zeros((1, 1)), r"At least two pairs"),
        (np.zeros((3, 3), int), r"floating\. Received: dtype int64"),
    ],
)
def test_matrices_that_do_not_fit(name, matrix, message):
    with pytest.raises(ValueError, match=message):
        bounds.get(name)(matrix)


# Densities of a channel y = rho x + noise, at 20,000 pairs: exact ones, and bad fits.
RHO = 0.8
NOISE = math.sqrt(1 - RHO**2)
X, _noise = np.random.default_rng(3).normal(size=(2, 20_000))
Y = RHO * X + NOISE * _noise


def log_normal(mean, sd):
    return -0.5 * ((Y - mean) / sd) ** 2 - math.log(sd * math.sqrt(2 * math.pi))


EXACT = log_normal(RHO * X, NOISE), log_normal(0.0, 1.0)
# As KL(N(0, s^2) || N(0, t^2)) = log(t / s) + s^2 / (2 t^2) - 1/2.
LOST = math.log(1.5) + 1 / (2 * 1.5**2) - 0.5
BAD = log_normal(RHO * X, 1.5 * NOISE), log_normal(0.0, 1.5)


def reads(name, conditional, marginal):
    """Value, and its standard error."""
    value = bounds.get(name)(conditional, marginal)
    return float(value), np.std(conditional - marginal) / math.sqrt(len(Y))


@of_vectors
def test_exact_densities_read_the_information(name):
    value, error = reads(name, *EXACT)
    assert abs(value - information(RHO)) < 4 * error < 0.04


def test_what_bad_fits_cost():
    for name, conditional, marginal, change in (
        ("barber_agakov_lower", BAD[0], EXACT[1], -LOST),
        ("barber_agakov_upper", EXACT[0], BAD[1], LOST),
        # The difference errs either way, or not at all where both fits are as bad.
        ("difference_of_entropies", BAD[0], EXACT[1], -LOST),
        ("difference_of_entropies", EXACT[0], BAD[1], LOST),
        ("difference_of_entropies", *BAD, 0.0),
    ):
        value, error = reads(name, conditional, marginal)
        assert abs(value - information(RHO) - change) < 4 * error, name
        assert change == 0 or abs(change) > 4 * error


@of_vectors
def test_half_precision_and_mixed_types(name):
    conditional, marginal = (tf.constant(values[:50], tf.bfloat16) for values in EXACT)
    value = bounds.get(name)(conditional, marginal)
    assert value.dtype == tf.float32
    wide = np.mean(np.float32(conditional) - np.float32(marginal))
    np.testing.assert_allclose(value, wide, rtol=1e-5)


@of_vectors
@pytest.mark.parametrize(
    ("conditional", "marginal", "message"),
    [
        (np.zeros(3), np.zeros(4), r"same pairs\. Received: shapes \(3,\) and \(4,\)"),
        (np.zeros((3, 3)), np.zeros(3), r"`log_conditional`.*shape \[K\].*of shape \(3, 3\)"),
        (np.zeros(3), np.zeros(()), r"`log_marginal`.*shape \[K\].*of shape \(\)"),
        (np.zeros(3), np.zeros(3, int), r"`log_marginal`.*floating.*Received: int64"),
        (np.zeros(0), np.zeros(0), r"`log_conditional`.*Received: float64 of shape \(0,\)"),
    ],
)
def test_densities_that_do_not_fit(name, conditional, marginal, message):
    with pytest.raises(ValueError, match=message):
        bounds.get(name)(conditional, marginal)
