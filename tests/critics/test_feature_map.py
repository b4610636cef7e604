"""Critics on maps: which global meets which place, their start, and sampled places."""

import numpy as np
import pytest
import tensorflow as tf

from tests.compiled import each_compilation
from tf_infomax import bounds, critics
from tf_infomax.numerics.sampling import sample_places
from tf_infomax.scores.pairs import PairScores

RNG = np.random.default_rng(0)
NAMES = {"dot_map": {"units": 7}, "concat_map": {"hidden_units": (6, 5)}}
each_map_critic = pytest.mark.parametrize("name", NAMES)
# Nothing about these sizes is even, square, or equal to another.
GLOBALS = RNG.normal(size=(5, 1, 3, 4)).astype(np.float32)
LOCALS = RNG.normal(size=(5, 3, 7, 2)).astype(np.float32)


def make(name, **options):
    return critics.get(name, **{**NAMES[name], **options}, seed=0)


@each_map_critic
def test_a_vector_is_a_map_of_one_place(name):
    critic = make(name)
    vectors = GLOBALS[:, 0, 0]
    scores = critic(vectors, LOCALS)
    assert scores.shape == (5, 1, 5, 21)
    np.testing.assert_array_equal(critic(vectors[:, np.newaxis, np.newaxis], LOCALS), scores)


@each_map_critic
def test_every_global_meets_every_place(name):
    critic = make(name)
    scores = critic(GLOBALS, LOCALS).numpy()
    assert scores.shape == (5, 3, 5, 21)
    # Image, then global; image, then row, then column.
    for i, b, j, a in ((0, 0, 0, 0), (1, 2, 3, 20), (4, 1, 0, 8), (2, 0, 2, 13)):
        place = LOCALS[j, a // 7, a % 7]
        one = critic(GLOBALS[i, :, b], place[np.newaxis, np.newaxis, np.newaxis])
        np.testing.assert_allclose(one[0, 0, 0, 0], scores[i, b, j, a], rtol=1e-5, atol=1e-6)


def test_batch_norm_sees_all_places_of_locals_and_all_globals():
    critic = make("dot_map", dtype="float64")
    critic(GLOBALS, LOCALS, training=True)
    for net, features in ((critic.local_net, LOCALS), (critic.global_net, GLOBALS)):
        rows = features.reshape(-1, features.shape[-1]) @ net.dense_0.kernel.numpy()
        # From 0 and 1, a tenth of the way to the batch's.
        np.testing.assert_allclose(net.batch_norm.moving_mean, 0.1 * rows.mean(0), atol=1e-7)
        variance = 0.9 + 0.1 * rows.var(0, ddof=1)
        np.testing.assert_allclose(net.batch_norm.moving_variance, variance, rtol=1e-6)


def test_dot_map_trains_and_infers_apart():
    critic = make("dot_map")
    before = critic(GLOBALS, LOCALS)
    trained = critic(GLOBALS, LOCALS, training=True)
    assert np.abs(trained - before).max() > 1e-3
    assert np.abs(critic(GLOBALS, LOCALS) - before).max() > 1e-5  # the statistics have moved


def test_defaults_are_the_published_ones():
    dot, concat = critics.DotMapCritic(), critics.ConcatMapCritic()
    assert (dot.units, dot.runs_on_all_pairs) == (2048, False)
    assert (concat.hidden_units, concat.runs_on_all_pairs) == ((512, 512), True)
    dot.build((None, 64), (None, 8, 8, 128))
    for net in (dot.local_net, dot.global_net):
        assert net.norm is not None and not net.shortcut.use_bias


def test_concat_map_starts_as_a_convolution_of_the_release():
    # U(-b, b), b = 1 / sqrt(fan_in), kernels and biases alike; fan_in of the first is both widths.
    critic = critics.get("concat_map", hidden_units=(512, 512), seed=0)
    critic.build((None, 64), (None, 8, 8, 128))
    for layer, fan_in in zip([critic.first, *critic.later], (192, 512, 512), strict=True):
        limit = 1 / np.sqrt(fan_in)
        for weight in (layer.kernel, layer.bias):
            assert np.abs(weight).max() <= limit
            if weight.shape.num_elements() > 100:
                assert np.abs(weight).max() > 0.97 * limit
    assert [layer.kernel.shape for layer in critic.later] == [(512, 512), (512, 1)]


@pytest.mark.parametrize("hidden_units", [(), (0,), (3, 2.5), (-1,)])
def test_hidden_units_that_are_none(hidden_units):
    with pytest.raises(ValueError, match=r"`hidden_units` must be positive.* Received: hidden"):
        critics.ConcatMapCritic(hidden_units)


@each_map_critic
def test_training_on_sampled_places_uses_these_places_only(name):
    critic = make(name, dtype="float64")
    sampled_locals = sample_places(LOCALS.astype(np.float64), 5, [3, 4])
    sampled_globals = sample_places(GLOBALS.astype(np.float64), 2, [5, 6])
    scores = critic(sampled_globals, sampled_locals).numpy()
    assert scores.shape == (5, 2, 5, 5)
    # Against all scores, which hold the sampled ones: by a double loop over images and globals.
    everything = critic(GLOBALS.astype(np.float64), LOCALS.astype(np.float64)).numpy()
    local_at = _places(LOCALS, sampled_locals)
    global_at = _places(GLOBALS, sampled_globals)
    total = jsd_joint = jsd_marginal = 0.0
    for i in range(5):
        for b in global_at[i]:
            own = everything[i, b, i, local_at[i]]
            rest = [everything[i, b, j, a] for j in range(5) if j != i for a in local_at[j]]
            total += sum(one - np.logaddexp.reduce([one, *rest]) for one in own)
            jsd_joint += (np.log(2) - np.logaddexp(0, -own)).sum()
            jsd_marginal += (np.logaddexp(0, rest) - np.log(2)).sum()
    pairs = PairScores.from_maps(scores)
    np.testing.assert_allclose(
        bounds.infonce(pairs), total / (5 * 2 * 5) + np.log(4 * 5 + 1), rtol=1e-10
    )
    jsd = jsd_joint / (5 * 2 * 5) - jsd_marginal / (5 * 2 * 4 * 5)
    np.testing.assert_allclose(bounds.jsd(pairs), jsd, rtol=1e-10)


def _places(features, sampled):
    """Where the sampled features are in their maps, ``[N][count]``, found by their values."""
    rows = features.reshape(len(features), -1, features.shape[-1])
    return [
        [int(np.argmin(np.abs(row - one).sum(1))) for one in few[0]]
        for row, few in zip(rows, np.asarray(sampled), strict=True)
    ]


@each_compilation
def test_sampling_and_scoring_compile_at_unknown_batch_size(jit_compile):
    critic = make("dot_map")
    critic(GLOBALS, LOCALS)

    def loss_and_gradients(global_features, local_features, seed):
        with tf.GradientTape() as tape:
            tape.watch([global_features, local_features])
            sampled = sample_places(local_features, 4, seed)
            scores = critic(global_features, sampled, training=True)
            value = bounds.infonce(PairScores.from_maps(scores))
        return value, *tape.gradient(value, [global_features, local_features])

    compiled = tf.function(
        loss_and_gradients,
        jit_compile=jit_compile,
        input_signature=[
            tf.TensorSpec([None, 1, 3, 4], tf.float32),
            tf.TensorSpec([None, 3, 7, 2], tf.float32),
            tf.TensorSpec([2], tf.int32),
        ],
    )
    arguments = tf.constant(GLOBALS), tf.constant(LOCALS), tf.constant([1, 2])
    expected = loss_and_gradients(*arguments)
    for ours, theirs in zip(compiled(*arguments), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
