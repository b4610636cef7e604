"""The classifier as a critic: normalised, the same by partners, and fitted by ``adapt``."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.estimation import CategoricalCritic

RNG = np.random.default_rng(0)


def pairs(side, count=300):
    labels = RNG.integers(3, size=count)
    values = RNG.normal(size=(count, 2)) + 2.0 * labels[:, np.newaxis]
    both = values.astype("float32"), np.eye(3, dtype="float32")[labels]
    return both if side == "y" else both[::-1]


@pytest.mark.parametrize("side", ["x", "y"])
def test_scores(side, tmp_path):
    x, y = pairs(side)
    critic = CategoricalCritic(side, waves=2, hidden_dim=8, seed=0)
    critic(x[:2], y[:2])
    critic.adapt(x, y)
    critic.readout.assign(RNG.normal(size=critic.readout.shape))
    every = critic(x, y).numpy()
    partners = RNG.integers(300, size=(300, 5))
    chosen = critic(x, y, tf.constant(partners, tf.int32)).numpy()
    np.testing.assert_allclose(chosen, np.take_along_axis(every, partners, 1), rtol=1e-5)
    # Of any classifier, sum_c p(c) exp(f(v, c)) = 1.
    levels = np.eye(3, dtype="float32")
    values = (y if side == "x" else x)[:7]
    ratios = critic(levels, values).numpy().T if side == "x" else critic(values, levels).numpy()
    priors = np.exp(critic.log_priors.numpy())
    np.testing.assert_allclose(np.exp(ratios) @ priors, 1.0, rtol=1e-5)
    copy = CategoricalCritic.from_config(critic.get_config())
    assert copy.get_config() == critic.get_config()
    inputs = keras.Input(x.shape[1:]), keras.Input(y.shape[1:])
    keras.Model(inputs, critic(*inputs)).save(tmp_path / "critic.keras")
    loaded = keras.models.load_model(tmp_path / "critic.keras")
    np.testing.assert_allclose(loaded([x, y]).numpy(), every, rtol=1e-5)


def test_adapt_finds_the_gaussian_classifier():
    x, y = pairs("y", 3_000)
    critic = CategoricalCritic("y", seed=0)
    critic(x[:2], y[:2])
    critic.adapt(x[:2_000], y[:2_000])
    means = np.arange(3) * 2.0
    logits = -0.5 * ((x[2_000:, np.newaxis] - means[:, np.newaxis]) ** 2).sum(axis=-1)
    truth = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)) + np.log(3)
    places = y[2_000:].argmax(axis=1)
    found = np.diag(critic(x[2_000:], y[2_000:]).numpy())
    assert found.mean() == pytest.approx(truth[np.arange(1_000), places].mean(), abs=0.03)


def test_a_table_is_smoothed():
    rows = np.eye(4, dtype="float32")[RNG.integers(4, size=400)]
    critic = CategoricalCritic("y", is_table=True, seed=0)
    critic(rows[:2], rows[:2])
    critic.adapt(rows, rows)
    scores = critic(np.eye(4, dtype="float32"), np.eye(4, dtype="float32")).numpy()
    assert np.isfinite(scores).all() and (np.diag(scores) > 1.2).all() and scores[0, 1] < -3


def test_wrong_options():
    with pytest.raises(ValueError, match="`label_side` must be"):
        CategoricalCritic("z")
