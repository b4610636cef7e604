"""``PairScores``: which pairs are joint, which marginal, and the sums over them."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.scores import PairScores, pair_scores

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(5, 5))
OFF_DIAGONAL = np.array([[MATRIX[i, j] for j in range(5) if j != i] for i in range(5)])


def test_a_matrix_has_its_joint_pairs_on_the_diagonal():
    scores = pair_scores(MATRIX)
    assert scores.joint.shape == (5, 1)
    np.testing.assert_array_equal(scores.joint[:, 0], np.diag(MATRIX))
    assert scores.num_marginal == 4


def test_sums_over_the_marginal_pairs_of_a_matrix():
    scores = pair_scores(MATRIX)
    exponentials = np.exp(OFF_DIAGONAL)
    for ours, theirs in (
        (scores.marginal_logsumexp(), np.log(exponentials.sum(1))),
        (scores.marginal_log_mean_exp(), np.log(exponentials.mean(1))),
        (scores.log_mean_exp(), np.log(exponentials.mean())),
        (scores.marginal_mean_exp(0.5), exponentials.mean(1) / np.exp(0.5)),
        (scores.marginal_mean_exp(np.arange(5.0)), exponentials.mean(1) / np.exp(np.arange(5))),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_joint_pairs_do_not_touch_the_marginal_sums():
    # Excluded exactly, not by a large number: neither in value nor in gradient, at any size.
    moved = MATRIX + np.diag([0.0, 1.0, 1000.0, -1000.0, 1e6])
    for method in ("marginal_logsumexp", "log_mean_exp"):
        matrix = tf.constant(moved)
        with tf.GradientTape() as tape:
            tape.watch(matrix)
            value = getattr(pair_scores(matrix), method)()
        np.testing.assert_array_equal(value, getattr(pair_scores(MATRIX), method)())
        gradient = tape.gradient(value, matrix).numpy()
        np.testing.assert_array_equal(np.diag(gradient), np.zeros(5))
        assert np.all(gradient[~np.eye(5, dtype=bool)] > 0)


def test_pairs_given_apart():
    joint, marginal = RNG.normal(size=(3, 2)), RNG.normal(size=(3, 4))
    scores = PairScores(joint, marginal)
    assert pair_scores(scores) is scores
    np.testing.assert_array_equal(scores.joint, joint)
    np.testing.assert_array_equal(scores.marginal, marginal)
    expected = np.log(np.exp(marginal).mean(1))
    np.testing.assert_allclose(scores.marginal_log_mean_exp(), expected, rtol=1e-12)
    np.testing.assert_allclose(scores.log_mean_exp(), np.log(np.exp(marginal).mean()), rtol=1e-12)


def test_minus_infinity_is_no_pair():
    full = RNG.normal(size=(3, 4))
    holes = np.concatenate([full, np.full((3, 1), -np.inf)], axis=1)
    apart = PairScores(np.zeros(3), full)
    with_holes = PairScores(np.zeros(3), holes, num_marginal=4)
    assert apart.joint.shape == (3, 1)
    for method in ("marginal_log_mean_exp", "log_mean_exp"):
        expected = getattr(apart, method)()
        np.testing.assert_allclose(getattr(with_holes, method)(), expected, rtol=1e-14)
    expected = apart.marginal_mean_exp(1.0)
    np.testing.assert_allclose(with_holes.marginal_mean_exp(1.0), expected, rtol=1e-14)


def test_large_scores_do_not_overflow():
    scores = pair_scores(MATRIX.astype(np.float32) + 1000.0)
    expected = np.log(np.exp(OFF_DIAGONAL).mean()) + 1000.0
    np.testing.assert_allclose(scores.log_mean_exp(), expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32, tf.float64])
def test_dtypes(dtype):
    scores = pair_scores(tf.cast(MATRIX, dtype))
    expected = tf.float32 if dtype.size < 4 else dtype
    assert scores.joint.dtype == scores.marginal.dtype == scores.log_mean_exp().dtype == expected


@pytest.mark.parametrize(
    ("joint", "marginal", "message"),
    [
        (np.zeros((2, 1, 1)), np.zeros((2, 3)), r"\[K, P\].*joint of shape \(2, 1, 1\)"),
        (np.zeros(2), np.zeros(2), r"\[K, M\].*marginal of shape \(2,\)"),
        (np.zeros(()), np.zeros((2, 3)), r"\[K, P\].*joint of shape \(\)"),
        (np.zeros(2), np.zeros((3, 3)), r"same number of anchors.*\(2, 1\).*\(3, 3\)"),
        (np.zeros(2, np.float32), np.zeros((2, 3)), r"same dtype.*float32 and float64"),
        (np.zeros(2, int), np.zeros((2, 3)), r"`joint` must be floating\. Received: dtype int64"),
        (np.zeros(2), np.zeros((2, 3), bool), r"`marginal` must be floating.*bool"),
        (np.zeros(2), np.zeros((2, 0)), r"a joint and a marginal pair.*\(2, 0\)"),
        (np.zeros((2, 0)), np.zeros((2, 3)), r"a joint and a marginal pair.*\(2, 0\)"),
        (np.zeros(0), np.zeros((0, 3)), r"a joint and a marginal pair.*\(0, 3\)"),
    ],
)
def test_pairs_that_do_not_fit(joint, marginal, message):
    with pytest.raises(ValueError, match=message):
        PairScores(joint, marginal)
