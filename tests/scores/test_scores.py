"""``PairScores``: which pairs are joint, which marginal, and the sums over them."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.scores.pairs import PairScores, pair_scores

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(5, 5))
OFF_DIAGONAL = np.array([[MATRIX[i, j] for j in range(5) if j != i] for i in range(5)])
# Four images with two globals and three places each, and what is what in them.
MAPS = RNG.normal(size=(4, 2, 4, 3))
OWN = np.array([MAPS[i, b, i] for i in range(4) for b in range(2)])
OTHERS = np.array(
    [
        [MAPS[i, b, j, a] for j in range(4) if j != i for a in range(3)]
        for i in range(4)
        for b in range(2)
    ]
)
IS_OWN = np.broadcast_to(np.eye(4, dtype=bool)[:, np.newaxis, :, np.newaxis], MAPS.shape)


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


def rests(row):
    """Log of the sum of the exponentials of all others, for each entry."""
    with np.errstate(divide="ignore"):
        return [np.log(np.sum(np.exp(np.delete(row, k)))) for k in range(len(row))]


def test_means_with_each_marginal_pair_left_out():
    joint, marginal = RNG.normal(size=(3, 2)), RNG.normal(scale=3, size=(3, 4))
    expected = np.mean(
        [
            np.sin(own) * rest
            for i in range(3)
            for own in joint[i]
            for rest in rests(marginal[i])
        ]
    )
    holes = np.concatenate([marginal, np.full((3, 2), -np.inf)], axis=1)
    for scores in (PairScores(joint, marginal), PairScores(joint, holes, num_marginal=4)):
        mean = scores.leave_one_out_mean(lambda own, rest: tf.sin(own) * rest)
        np.testing.assert_allclose(mean, expected, rtol=1e-12)


@pytest.mark.parametrize("largest", [0.0, 40.0, 700.0])
def test_what_is_left_keeps_its_digits(largest):
    # Without the largest entry e^-700 of the whole is left, and is all there.
    marginal = np.array([[largest, 1.0, -2.0, 1.0, 0.5]])
    for dtype in (np.float32, np.float64):
        scores = PairScores(np.zeros(1, dtype), marginal.astype(dtype))
        expected = np.mean(rests(marginal[0]))
        mean = scores.leave_one_out_mean(lambda own, rest: rest + own)
        np.testing.assert_allclose(mean, expected, rtol=4 * np.finfo(dtype).eps)


def test_gradient_with_each_marginal_pair_left_out():
    row = tf.Variable([[3.0, -1.0, 3.0, 0.5]], dtype=tf.float64)
    with tf.GradientTape() as tape:
        scores = PairScores(tf.zeros(1, tf.float64), row)
        value = scores.leave_one_out_mean(lambda own, rest: own + rest)
    # Each entry's softmax among those left, whatever is left out, but itself.
    exponentials, expected = np.exp(row.numpy()[0]), np.zeros(4)
    for k in range(4):
        kept = np.where(np.arange(4) == k, 0.0, exponentials)
        expected += kept / kept.sum() / 4
    np.testing.assert_allclose(tape.gradient(value, row)[0], expected, rtol=1e-12)


def test_a_single_marginal_pair_leaves_nothing():
    row = tf.Variable([[2.0, -np.inf]], dtype=tf.float64)
    with tf.GradientTape() as tape:
        scores = PairScores(tf.ones(1, tf.float64), row, num_marginal=1)
        value = scores.leave_one_out_mean(lambda own, rest: tf.exp(rest) + own)
    assert value == 1.0
    np.testing.assert_array_equal(tape.gradient(value, row), [[0.0, 0.0]])


def test_clipped_marginal_pairs():
    marginal = RNG.normal(scale=3, size=(3, 4))
    holes = np.concatenate([marginal, np.full((3, 2), -np.inf)], axis=1)
    expected = np.log(np.mean(np.exp(np.clip(marginal, -2, 2))))
    for scores in (
        PairScores(np.zeros(3), marginal), PairScores(np.zeros(3), holes, num_marginal=4)
    ):
        np.testing.assert_allclose(scores.clipped_log_mean_exp(2.0), expected, rtol=1e-12)
    # Nor does the logarithm underflow where all are clipped.
    low = PairScores(np.zeros(3, np.float32), np.full((3, 4), -1e4, np.float32))
    np.testing.assert_allclose(low.clipped_log_mean_exp(500.0), -500.0, rtol=1e-6)


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


def test_maps_have_their_joint_pairs_at_the_own_places():
    scores = PairScores.from_maps(MAPS)
    np.testing.assert_array_equal(scores.joint, OWN)
    assert scores.num_marginal == OTHERS.shape[1]
    marginal = scores.marginal.numpy()
    assert marginal.shape == (8, 12)
    np.testing.assert_array_equal(marginal[marginal > -np.inf].reshape(OTHERS.shape), OTHERS)


def test_sums_over_the_pairs_of_maps():
    scores = PairScores.from_maps(MAPS)
    for ours, theirs in (
        (scores.marginal_logsumexp(), np.log(np.exp(OTHERS).sum(1))),
        (scores.rivals_logsumexp(), np.log(np.exp(OTHERS).sum(1))),
        (scores.log_mean_exp(), np.log(np.exp(OTHERS).mean())),
        (scores.marginal_mean_exp(0.5), np.exp(OTHERS - 0.5).mean(1)),
        (scores.marginal_mean(tf.identity), OTHERS.mean(1)),
        (scores.marginal_mean(tf.square), (OTHERS**2).mean(1)),
        (scores.marginal_mean(tf.exp), np.exp(OTHERS).mean(1)),
        (scores.joint_mean(tf.square), (OWN**2).mean()),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


STATISTICS = {
    "logsumexp": lambda scores: scores.marginal_logsumexp(),
    "log_mean_exp": lambda scores: scores.log_mean_exp(),
    "mean_exp": lambda scores: scores.marginal_mean_exp(0.0),
    "mean": lambda scores: scores.marginal_mean(tf.identity),
    "mean_square": lambda scores: scores.marginal_mean(tf.square),
    "mean_softplus": lambda scores: scores.marginal_mean(tf.nn.softplus),
    # Neither a value nor a derivative at the score that stands in for those left out.
    "mean_log": lambda scores: scores.marginal_mean(lambda u: tf.math.log(u * u)),
}


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("own", [0.0, 1000.0, -1000.0, 1e6, np.inf])
def test_the_own_image_does_not_touch_the_marginal_sums(name, own):
    # Excluded exactly, whatever its scores: neither in value nor in gradient.
    def value_and_gradient(maps):
        maps = tf.constant(maps)
        with tf.GradientTape() as tape:
            tape.watch(maps)
            value = STATISTICS[name](PairScores.from_maps(maps))
        return value, tape.gradient(value, maps).numpy()

    value, gradient = value_and_gradient(np.where(IS_OWN, own, MAPS))
    expected_value, expected_gradient = value_and_gradient(MAPS)
    np.testing.assert_array_equal(value, expected_value)
    np.testing.assert_array_equal(gradient, expected_gradient)
    np.testing.assert_array_equal(gradient[IS_OWN], 0.0)
    assert np.isfinite(value).all() and np.all(gradient[~IS_OWN] != 0)


def test_a_constant_for_the_own_places_is_in_the_denominator_of_infonce_alone():
    scores = PairScores.from_maps(MAPS, self_score=-1.5)
    plain = PairScores.from_maps(MAPS)
    # Three places of exp(-1.5) each.
    expected = np.log(np.exp(OTHERS).sum(1) + 3 * np.exp(-1.5))
    np.testing.assert_allclose(scores.rivals_logsumexp(), expected, rtol=1e-12)
    softmax = np.exp(OWN) / (np.exp(OWN) + np.exp(expected)[:, np.newaxis])
    infonce = np.log(softmax).mean() + np.log(9 + 1)
    np.testing.assert_allclose(bounds.infonce(scores), infonce, rtol=1e-12)
    for name in set(bounds.names()) - {"infonce"}:
        assert bounds.get(name)(scores) == bounds.get(name)(plain), name
    assert scores.num_marginal == plain.num_marginal == 9


def test_a_constant_for_the_own_places_far_above_all_scores():
    # A A-fold constant that is all there is: its gradient to the others vanishes, and is no NaN.
    maps = tf.constant(MAPS)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        value = bounds.infonce(PairScores.from_maps(maps, self_score=1000.0))
    np.testing.assert_allclose(value, OWN.mean() - 1000.0 - np.log(3) + np.log(10), rtol=1e-12)
    np.testing.assert_allclose(tape.gradient(value, maps), IS_OWN / OWN.size, atol=1e-12)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32, tf.float64])
def test_dtypes_of_maps(dtype):
    scores = PairScores.from_maps(tf.cast(MAPS, dtype), self_score=-10.0)
    expected = tf.float32 if dtype.size < 4 else dtype
    assert scores.joint.dtype == scores.rivals_logsumexp().dtype == expected
    assert bounds.infonce(scores).dtype == expected


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        (np.zeros((3, 2, 4, 5)), r"\[N, B, N, A\].* Received: scores of shape \(3, 2, 4, 5\)"),
        (np.zeros((3, 2, 3)), r"\[N, B, N, A\].* Received: scores of shape \(3, 2, 3\)"),
        (np.zeros((1, 2, 1, 5)), r"At least two images.* Received: .*\(1, 2, 1, 5\)"),
        (np.zeros((3, 0, 3, 5)), r"a global and a place.* Received: .*\(3, 0, 3, 5\)"),
        (np.zeros((3, 2, 3, 0)), r"a global and a place.* Received: .*\(3, 2, 3, 0\)"),
        (np.zeros((3, 2, 3, 5), int), r"`scores` must be floating\. Received: dtype int64"),
    ],
)
def test_maps_that_do_not_fit(maps, message):
    with pytest.raises(ValueError, match=message):
        PairScores.from_maps(maps)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((1, 2, 1, 3), "At least two images"), ((2, 1, 3, 2), r"must be \[N, B, N, A\]")],
)
def test_maps_that_do_not_fit_at_unknown_batch_size(shape, message):
    compiled = tf.function(
        lambda maps: bounds.infonce(PairScores.from_maps(maps)),
        input_signature=[tf.TensorSpec([None] * 4, tf.float32)],
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        compiled(tf.zeros(shape))


def following(images, partners):
    """Of every image, the images that follow it in the batch, beginning anew at its end."""
    return [[(i + step) % images for step in range(1, partners + 1)] for i in range(images)]


@pytest.mark.parametrize("partners", [1, 2, 3])
def test_fewer_negative_images(partners):
    scores = PairScores.from_maps(MAPS, negative_images=partners)
    kept = np.array(
        [
            np.concatenate([MAPS[i, b, j] for j in others])
            for i, others in enumerate(following(4, partners))
            for b in range(2)
        ]
    )
    np.testing.assert_array_equal(scores.joint, OWN)
    assert scores.num_marginal == kept.shape[1] == 3 * partners
    for ours, theirs in (
        (scores.marginal_logsumexp(), np.log(np.exp(kept).sum(1))),
        (scores.log_mean_exp(), np.log(np.exp(kept).mean())),
        (scores.marginal_mean(tf.square), (kept**2).mean(1)),
        (scores.marginal_mean_exp(0.5), np.exp(kept - 0.5).mean(1)),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    apart = PairScores(OWN, kept)
    for name in bounds.names():
        np.testing.assert_allclose(bounds.get(name)(scores), bounds.get(name)(apart), rtol=1e-12)
    if partners == 3:
        np.testing.assert_array_equal(scores.marginal, PairScores.from_maps(MAPS).marginal)


def test_images_left_out_have_no_gradient():
    maps = tf.constant(MAPS)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        value = bounds.jsd(PairScores.from_maps(maps, negative_images=2))
    gradient = tape.gradient(value, maps).numpy()
    for i, others in enumerate(following(4, 2)):
        for j in range(4):
            assert np.all((gradient[i, :, j] != 0) == (j == i or j in others))


def test_fewer_negative_images_and_a_constant_for_the_own_places():
    scores = PairScores.from_maps(MAPS, self_score=-1.5, negative_images=1)
    rivals = [
        np.exp(MAPS[i, b, (i + 1) % 4]).sum() + 3 * np.exp(-1.5) for i in range(4) for b in range(2)
    ]
    np.testing.assert_allclose(scores.rivals_logsumexp(), np.log(rivals), rtol=1e-12)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_fewer_negative_images_at_unknown_batch_size(jit_compile):
    compiled = tf.function(
        lambda maps: bounds.infonce(PairScores.from_maps(maps, negative_images=2)),
        jit_compile=jit_compile,
        input_signature=[tf.TensorSpec([None] * 4, tf.float64)],
    )
    expected = bounds.infonce(PairScores.from_maps(MAPS, negative_images=2))
    np.testing.assert_allclose(compiled(MAPS), expected, rtol=1e-12)
    # A last batch that has fewer others gives all that there are.
    few = MAPS[:2, :, :2]
    expected = bounds.infonce(PairScores.from_maps(few))
    np.testing.assert_allclose(compiled(few), expected, rtol=1e-12)


@pytest.mark.parametrize("partners", [0, -1, 4])
def test_impossible_numbers_of_negative_images(partners):
    message = rf"from 1 to the number of other.* Received: negative_images={partners}, .*\(4, 2, 4"
    with pytest.raises(ValueError, match=message):
        PairScores.from_maps(MAPS, negative_images=partners)
