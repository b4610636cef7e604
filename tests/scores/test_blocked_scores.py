"""Scores in blocks: every bound reads what it reads of the whole matrix."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import bounds, critics
from tf_infomax.scores import blocked_scores
from tf_infomax.scores.blocked_scores import BlockedScores, scores_of_pairs
from tf_infomax.scores.pairs import PairScores

K, WIDTH = 13, 4
RNG = np.random.default_rng(0)
X = RNG.normal(size=(K, WIDTH))
Y = 0.7 * X + 0.5 * RNG.normal(size=(K, WIDTH))
CRITICS = {
    "inner_product": {},
    "cosine": {"temperature": 0.5},
    "bilinear": {"feature_dim": WIDTH},
    "separable": {"hidden_dim": 5, "output_dim": 3},
    "concat": {"hidden_dim": 5, "layers": 2},
}


def critic_of(name, dtype="float64"):
    critic = critics.get(name, seed=0, dtype=dtype, **CRITICS[name])
    critic.build((None, WIDTH), (None, WIDTH))
    return critic


def value_and_gradients(critic, bound, make):
    """The bound and its gradients by codes and weights."""
    x, y = tf.constant(X), tf.constant(Y)
    weights = [weight.value for weight in critic.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        value = bound(make(critic, x, y))
    return [value, *tape.gradient(value, [x, y, *weights])]


def whole(critic, x, y):
    return PairScores.from_matrix(critic(x, y))


def assert_same(found, expected):
    # Some gradients are zero but for rounding.
    scale = max(np.abs(one).max() for one in expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13 * scale)


# By default every bound with one critic, and every critic with two bounds.
@pytest.mark.parametrize(("bound", "name"), [
    pytest.param(
        bound, name, id=f"{bound}-{name}",
        marks=() if name == "concat" or bound in ("infonce", "nwj") else pytest.mark.slow,
    )
    for bound in bounds.names() for name in CRITICS
])  # fmt: skip
def test_every_bound_and_critic(bound, name):
    critic, bound = critic_of(name), bounds.get(bound)
    expected = value_and_gradients(critic, bound, whole)
    # Blocks that do not divide K.
    found = value_and_gradients(
        critic, bound, lambda *inputs: BlockedScores(*inputs, rows=5)
    )
    assert_same(found, expected)


@pytest.mark.parametrize("rows", [1, 4, 13, None])
def test_any_block(rows):
    critic = critic_of("separable")
    expected = value_and_gradients(critic, bounds.infonce, whole)
    found = value_and_gradients(
        critic, bounds.infonce, lambda *inputs: BlockedScores(*inputs, rows=rows)
    )
    assert_same(found, expected)


def test_options_and_baselines_get_their_gradients():
    critic, baseline = critic_of("bilinear"), tf.constant(RNG.normal(size=K))
    average = tf.constant(0.3, tf.float64)
    for bound in (
        lambda scores, a: bounds.tuba(scores, log_baseline=a),
        lambda scores, a: bounds.interpolated(scores, log_baseline=a, alpha=0.3),
        lambda scores, a: bounds.mine(scores, log_average=average) + tf.reduce_sum(a),
        lambda scores, a: bounds.smile(scores, clip=0.5) + tf.reduce_sum(a),
    ):
        found = []
        for make in (whole, lambda *inputs: BlockedScores(*inputs, rows=3)):
            with tf.GradientTape() as tape:
                tape.watch([baseline, critic.kernel.value])
                value = bound(make(critic, tf.constant(X), tf.constant(Y)), baseline)
            found.append([value, *tape.gradient(value, [baseline, critic.kernel.value])])
        assert_same(*found)


def test_large_scores_do_not_overflow_where_the_matrix_does_not():
    critic = critic_of("inner_product")

    def scaled(make):
        return lambda critic, x, y: make(critic, 100.0 * x, 100.0 * y)

    expected = value_and_gradients(critic, bounds.infonce, scaled(whole))
    found = value_and_gradients(
        critic, bounds.infonce, scaled(lambda *inputs: BlockedScores(*inputs, rows=4))
    )
    assert np.isfinite(found[0])
    assert_same(found, expected)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", ["bilinear", "concat"])
def test_half_precision_scores_the_same(name, policy):
    critic = critic_of(name, policy)
    x, y = X.astype(np.float32), Y.astype(np.float32)
    blocked, matrix = BlockedScores(critic, x, y, rows=4), whole(critic, x, y)
    assert blocked.joint.dtype == tf.float32
    # The same products; a sum of squares of rounded numbers rounds in another order.
    tolerance = {"float32": 1e-6, "mixed_float16": 2e-3, "mixed_bfloat16": 2e-2}[policy]
    np.testing.assert_allclose(blocked.joint, matrix.joint, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(
        blocked.marginal_logsumexp(), matrix.marginal_logsumexp(), rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize(
    ("bound", "size", "jit_compile"),
    [
        # Where the size is known, XLA compiles the loops of an uncompiled function, too.
        ("infonce", K, False),
        pytest.param("infonce", K, True, marks=pytest.mark.slow),
        pytest.param("infonce", None, False, marks=pytest.mark.slow),
        ("infonce", None, True),
        *(
            pytest.param(bound, K, False, marks=pytest.mark.slow)
            for bound in bounds.names()
            if bound != "infonce"
        ),
    ],
)
def test_compiled(bound, size, jit_compile):
    critic, bound = critic_of("concat"), bounds.get(bound)
    spec = tf.TensorSpec([size, WIDTH], tf.float64)

    @tf.function(input_signature=[spec, spec], jit_compile=jit_compile)
    def step(x, y):
        weights = [weight.value for weight in critic.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            value = bound(BlockedScores(critic, x, y, rows=4))
        return [value, *tape.gradient(value, [x, y, *weights])]

    assert_same(step(X, Y), value_and_gradients(critic, bound, whole))


# Maps: images, globals of an image and places of an image; no two numbers are equal.
GLOBALS = RNG.normal(size=(7, 1, 2, WIDTH))
PLACES = RNG.normal(size=(7, 3, 1, 5))
MAP_CRITICS = {
    "dot_map": {"units": 6},
    "concat_map": {"hidden_units": (6, 4)},
}


def map_scores(critic, x, y, **options):
    return PairScores.from_maps(critic(x, y, training=True), **options)


def values_of_maps(name, bound, make, **options):
    """The bound, its gradients by both maps and the weights, and the weights themselves."""
    critic = critics.get(name, seed=0, dtype="float64", **MAP_CRITICS[name])
    x, y = tf.constant(GLOBALS), tf.constant(PLACES)
    critic.build(x.shape, y.shape)
    weights = [weight.value for weight in critic.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        value = bound(make(critic, x, y, **options))
    gradients = tape.gradient(
        value, [x, y, *weights], unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return [value, *gradients, *critic.non_trainable_variables]


def blocks_of_maps(critic, x, y, **options):
    # Blocks that do not divide the 14 anchors, and begin within an image.
    return BlockedScores(critic, x, y, rows=5, training=True, **options)


@pytest.mark.parametrize("name", MAP_CRITICS)
@pytest.mark.parametrize(
    "bound",
    [
        name if name in ("infonce", "jsd") else pytest.param(name, marks=pytest.mark.slow)
        for name in bounds.names()
    ],
)
def test_maps(name, bound):
    bound = bounds.get(bound)
    assert_same(
        values_of_maps(name, bound, blocks_of_maps), values_of_maps(name, bound, map_scores)
    )


@pytest.mark.parametrize(
    "options",
    [{"self_score": -1.5}, {"negative_images": 2}, {"self_score": 0.0, "negative_images": 6}],
)
@pytest.mark.parametrize("bound", ["infonce", "nwj"])
def test_options_of_maps(options, bound):
    bound = bounds.get(bound)
    found = values_of_maps("dot_map", bound, blocks_of_maps, **options)
    assert_same(found, values_of_maps("dot_map", bound, map_scores, **options))


def test_codes_take_the_options_of_maps():
    critic = critic_of("bilinear")
    matrix = critic(X, Y)[:, tf.newaxis, :, tf.newaxis]
    for options in ({"self_score": -1.5}, {"negative_images": 4}):
        found = BlockedScores(critic, X, Y, rows=4, **options)
        expected = PairScores.from_maps(matrix, **options)
        for bound in (bounds.infonce, bounds.jsd):
            np.testing.assert_allclose(bound(found), bound(expected), rtol=1e-12)
    with pytest.raises(ValueError, match=r"from 1 to .* Received: negative_images=13"):
        BlockedScores(critic, X, Y, negative_images=13)


def set_sizes(monkeypatch, **sizes):
    for name, (block, whole) in sizes.items():
        monkeypatch.setattr(blocked_scores, name, blocked_scores._Sizes(block, whole))


@pytest.mark.parametrize(
    ("number", "most", "rows"),
    [(128, 40, 32), (128, 128, 128), (128, 127, 64), (13, 5, 5), (13, 0, 1), (7, 100, 7)],
)
def test_blocks_are_as_even_as_they_can_be(number, most, rows):
    assert blocked_scores._even_blocks(number, most) == rows
    assert int(blocked_scores._even_blocks(tf.constant(number), most)) == rows
    assert int(blocked_scores._even_blocks(number, tf.constant(most))) == rows


def test_what_is_large_comes_in_blocks(monkeypatch):
    critic = critic_of("concat")
    assert not isinstance(scores_of_pairs(critic, X, Y), BlockedScores)
    # 13 x 13 pairs of 2 x 5 + 1 numbers, 8 bytes each.
    numbers = 13 * 13 * 11 * 8
    set_sizes(monkeypatch, _OF_HIDDEN_VALUES=(2**22, numbers - 1))
    assert isinstance(scores_of_pairs(critic, X, Y), BlockedScores)
    set_sizes(monkeypatch, _OF_HIDDEN_VALUES=(2**22, numbers))
    assert not isinstance(scores_of_pairs(critic, X, Y), BlockedScores)
    # On a GPU, and of scores without hidden values, the other sizes count.
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a GPU"])
    set_sizes(monkeypatch, _OF_PRODUCTS=(2**24, numbers - 1))
    assert isinstance(scores_of_pairs(critic, X, Y), BlockedScores)
    set_sizes(monkeypatch, _OF_PRODUCTS=(2**24, 13 * 13 * 8))
    assert not isinstance(scores_of_pairs(critic_of("bilinear"), X, Y), BlockedScores)
    set_sizes(monkeypatch, _OF_PRODUCTS=(2**24, 13 * 13 * 8 - 1))
    assert isinstance(scores_of_pairs(critic_of("bilinear"), X, Y), BlockedScores)
    # Without the protocol there is the matrix.
    set_sizes(monkeypatch, _OF_PRODUCTS=(0, 0), _OF_HIDDEN_VALUES=(0, 0))
    assert not isinstance(
        scores_of_pairs(lambda x, y: tf.matmul(x, y, transpose_b=True), X, Y), BlockedScores
    )


def test_what_cannot_be_blocked_is_refused():
    with pytest.raises(ValueError, match=r"has embed\(x, y\).*Received: EinsumDense"):
        import keras

        BlockedScores(keras.layers.EinsumDense("ab,cb->ac", output_shape=3), X, Y)
    critic = critic_of("inner_product")
    for x, y in ((X, Y[:-1]), (X[:1], Y[:1])):
        with pytest.raises(ValueError, match=r"As many x as y .* Received: x of shape"):
            BlockedScores(critic, x, y)
