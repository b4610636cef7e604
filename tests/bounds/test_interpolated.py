"""The interpolated bound: every mean by hand, its two ends, its ceiling, and that it is one."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.data.gaussians import CorrelatedGaussians
from tf_infomax.scores.pairs import PairScores

RNG = np.random.default_rng(0)
each_alpha = pytest.mark.parametrize("alpha", [0.01, 0.3, 1.0])


def by_hand(scores, log_baseline, alpha):
    """``interpolated`` of a ``[K, K]`` matrix, candidate by candidate."""
    exponentials, q = np.exp(scores), np.exp(np.broadcast_to(log_baseline, len(scores)))
    values = []
    for i, row in enumerate(exponentials):
        for k in range(len(row)):
            if k == i:
                continue
            without_k = alpha * np.mean(np.delete(row, k)) + (1 - alpha) * q[i]
            without_i = alpha * np.mean(np.delete(row, i)) + (1 - alpha) * q[i]
            values.append(1 + math.log(row[i] / without_k) - row[k] / without_i)
    return np.mean(values)


@pytest.mark.parametrize("alpha", [0.0, 0.01, 0.3, 1.0])
@pytest.mark.parametrize("size", [2, 3, 7])
def test_values(size, alpha):
    scores, log_baseline = RNG.normal(scale=2, size=(size, size)), RNG.normal(size=size)
    for baseline in (log_baseline, 0.5, None):
        value = bounds.interpolated(scores, baseline, alpha)
        expected = by_hand(scores, 0.0 if baseline is None else baseline, alpha)
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-13)
    single = bounds.interpolated(
        tf.constant(scores, tf.float32), tf.constant(log_baseline, tf.float32), alpha
    )
    np.testing.assert_allclose(single, by_hand(scores, log_baseline, alpha), rtol=2e-5, atol=2e-5)


def test_a_value_by_fractions():
    # exp of the scores [[6, 2, 4], ...], alike in each row but for the order, a = 1, alpha = 1/2.
    # Without the first rival (6 + 4) / 2 / 2 + 1/2 = 3, without the second (6 + 2) / 4 + 1/2 = 5/2;
    # the rivals' own mean is 3, a = 2: 1 + (log 6/3 + log 12/5) / 2 - 3/2.
    scores = np.log([[6.0, 2.0, 4.0], [4.0, 6.0, 2.0], [2.0, 4.0, 6.0]])
    expected = 0.5 * math.log(2 * 12 / 5) - 0.5
    np.testing.assert_allclose(bounds.interpolated(scores, alpha=0.5), expected, rtol=1e-13)


def test_alpha_0_is_tuba():
    scores, log_baseline = RNG.normal(size=(5, 5)), RNG.normal(size=5)
    for baseline in (None, 1.0, log_baseline):
        assert bounds.interpolated(scores, baseline, 0.0) == bounds.tuba(scores, baseline)
        near = bounds.interpolated(scores, baseline, 1e-9)
        np.testing.assert_allclose(near, bounds.tuba(scores, baseline), atol=1e-7)


def test_alpha_1_is_the_mean_infonce_with_a_candidate_left_out():
    scores = RNG.normal(size=(5, 5))
    values = []
    for i, row in enumerate(scores):
        for k in range(5):
            if k != i:
                rivals = np.delete(row, [i, k])
                values.append(bounds.infonce(PairScores(row[None, i : i + 1], rivals[None])))
    for baseline in (None, 3.0, RNG.normal(size=5)):
        value = bounds.interpolated(scores, baseline, 1.0)
        np.testing.assert_allclose(value, np.mean(values), rtol=1e-12)


def test_a_baseline_is_a_shift_of_the_row():
    scores, log_baseline = RNG.normal(size=(5, 5)), RNG.normal(size=5)
    for alpha in (0.01, 0.5):
        np.testing.assert_allclose(
            bounds.interpolated(scores, log_baseline, alpha),
            bounds.interpolated(scores - log_baseline[:, None], None, alpha),
            rtol=1e-12,
        )


def one_by_one(alpha):
    """Compiled function of scores ``[N, K, K]`` and baselines ``[N, K]`` to values ``[N]``."""

    @tf.function
    def values_of(scores, baselines):
        return tf.map_fn(
            lambda pair: bounds.interpolated(*pair, alpha),
            (scores, baselines),
            fn_output_signature=tf.float64,
        )

    return values_of


# Two coins that agree with probability 0.9, and their three draws with probabilities.
COINS = np.array([[0.45, 0.05], [0.05, 0.45]])
DRAWS = [
    (np.array(cells) // 2, np.array(cells) % 2, np.prod(COINS.ravel()[list(cells)]))
    for cells in itertools.product(range(4), repeat=3)
]
NATS = math.log(2) + 0.9 * math.log(0.9) + 0.1 * math.log(0.1)


def expectation(values_of, critic, log_baseline):
    """Of a bound over all batches of three pairs of coins.

    ``values_of`` maps scores ``[N, 3, 3]`` and baselines ``[N, 3]`` to values ``[N]``.
    """
    scores = np.stack([critic[np.ix_(x, y)] for x, y, _ in DRAWS])
    baselines = np.stack([log_baseline[x] for x, _, _ in DRAWS])
    return np.array([weight for *_, weight in DRAWS]) @ np.asarray(values_of(scores, baselines))


@each_alpha
def test_its_expectation_never_exceeds_the_information(alpha):
    values_of = one_by_one(alpha)
    log_ratio = np.log(4 * COINS)
    values = [
        expectation(values_of, critic, RNG.normal(scale=scale, size=2))
        for scale in (0.0, 0.5, 3.0)
        for critic in (log_ratio, 3 * log_ratio, 50 * log_ratio, RNG.normal(scale=2, size=(2, 2)))
    ]
    assert max(values) <= NATS + 1e-12
    # At alpha near 0 the best critic, with a = 1, comes close.
    assert alpha > 0.01 or abs(values[0] - NATS) < 0.01


def test_without_leaving_out_it_would_exceed_the_information():
    # The mean over the whole row in both terms, as one might write it, is no bound.
    def whole_row(scores, baselines):
        del baselines
        own, mean = np.diagonal(scores, axis1=1, axis2=2), np.exp(scores).mean(axis=2)
        others = (3 * mean - np.exp(own)) / 2
        return (1 + own - np.log(mean) - others / mean).mean(axis=1)

    assert expectation(whole_row, np.log(4 * COINS), np.zeros(2)) > NATS + 0.1


@each_alpha
def test_ceiling(alpha):
    # One partner far ahead: the joint term is at log(M / alpha), and below alpha = 1 the marginal
    # one can be nothing. So log(K / alpha), often quoted, is exceeded by up to 1.
    size = 4
    scores = np.where(np.eye(size, dtype=bool), 500.0, -500.0)
    value = bounds.interpolated(scores, 0.0, alpha)
    ceiling = bounds.info("interpolated", alpha=alpha).ceiling(size)
    np.testing.assert_allclose(value, ceiling, rtol=1e-12)
    assert (value > math.log(size / alpha)) == (alpha < 1)
    scales = np.repeat([0.1, 10.0, 300.0], 40)[:, None]
    some = scales[:, :, None] * RNG.normal(size=(120, size, size))
    baselines = scales * RNG.normal(size=(120, size))
    assert np.max(one_by_one(alpha)(some, baselines)) <= ceiling + 1e-9


@each_alpha
def test_optimal_critic_reads_the_closed_form(alpha):
    # 1.02 nats with a = 1, which is right for f = log r: nothing is lost but what InfoNCE loses, of
    # the order of Var(r) / M (at alpha = 1, half of it).
    pairs = CorrelatedGaussians(dim=2, rho=0.8)
    @tf.function
    def value(seed):
        scores = pairs.log_density_ratio(*pairs.sample(512, seed))
        return bounds.interpolated(scores, alpha=alpha)

    values = [float(value(tf.constant([0, seed]))) for seed in range(12)]
    standard_error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert 1e-3 < standard_error < 0.03
    # The mean over x of the variance of r over y, for what is lost at alpha = 1, two orders.
    lost = alpha * (1 / (1 - 0.8**2) ** 2 - 1) / (2 * 511)
    assert abs(np.mean(values) - pairs.mutual_information + lost) < 4 * standard_error


@each_alpha
def test_gradients_of_huge_scores_and_baselines_are_finite(alpha):
    for magnitude in (1e3, 1e6, 1e30):
        scores = tf.Variable((magnitude * RNG.choice([-1, 0, 1], size=(4, 4))).astype(np.float32))
        baseline = tf.Variable((magnitude * RNG.choice([-1, 0, 1], size=4)).astype(np.float32))
        with tf.GradientTape() as tape:
            value = bounds.interpolated(scores, baseline, alpha)
        assert np.isfinite(value)
        for gradient in tape.gradient(value, [scores, baseline]):
            assert np.isfinite(gradient).all()


def test_gradient_of_the_baseline():
    scores, log_baseline = RNG.normal(size=(4, 4)), RNG.normal(size=4)
    variable = tf.Variable(log_baseline)
    with tf.GradientTape() as tape:
        value = bounds.interpolated(scores, variable, 0.3)
    gradient = tape.gradient(value, variable)
    for i in range(4):
        step = 1e-5 * np.eye(4)[i]
        ends = [by_hand(scores, log_baseline + sign * step, 0.3) for sign in (1, -1)]
        np.testing.assert_allclose(gradient[i], (ends[0] - ends[1]) / 2e-5, rtol=1e-6, atol=1e-9)


def test_equal_scores_and_one_candidate():
    # Ties for the largest rival, of which one is summed anew; K = 2 leaves nothing of the rest.
    for size in (2, 3, 6):
        scores = np.full((size, size), 700.0)
        np.testing.assert_allclose(bounds.interpolated(scores, alpha=1.0), 0.0, atol=1e-12)
        np.testing.assert_allclose(bounds.interpolated(scores, 700.0, 0.5), 0.0, atol=1e-12)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, math.nan, "NCE", None])
def test_impossible_alpha(alpha):
    with pytest.raises(ValueError, match=rf"from 0 to 1\. Received: alpha={alpha!r}"):
        bounds.interpolated(np.zeros((3, 3)), alpha=alpha)


def test_a_baseline_of_wrong_shape():
    with pytest.raises(ValueError, match=r"one entry per row.*\(3,\)\. Received: shape \(2,\)"):
        bounds.interpolated(np.zeros((3, 3)), np.zeros(2))
