"""MINE on Gaussian pairs, whose mutual information is known in closed form."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.evaluation import mine
from tf_infomax.evaluation.mine import StatisticsNetwork, corrected_loss, updated_log_average

RNG = np.random.default_rng(0)
DIM = 5


def pairs(count, seed, nats=2.0):
    """``I(x; y) = -DIM / 2 log(1 - rho^2)``, and scales that mean nothing."""
    rho = math.sqrt(1.0 - math.exp(-2.0 * nats / DIM))
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=(2, count, DIM))
    return x, 100.0 * (rho * x + math.sqrt(1.0 - rho**2) * noise) + 7.0


def log_mean_exp(scores):
    return np.log(np.mean(np.exp(scores)))


def test_moving_average():
    rate, means = 0.1, RNG.uniform(1, 5, size=6)
    log_average, average = tf.constant(-math.inf), 0.0
    for step, mean in enumerate(means):
        average = (1 - rate) * average + rate * mean
        log_average, unbiased = updated_log_average(
            log_average, tf.constant(math.log(mean), tf.float32), rate, float(step)
        )
        np.testing.assert_allclose(log_average, math.log(average), rtol=1e-5, atol=1e-6)
        exact = math.log(average / (1 - (1 - rate) ** (step + 1)))
        np.testing.assert_allclose(unbiased, exact, rtol=1e-5)
        # The first average is the first mean.
        assert step or abs(float(unbiased) - math.log(mean)) < 1e-5


def test_without_memory_the_average_is_the_batch():
    for before in (-math.inf, 3.0):
        _, unbiased = updated_log_average(tf.constant(before), tf.constant(1.5), 1.0, 4.0)
        np.testing.assert_allclose(unbiased, 1.5, rtol=1e-6)


def test_gradient_of_the_corrected_loss():
    joint, marginal = tf.constant(RNG.normal(size=4)), tf.constant(RNG.normal(size=(4, 3)))
    log_average = tf.constant(0.7, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([joint, marginal, log_average])
        loss = corrected_loss(joint, marginal, log_average)
    of_joint, of_marginal, of_average = tape.gradient(loss, [joint, marginal, log_average])
    np.testing.assert_allclose(of_joint, np.full(4, -0.25), rtol=1e-12)
    np.testing.assert_allclose(of_marginal, np.exp(marginal - 0.7) / 12, rtol=1e-12)
    assert of_average is None
    # With the batch's own mean it is the gradient of the batch's Donsker-Varadhan value.
    own = tf.constant(log_mean_exp(marginal.numpy()))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(marginal)
        loss = corrected_loss(joint, marginal, own)
        plain = tf.reduce_logsumexp(marginal) - tf.reduce_mean(joint)
    np.testing.assert_allclose(
        tape.gradient(loss, marginal), tape.gradient(plain, marginal), rtol=1e-12
    )


def test_huge_scores_do_not_overflow():
    marginal = tf.constant([-1e3, 2e3, 1e3])
    log_mean = tf.reduce_logsumexp(marginal) - math.log(3.0)
    _, unbiased = updated_log_average(tf.constant(-50.0), log_mean, 0.01, 100.0)
    # The average holds a hundredth of the batch: the mean ratio is below a hundred.
    loss = corrected_loss(tf.constant([0.0]), marginal, unbiased)
    assert 0.0 <= float(loss) <= 100.0


def test_closed_form():
    train, test = pairs(20_000, 0), pairs(20_000, 1)
    result = mine(
        *train,
        *test,
        hidden_units=(64, 64),
        epochs=12,
        batch_size=500,
        learning_rate=5e-3,
        decay_epochs=(6, 9),
    )
    # Below 2 nats but for the error of the reading (standard error of 320,000 strangers' ratios of
    # variance e^I-ish and of the pairs: 0.02); a small network comes within a tenth.
    assert 1.8 < result.test_nats < 2.08
    assert 1.8 < result.train_nats < 2.2
    assert result.test_nats == result.test_curve[-1]
    assert len(result.train_curve) == len(result.test_curve) == 12


@pytest.mark.slow
def test_information_of_vectors_knows_no_scale():
    x, codes = pairs(400, 0)
    options = {"hidden_units": (8,), "epochs": 1, "batch_size": 100}

    def value(x, codes, **more):
        return mine(x[:300], codes[:300], x[300:], codes[300:], **options, **more).test_nats

    expected = value(x, codes)
    for scale in (1e-20, 1e20):
        found = value(scale * x + 3.0 * scale, codes / scale)
        assert found == pytest.approx(expected, abs=1e-3)
    assert abs(value(x, codes, standardize=False) - expected) > 0.05


@pytest.mark.slow
def test_information_of_images_knows_no_contrast():
    images = RNG.uniform(-1, 1, size=(150, 4, 4, 2))
    codes = images.mean(axis=(1, 2))
    options = {"hidden_units": (8,), "channels": (4,), "epochs": 1, "batch_size": 50}

    def value(images, **more):
        return mine(images[:100], codes[:100], images[100:], codes[100:], **options, **more)

    expected = value(images).test_curve
    np.testing.assert_allclose(value(1e-9 * images + 0.5).test_curve, expected, atol=1e-3)
    assert np.isfinite(value(np.full_like(images, 0.3)).test_curve).all()
    # As they are: a network on pixels in [-1, 1], whatever the contrast.
    assert value(images, standardize=False) != value(0.5 * images, standardize=False)


def test_strangers_share_nothing():
    (x, _), (_, codes) = pairs(3_000, 0), pairs(3_000, 1)
    result = mine(
        x[:2000], codes[:2000], x[2000:], codes[2000:], hidden_units=(16,), epochs=2, batch_size=200
    )
    assert -0.1 < result.test_nats < 0.05


@pytest.mark.parametrize("dtype", [np.uint8, pytest.param(np.float32, marks=pytest.mark.slow)])
def test_images(dtype):
    # The code is the brightness: pairs and strangers are told apart at once.
    labels = RNG.integers(2, size=600)
    images = np.broadcast_to(labels[:, None, None, None] * 255, (600, 8, 8, 1)).astype(np.uint8)
    images = images if dtype == np.uint8 else (images / 127.5 - 1).astype(dtype)
    codes = np.where(labels, 1.0, -1.0)[:, None]
    options = {"hidden_units": (16,), "channels": (4, 8), "epochs": 8, "batch_size": 50}
    data = images[:500], codes[:500], images[500:], codes[500:]
    result = mine(*data, learning_rate=0.02, decay_epochs=(), **options)
    # I = H(label) = log 2, up to the frequencies of the two in a hundred test pairs.
    assert 0.55 < result.test_nats < 0.8


@pytest.mark.slow
def test_the_seed_decides():
    x, codes = pairs(100, 0)
    options = {"hidden_units": (4,), "epochs": 1, "batch_size": 20}
    once, again = (mine(x, codes, x, codes, **options) for _ in range(2))
    assert once == again != mine(x, codes, x, codes, **options, seed=1)


def test_partners_of_several():
    network = StatisticsNetwork((6, 5), (2,), seed=0)
    x = RNG.normal(size=(3, 4, 4, 2)).astype(np.float32)
    y = RNG.normal(size=(3, 7, 5)).astype(np.float32)
    network.build(x.shape, y.shape)
    scores = network(x, y)
    assert scores.shape == (3, 7)
    for partner in range(7):
        np.testing.assert_allclose(network(x, y[:, partner]), scores[:, partner], atol=1e-6)


def test_saving(tmp_path):
    network = StatisticsNetwork((6,), (2,), seed=0)
    x, y = np.ones((3, 4, 4, 1), np.float32), np.ones((3, 5), np.float32)
    network.build(x.shape, y.shape)
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded(x, y), network(x, y))
    with pytest.raises(ValueError, match=r"hidden layer\. Received: hidden_units=\(\)"):
        StatisticsNetwork(())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"negatives": 4.5}, r"an integer from 1 to batch_size - 1 = 9\. Received: negatives=4\.5"),
        ({"negatives": 10}, r"Received: negatives=10"),
        ({"hidden_units": 8}, r"positive integers in a tuple\. Received: hidden_units=8"),
        ({"hidden_units": (4.5,)}, r"Received: hidden_units=\(4\.5,\)"),
        ({"channels": 3}, r"positive integers in a tuple\. Received: channels=3"),
        ({}, r"of 8 pixels a side or more.* 4 x 5 pixels, channels=\(16, 32, 64\)"),
    ],
)
def test_options(options, message):
    images, codes = np.zeros((20, 4, 5, 1), np.float32), np.eye(20)
    with pytest.raises(ValueError, match=message):
        mine(images, codes, images, codes, batch_size=10, epochs=1, **options)


def test_the_smallest_images():
    images, codes = np.zeros((20, 4, 5, 1), np.float32), np.eye(20)
    options = {"batch_size": 10, "epochs": 1, "hidden_units": (4,), "channels": (2, 2)}
    assert math.isfinite(mine(images, codes, images, codes, **options).test_nats)
