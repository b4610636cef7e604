"""NDM on Gaussian codes, whose total correlation is known in closed form."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.evaluation import ndm
from tf_infomax.evaluation.dependence import (
    ScoreNetwork,
    column_permutation,
    dependence_loss,
    dependence_readout,
    permute_columns,
)

FAST = {"hidden_units": (64, 32), "batch_size": 1000, "learning_rate": 3e-3}


def gaussian(correlations, count, seed):
    factor = np.linalg.cholesky(correlations)
    return np.random.default_rng(seed).normal(size=(count, len(factor))) @ factor.T


def log_density_ratio(codes, correlations):
    """Of a Gaussian of unit variances to the product of its margins."""
    precision = np.linalg.inv(correlations) - np.eye(len(correlations))
    quadratic = np.einsum("ni,ij,nj->n", codes, precision, codes)
    return -0.5 * quadratic - 0.5 * np.linalg.slogdet(correlations)[1]


# Every pair correlated alike: det R = (1 - r)^(d - 1) (1 + (d - 1) r).
EQUAL = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
TOTAL_CORRELATION = -0.5 * math.log(0.5**3 * 2.5)


def test_permuted_columns():
    codes = np.arange(40.0, dtype=np.float32).reshape(10, 4)
    permutation = column_permutation((10, 4), [1, 2])
    shuffled = permute_columns(codes, permutation).numpy()
    # Each column keeps its entries, and no two columns go the same way.
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), codes)
    np.testing.assert_array_equal(shuffled, np.take_along_axis(codes, permutation.numpy(), axis=0))
    orders = {tuple(column) for column in permutation.numpy().T}
    assert len(orders) == 4
    np.testing.assert_array_equal(permutation, column_permutation((10, 4), [1, 2]))


@pytest.mark.parametrize("shape", [(5,), (5, 1)])
def test_losses_and_readout_by_hand(shape):
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(2, 5))
    scores, shuffled = tf.constant(u.reshape(shape)), tf.constant(v.reshape(shape))
    softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
    donsker_varadhan = u.mean() - np.log(np.exp(v).mean())
    expected = {
        "kl": u.mean() - np.exp(v - 1).mean(),
        "donsker_varadhan": donsker_varadhan,
        "jsd": 2 * math.log(2) - softplus(-u).mean() - softplus(v).mean(),
    }
    for measure, value in expected.items():
        loss = dependence_loss(scores, shuffled, measure)
        np.testing.assert_allclose(loss, -value, rtol=1e-12)
    np.testing.assert_allclose(dependence_readout(scores, shuffled), donsker_varadhan, rtol=1e-12)


def test_the_readout_of_the_density_ratio_is_the_total_correlation():
    codes = gaussian(EQUAL, 20_000, 0)
    rng = np.random.default_rng(1)
    shuffled = np.stack([rng.permutation(column) for column in codes.T], axis=1)
    u, v = (log_density_ratio(rows, EQUAL) for rows in (codes, shuffled))
    ratios = np.exp(v)
    error = math.sqrt(u.var() / len(u) + ratios.var() / ratios.mean() ** 2 / len(v))
    assert abs(float(dependence_readout(u, v)) - TOTAL_CORRELATION) < 4 * error


@pytest.mark.parametrize(
    "measure",
    [
        "kl",
        pytest.param("donsker_varadhan", marks=pytest.mark.slow),
        pytest.param("jsd", marks=pytest.mark.slow),
    ],
)
def test_trained_on_dependent_codes(measure):
    codes, test_codes = gaussian(EQUAL, 8_000, 0), gaussian(EQUAL, 20_000, 1)
    result = ndm(
        codes, test_codes=test_codes, measure=measure, epochs=40, decay_epochs=(30,), **FAST
    )
    # A lower bound: below the truth up to the reading's standard error (that of the exact ratio),
    # and a small network comes within a tenth of it.
    rng = np.random.default_rng(2)
    shuffled = np.stack([rng.permutation(column) for column in test_codes.T], axis=1)
    u, v = (log_density_ratio(rows, EQUAL) for rows in (test_codes, shuffled))
    error = math.sqrt(u.var() / len(u) + np.exp(v).var() / len(v))
    assert 0.9 * TOTAL_CORRELATION - 4 * error < result.test_nats < TOTAL_CORRELATION + 4 * error
    # What it was trained on reads higher, if anything.
    assert result.train_nats > 0.9 * TOTAL_CORRELATION - 4 * error
    assert len(result.curve) == 40 and result.curve[-1] > result.curve[0]


def briefly(codes, **options):
    """A reading after a few epochs: far from the truth, and cheap to compare."""
    brief = {"hidden_units": (32,), "batch_size": 100, "epochs": 3, "learning_rate": 1e-2}
    return ndm(codes[:1500], test_codes=codes[1500:], **{**brief, **options})


@pytest.fixture(scope="module")
def brief_reading():
    found = briefly(gaussian(EQUAL, 2_000, 0))
    assert found.test_nats > 0.01
    return found


@pytest.mark.parametrize(
    ("scale", "offset"),
    [
        ([1e-8, 1, 50, 1], 3),
        (1.0, 1e6),
        *(pytest.param(scale, 0.0, marks=pytest.mark.slow) for scale in (0.02, 1e-20, 1e20)),
    ],
)
def test_total_correlation_knows_no_scale(scale, offset, brief_reading):
    found = briefly(scale * gaussian(EQUAL, 2_000, 0) + offset)
    assert found.train_nats == pytest.approx(brief_reading.train_nats, abs=1e-3)
    assert found.test_nats == pytest.approx(brief_reading.test_nats, abs=1e-3)


def test_the_released_form_takes_codes_as_they_are(brief_reading):
    codes = gaussian(EQUAL, 2_000, 0)
    # Small beside the network's biases: it sees next to nothing.
    assert briefly(0.02 * codes, standardize=False).test_nats < 0.1 * brief_reading.test_nats
    by_hand = (codes - codes[:1500].mean(axis=0)) / codes[:1500].std(axis=0)
    found = briefly(by_hand, standardize=False)
    assert found.test_nats == pytest.approx(brief_reading.test_nats, abs=1e-3)


def test_constant_coordinates_add_nothing():
    codes = gaussian(EQUAL, 2_000, 0)
    found = briefly(np.column_stack([codes, np.full(len(codes), 0.1), np.zeros(len(codes))]))
    assert 0.005 < found.test_nats < TOTAL_CORRELATION


def test_independent_codes():
    rng = np.random.default_rng(0)
    result = ndm(
        rng.normal(size=(4_000, 4)), test_codes=rng.normal(size=(4_000, 4)), epochs=10, **FAST
    )
    assert -0.05 < result.test_nats < 0.02
    assert abs(result.train_nats) < 0.1


def test_the_seed_decides_and_few_codes_are_one_batch():
    codes = gaussian(EQUAL, 50, 0)
    once, again, other = (ndm(codes, hidden_units=(8,), epochs=2, seed=seed) for seed in (0, 0, 1))
    assert once == again != other
    assert once.test_nats is None


def test_saving(tmp_path):
    network = ScoreNetwork((5, 4), seed=0)
    codes = np.ones((2, 3), np.float32)
    expected = network(codes)
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded(codes), expected)
    assert expected.shape == network.compute_output_shape((2, 3)) == (2, 1)
