"""Variational bounds: values worked out by hand, and how they hang together."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.critics import InnerProdCritic
from tf_infomax.data.gaussians import CorrelatedGaussians
from tf_infomax.encoders import MLP
from tf_infomax.scores.pairs import PairScores, pair_scores

# Rows are anchors: exp of the scores is [[4, 1], [2, 2]].
TWO_PAIRS = np.log([[4.0, 1.0], [2.0, 2.0]])


def random_scores(size, seed=0):
    return np.random.default_rng(seed).normal(size=(size, size))


def test_infonce_by_hand():
    # Softmax over each row: 4/5 and 2/4, so log 2 + (log 4/5 + log 1/2) / 2 = log(2 sqrt(2/5)).
    np.testing.assert_allclose(bounds.infonce(TWO_PAIRS), 0.5 * math.log(1.6), rtol=1e-14)
    # Over the columns it would be 4/6 and 2/3: the orientation matters.
    np.testing.assert_allclose(bounds.infonce(TWO_PAIRS.T), math.log(4 / 3), rtol=1e-14)


def test_infonce_of_several_joint_pairs_by_hand():
    # One anchor, odds 3 : (1 + 2) and 6 : (1 + 2), each joint pair against the marginal ones
    # only: log 3 + (log 1/2 + log 2/3) / 2 = log(3 / sqrt(3)).
    scores = PairScores(np.log([[3.0, 6.0]]), np.log([[1.0, 2.0]]))
    np.testing.assert_allclose(bounds.infonce(scores), 0.5 * math.log(3.0), rtol=1e-14)


def test_tuba_by_hand():
    # 1 + (log 4 + log 2) / 2 - (1 + 2) / 2.
    np.testing.assert_allclose(bounds.tuba(TWO_PAIRS), 1.5 * math.log(2) - 0.5, rtol=1e-14)
    # Baselines 2 and 4 divide the rows' exponentials: [[2, 1/2], [1/2, 1/2]], so that
    # 1 + (log 2 + log 1/2) / 2 - (1/2 + 1/2) / 2 = 1/2.
    by_row = bounds.tuba(TWO_PAIRS, log_baseline=np.log([2.0, 4.0]))
    np.testing.assert_allclose(by_row, 0.5, rtol=1e-14)


def test_nwj_by_hand():
    # (log 4 + log 2) / 2 - (1/e + 2/e) / 2.
    np.testing.assert_allclose(bounds.nwj(TWO_PAIRS), 1.5 * math.log(2) - 1.5 / math.e, rtol=1e-14)


def test_donsker_varadhan_by_hand():
    # (log 4 + log 2) / 2 - log((1 + 2) / 2).
    expected = 1.5 * math.log(2) - math.log(1.5)
    np.testing.assert_allclose(bounds.donsker_varadhan(TWO_PAIRS), expected, rtol=1e-14)


def test_nwj_is_tuba_with_baseline_e():
    scores = random_scores(6)
    np.testing.assert_allclose(bounds.nwj(scores), bounds.tuba(scores, 1.0), rtol=1e-14)
    # A constant baseline a is a shift of all scores by -log a.
    np.testing.assert_allclose(bounds.nwj(scores), bounds.tuba(scores - 1.0), rtol=1e-12)


def test_the_best_constant_baseline_makes_tuba_donsker_varadhan():
    # TUBA(a) = 1 + J - log a - E / a, with J the mean joint score and E the mean exponential of the
    # marginal ones. Its derivative -1/a + E/a^2 vanishes at a = E, the maximum: J - log E = DV.
    scores = random_scores(6)
    best = pair_scores(scores).log_mean_exp()
    dual = bounds.donsker_varadhan(scores)
    np.testing.assert_allclose(bounds.tuba(scores, best), dual, rtol=1e-12)
    for offset in (-1.0, -0.01, 0.01, 1.0):
        # What is lost: offset + exp(-offset) - 1.
        lost = dual - bounds.tuba(scores, best + offset)
        np.testing.assert_allclose(lost, offset + math.exp(-offset) - 1, rtol=1e-8)


def test_a_shift_of_all_scores():
    scores = random_scores(6)
    for shift in (-100.0, 3.0, 1e4):
        for bound in (bounds.infonce, bounds.donsker_varadhan):
            # Adding to scores of magnitude `shift` rounds them by shift * 2^-53.
            difference = bound(scores + shift) - bound(scores)
            np.testing.assert_allclose(difference, 0.0, atol=1e-15 * abs(shift) + 1e-14)
    assert abs(bounds.nwj(scores + 3.0) - bounds.nwj(scores)) > 0.1


def test_infonce_does_not_see_a_shift_of_a_row():
    # f* = log r + c(x) is optimal for any c.
    scores, shifts = random_scores(6), 10 * random_scores(6, seed=1)[:, :1]
    np.testing.assert_allclose(bounds.infonce(scores + shifts), bounds.infonce(scores), rtol=1e-12)
    assert abs(bounds.infonce(scores + shifts.T) - bounds.infonce(scores)) > 0.1


def test_infonce_saturates_where_the_information_exceeds_its_ceiling():
    # I(X; Y) = 16.6 nats, K = 64: the optimal critic is at the ceiling, 4.159 nats.
    pairs = CorrelatedGaussians(dim=20, rho=0.9)
    value = bounds.infonce(pairs.log_density_ratio(*pairs.sample(64, seed=0)))
    assert pairs.mutual_information > 16
    assert 0.99 * math.log(64) < value <= math.log(64) + 1e-6


def test_infonce_is_the_k_pair_loss_of_metric_learning():
    # Sohn (2016): mean_i log(1 + sum_{j != i} exp(<g(x_i), g(y_j)> - <g(x_i), g(y_i)>)), here in
    # NumPy from one encoder's codes; I_NCE = log K - loss (Tschannen et al. 2020, section 4).
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 9, 5)).astype(np.float32)
    encoder = MLP((16, 7), seed=0)
    codes_x, codes_y = (encoder(view).numpy().astype(np.float64) for view in (x, y))
    losses = []
    for i in range(9):
        own = codes_x[i] @ codes_y[i]
        others = (codes_x[i] @ codes_y[j] - own for j in range(9) if j != i)
        losses.append(math.log1p(sum(math.exp(ahead) for ahead in others)))
    value = bounds.infonce(InnerProdCritic()(encoder(x), encoder(y)))
    assert np.std(losses) > 0.1
    np.testing.assert_allclose(value, math.log(9) - np.mean(losses), atol=1e-5)


@pytest.mark.parametrize("shape", [(3,), (5,), (6, 1), (6, 6), (1, 6)])
def test_baselines_of_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"one entry per row.*\(6,\)\. Received: shape \("):
        bounds.tuba(random_scores(6), log_baseline=np.zeros(shape))


def test_gradient_of_a_learned_baseline():
    # d/d log a_i of -mean(log a) - mean(exp(marginal) / a): (mean_j exp(s_ij) / a_i - 1) / K.
    log_baseline = tf.Variable(np.log([2.0, 4.0]))
    with tf.GradientTape() as tape:
        value = bounds.tuba(TWO_PAIRS, log_baseline)
    gradient = tape.gradient(value, log_baseline)
    np.testing.assert_allclose(gradient, [(1 / 2 - 1) / 2, (2 / 4 - 1) / 2], rtol=1e-12)
