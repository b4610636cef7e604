"""Features in few dimensions and coordinates in many: chosen where they are needed only."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.estimation.canonical_critic import CanonicalCritic
from tf_infomax.estimation.margins import NormalScores
from tf_infomax.estimation.screening import informative_coordinates
from tf_infomax.estimation.waves import significant, wave_features

RNG = np.random.default_rng(0)


def scores(values):
    return NormalScores().fit(values).transform(values)


def test_waves_are_orthonormal_in_the_ranks():
    waves = wave_features(tf.constant(scores(np.arange(4_000.0)[:, np.newaxis])), 6).numpy()
    np.testing.assert_allclose(waves.T @ waves / 4_000, np.eye(6), atol=2e-3)
    np.testing.assert_allclose(waves.mean(axis=0), 0.0, atol=1e-6)


@pytest.mark.parametrize(("kind", "wanted"), [("wave", True), ("gauss", False), ("none", False)])
def test_waves_are_used_for_fast_dependence_only(kind, wanted):
    x = RNG.uniform(size=(1_500, 1))
    y = {"wave": np.sin(16 * math.pi * x), "gauss": 5.0 * x, "none": 0.0 * x}[kind]
    y = y + 0.2 * RNG.normal(size=x.shape)
    of_x, of_y = significant(scores(x), scores(y), 32, 32)
    assert of_x.any() == of_y.any() == wanted
    if wanted:
        # Eight periods are 16 half-periods.
        assert 14 <= np.flatnonzero(of_x)[0] + 1 <= 17 or of_x[15]


def test_informative_coordinates_are_found():
    x, y = RNG.normal(size=(2, 1_000, 60))
    y[:, 3] += x[:, 7]
    y[:, 5] = np.abs(x[:, 9]) + 0.3 * y[:, 5]
    of_x, of_y = informative_coordinates(x, y)
    assert {7, 9} <= {*np.flatnonzero(of_x)} and {3, 5} <= {*np.flatnonzero(of_y)}
    assert of_x.sum() + of_y.sum() <= 8


def test_adaptations_leave_out_what_tells_nothing():
    x, y = RNG.normal(size=(2, 400, 30))
    y[:, 0] = 0.8 * x[:, 0] + 0.6 * y[:, 0]
    critic = CanonicalCritic(seed=0)
    critic(tf.constant(x[:2]), tf.constant(y[:2]))
    names = list(critic.adaptations(x, y))
    assert names[0] == "all coordinates" and names[-1] == "informative coordinates"
    assert critic.active_dims()[0] < 5
    pairs = tf.constant(x, tf.float32), tf.constant(y, tf.float32)
    positives = np.diag(critic(*pairs).numpy())
    # The log-density ratio of the one pair that matters: its mean is 0.511 nats.
    assert positives.mean() == pytest.approx(-math.log(0.6), abs=0.15)
