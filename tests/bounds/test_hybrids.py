"""Values of one kind with gradients of another: JSD-trained NWJ, SMILE, MINE."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.bounds.moving_average import updated_log_average
from tf_infomax.data.gaussians import CorrelatedGaussians
from tf_infomax.scores.pairs import PairScores

RNG = np.random.default_rng(0)
SCORES = RNG.normal(scale=4.0, size=(6, 6))
OFF_DIAGONAL = SCORES[~np.eye(6, dtype=bool)]
# 1.02 nats.
PAIRS = CorrelatedGaussians(dim=2, rho=0.8)


def value_and_gradient(bound, scores=SCORES, **options):
    scores = tf.constant(scores)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = bound(scores, **options)
    return value, tape.gradient(value, scores).numpy()


def at_the_optimal_critic(bound, **options):
    """Mean and standard error over batches of the value at f = log r."""
    compiled = tf.function(
        lambda seed: bound(PAIRS.log_density_ratio(*PAIRS.sample(256, seed)), **options)
    )
    values = [float(compiled(tf.constant([0, seed]))) for seed in range(24)]
    return np.mean(values), np.std(values, ddof=1) / math.sqrt(len(values))


@pytest.mark.parametrize("shift", [1.0, 0.0, -2.5])
def test_js_nwj_is_nwj_of_shifted_scores(shift):
    value, _ = value_and_gradient(bounds.js_nwj, shift=shift)
    np.testing.assert_allclose(value, bounds.nwj(SCORES + shift), rtol=1e-12)


def test_js_nwj_by_hand():
    # exp of the scores [[4, 1], [2, 2]]: 1 + (log 4 + log 2) / 2 - (1 + 2) / 2, and the slip:
    # (log 4 + log 2) / 2 - 3 / (2 e).
    scores = np.log([[4.0, 1.0], [2.0, 2.0]])
    np.testing.assert_allclose(bounds.js_nwj(scores), 1.5 * math.log(2) - 0.5, rtol=1e-14)
    slip = 1.5 * (math.log(2) - 1 / math.e)
    np.testing.assert_allclose(bounds.js_nwj(scores, shift=0.0), slip, rtol=1e-14)


@pytest.mark.parametrize(
    ("shift", "expected"),
    # The published slip reads 1/e less at the optimum of JSD.
    [(1.0, PAIRS.mutual_information), (0.0, PAIRS.mutual_information - 1 / math.e)],
)
def test_js_nwj_at_the_optimum_of_jsd(shift, expected):
    mean, error = at_the_optimal_critic(bounds.js_nwj, shift=shift)
    assert 1e-3 < error < 0.03
    assert abs(mean - expected) < 4 * error


@pytest.mark.parametrize("clip", [1.0, 5.0, 1.5])
def test_smile_by_hand(clip):
    clipped = np.clip(OFF_DIAGONAL, -clip, clip)
    expected = np.mean(np.diag(SCORES)) - np.log(np.mean(np.exp(clipped)))
    assert np.any(clipped != OFF_DIAGONAL)
    value, _ = value_and_gradient(bounds.smile, clip=clip)
    np.testing.assert_allclose(value, expected, rtol=1e-12)


@pytest.mark.parametrize("clip", [None, math.inf, 1e3])
def test_smile_without_clipping_is_donsker_varadhan(clip):
    value, _ = value_and_gradient(bounds.smile, clip=clip)
    np.testing.assert_allclose(value, bounds.donsker_varadhan(SCORES), rtol=1e-12)


def test_smile_at_the_optimal_critic():
    mean, error = at_the_optimal_critic(bounds.smile)
    assert abs(mean - PAIRS.mutual_information) < 4 * error
    # With clip = 1 the subtracted mean is E[clip(r)], far below 1: more than the truth, no bound.
    mean, error = at_the_optimal_critic(bounds.smile, clip=1.0)
    assert mean > PAIRS.mutual_information + 4 * error


def test_smile_tames_the_variance():
    # 5.5 nats in batches of 64, where Donsker-Varadhan depends on a few outliers.
    pairs = CorrelatedGaussians(dim=5, rho=0.94)
    scores = [pairs.log_density_ratio(*pairs.sample(64, seed)) for seed in range(30)]
    of_smile, of_dv = (
        np.var([bound(one) - tf.reduce_mean(tf.linalg.diag_part(one)) for one in scores])
        for bound in (lambda one: bounds.smile(one, clip=1.0), bounds.donsker_varadhan)
    )
    assert of_smile < 0.05 * of_dv


def test_gradients_are_those_of_jsd():
    _, expected = value_and_gradient(bounds.jsd)
    assert np.abs(expected).min() > 0
    for bound, options in (
        (bounds.js_nwj, {}),
        (bounds.js_nwj, {"shift": 0.0}),
        (bounds.smile, {}),
        (bounds.smile, {"clip": 0.1}),
        (bounds.smile, {"clip": None}),
    ):
        np.testing.assert_array_equal(value_and_gradient(bound, **options)[1], expected)


def test_gradients_are_scaled_by_what_follows():
    scores = tf.constant(SCORES)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        loss = tf.abs(-3.0 * bounds.smile(scores) - 100.0)
    _, of_jsd = value_and_gradient(bounds.jsd)
    np.testing.assert_allclose(tape.gradient(loss, scores), 3.0 * of_jsd, rtol=1e-12)


def test_mine_without_an_average_is_donsker_varadhan():
    for ours, theirs in zip(
        value_and_gradient(bounds.mine), value_and_gradient(bounds.donsker_varadhan), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_mine_with_the_own_average_has_the_gradient_of_donsker_varadhan():
    own = np.log(np.mean(np.exp(OFF_DIAGONAL)))
    value, gradient = value_and_gradient(bounds.mine, log_average=own)
    expected_value, expected_gradient = value_and_gradient(bounds.donsker_varadhan)
    assert value == expected_value
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-12)


def test_mine_with_a_moving_average():
    # d/ds: 1/K on the diagonal, -exp(s) / m / (K (K - 1)) off it; the value does not know m.
    value, gradient = value_and_gradient(bounds.mine, log_average=1.7)
    assert value == bounds.donsker_varadhan(SCORES)
    expected = np.where(np.eye(6, dtype=bool), 1 / 6, -np.exp(SCORES - 1.7) / 30)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def test_the_average_has_no_gradient():
    log_average = tf.Variable(0.5, dtype=tf.float64)
    with tf.GradientTape() as tape:
        value = bounds.mine(SCORES, log_average)
    assert tape.gradient(value, log_average) is None


def test_a_long_average_takes_the_bias_from_the_gradient():
    # Of E_q[e^s ds] / E_q[e^s] with s = theta g, by batches of 4 pairs against the expectation
    # (g standard normal: the derivative of theta^2 / 2 is theta).
    theta = 1.0

    @tf.function
    def step(number, log_average, g):
        parameter = tf.constant(theta)
        with tf.GradientTape() as tape:
            tape.watch(parameter)
            scores = PairScores(tf.zeros(1), parameter * g[tf.newaxis])
            log_average, unbiased = updated_log_average(
                log_average, tf.stop_gradient(scores.log_mean_exp()), 0.01, number
            )
            value = bounds.mine(scores, unbiased)
        return -tape.gradient(value, parameter), log_average

    draws = np.random.default_rng(1).normal(size=(2000, 4)).astype(np.float32)
    log_average, corrected = tf.constant(-math.inf), []
    for number, g in enumerate(draws):
        derivative, log_average = step(tf.constant(float(number)), log_average, tf.constant(g))
        corrected.append(float(derivative))
    error = np.std(corrected) / math.sqrt(len(draws))
    assert error < 0.05
    assert abs(np.mean(corrected) - theta) < 4 * error
    weights = np.exp(theta * draws)
    own = (weights * draws).mean(axis=1) / weights.mean(axis=1)
    assert np.mean(own) < theta - 0.2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_scores_give_no_nan(dtype):
    diagonal = np.eye(4, dtype=bool)
    for joint in (1e30, -1e30, 0.0):
        for marginal in (1e30, -1e30, 0.0):
            scores = np.where(diagonal, joint, marginal).astype(dtype)
            for bound, options in (
                (bounds.js_nwj, {}),
                (bounds.smile, {}),
                (bounds.smile, {"clip": 1e5}),
                (bounds.smile, {"clip": None}),
                (bounds.mine, {"log_average": -1e3}),
                (bounds.mine, {"log_average": 1e3}),
            ):
                value, gradient = value_and_gradient(bound, scores, **options)
                message = f"{bound.__name__}, {options}, {joint}, {marginal}"
                assert not np.isnan(value) and not np.isnan(gradient).any(), message


def test_clipping_does_not_bring_back_what_is_no_pair():
    full, joint = RNG.normal(scale=9, size=(3, 4)), RNG.normal(size=(3, 2))
    holes = np.concatenate([full, np.full((3, 2), -np.inf)], axis=1)
    expected = bounds.smile(PairScores(joint, full))
    value = bounds.smile(PairScores(joint, holes, num_marginal=4))
    np.testing.assert_allclose(value, expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("bound", "options", "message"),
    [
        (bounds.smile, {"clip": 0.0}, r"positive, or None\. Received: clip=0\.0"),
        (bounds.smile, {"clip": -1}, r"positive, or None\. Received: clip=-1"),
        (bounds.smile, {"clip": math.nan}, r"Received: clip=nan"),
        (bounds.smile, {"clip": "5"}, r"Received: clip='5'"),
        (bounds.js_nwj, {"shift": math.inf}, r"finite number\. Received: shift=inf"),
        (bounds.js_nwj, {"shift": None}, r"finite number\. Received: shift=None"),
        (bounds.mine, {"log_average": np.zeros(6)}, r"scalar\. Received: .* of shape \(6,\)"),
    ],
)
def test_impossible_options(bound, options, message):
    with pytest.raises(ValueError, match=message):
        bound(SCORES, **options)
