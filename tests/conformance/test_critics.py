"""What every registered critic must do, whatever it computes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.compiled import each_compilation
from tests.conformance.examples import CRITICS
from tests.conformance.models import assert_drawn_apart, assert_same_config, kernels
from tf_infomax import bounds, critics

each_critic = pytest.mark.parametrize("name", critics.names())
with_weights = pytest.mark.parametrize(
    "name", [name for name in critics.names() if name not in ("inner_product", "cosine")]
)


def make(kind, seed=0, num_x=5, num_y=5, code_dtype=np.float32, **options):
    """A built critic and codes for it."""
    example = CRITICS[kind]
    parts = example.all_options(seed, options.get("dtype"))
    critic = critics.get(kind, **parts, seed=seed, **options)
    x, y = example.codes(num_x, num_y, dtype=code_dtype)
    critic(x, y)
    return critic, tf.constant(x), tf.constant(y)


def signature(example):
    return [
        tf.TensorSpec([None, *shape], tf.float32) for shape in (example.x_shape, example.y_shape)
    ]


@each_critic
def test_scores_pair_by_pair(name):
    # Rectangular, so that rows are x and columns y beyond doubt.
    critic, x, y = make(name, num_x=3, num_y=4, code_dtype=np.float64, dtype="float64")
    rng = np.random.default_rng(0)
    for weight in critic.trainable_weights:  # biases too
        weight.assign(rng.normal(size=weight.shape))
    for weight in critic.non_trainable_weights:  # means and variances
        weight.assign(rng.uniform(0.5, 2.0, size=weight.shape))
    scores = critic(x, y)
    expected = CRITICS[name].scores(critic, x.numpy(), y.numpy())
    assert scores.dtype == tf.float64 and scores.shape == expected.shape
    assert expected.shape[0] == 3 and expected.shape[expected.ndim // 2] == 4
    np.testing.assert_allclose(scores, expected, rtol=1e-12, atol=1e-12)


@each_critic
def test_permuting_the_second_view_permutes_columns(name):
    critic, x, y = make(name, num_x=3, num_y=4)
    order = [2, 0, 3, 1]
    scores = critic(x, y).numpy()
    columns = scores.take(order, axis=scores.ndim // 2)
    np.testing.assert_allclose(critic(x, tf.gather(y, order)), columns, rtol=1e-5)
    np.testing.assert_allclose(critic(tf.gather(x, [2, 0, 1]), y), scores[[2, 0, 1]], rtol=1e-5)


@each_critic
@each_compilation
def test_compiled_is_eager_at_unknown_batch_size(name, jit_compile):
    critic, *_ = make(name)

    def scores_and_gradients(x, y):
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            scores = critic(x, y)
            loss = tf.reduce_sum(tf.tanh(scores))
        return scores, *tape.gradient(loss, [x, y, *critic.trainable_weights])

    example = CRITICS[name]
    compiled = tf.function(
        scores_and_gradients, jit_compile=jit_compile, input_signature=signature(example)
    )
    for num_x, num_y in ((5, 3),) if jit_compile else ((5, 5), (3, 2)):
        codes = [tf.constant(codes) for codes in example.codes(num_x, num_y)]
        for ours, theirs in zip(compiled(*codes), scores_and_gradients(*codes), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@each_critic
def test_functional_model_survives_saving(name, tmp_path):
    critic, x, y = make(name, num_x=3, num_y=4)
    inputs = [keras.Input(codes.shape[1:]) for codes in (x, y)]
    model = keras.Model(inputs, critic(*inputs))
    shape = critic(x, y).shape
    assert model.output_shape == tuple(
        None if axis % (len(shape) // 2) == 0 else size for axis, size in enumerate(shape)
    )
    model.save(tmp_path / "critic.keras")
    loaded = keras.saving.load_model(tmp_path / "critic.keras")
    np.testing.assert_array_equal(loaded([x, y]), critic(x, y))
    assert_same_config(critic, next(one for one in loaded.layers if one.name == critic.name))


@each_critic
def test_saved_model_of_any_batch_size(name, tmp_path):
    critic, x, y = make(name, num_x=3, num_y=4)
    module = tf.Module()
    module.critic = critic
    module.score = tf.function(critic.__call__, input_signature=signature(CRITICS[name]))
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for rows in (1, 3):
        expected = critic(x[:rows], y).numpy()
        # Sums of float32 whose terms cancel: the rounding is that of the largest score.
        rounding = 1e-6 * np.abs(expected).max()
        np.testing.assert_allclose(loaded.score(x[:rows], y), expected, rtol=1e-6, atol=rounding)


@each_critic
def test_config_makes_the_same_critic(name):
    critic, x, y = make(name, name="mine", dtype="float64")
    copy = type(critic).from_config(critic.get_config())
    assert_same_config(critic, copy)
    assert copy.name == "mine" and copy.dtype_policy.name == "float64"
    assert {**CRITICS[name].options, "seed": 0}.items() <= critic.get_config().items()
    copy(x, y)
    copy.set_weights(critic.get_weights())
    np.testing.assert_array_equal(copy(x, y), critic(x, y))


@each_critic
@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_gradients_are_finite(name, scale):
    critic, x, y = make(name)
    x, y = scale * x, scale * y
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        value = bounds.infonce(CRITICS[name].pairs(critic(x, y)))
    gradients = tape.gradient(value, [x, y, *critic.trainable_weights])
    assert all(gradient is not None for gradient in gradients)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    if scale == 1.0:
        # What is the same for all pairs, a last bias, is the one thing InfoNCE does not see. Where
        # it is added to all embeddings of one side, it is the same for all pairs of an anchor.
        assert sum(np.abs(gradient).max() < 1e-7 for gradient in gradients) <= 1


@each_critic
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(name, policy):
    critic, x, y = make(name)
    wide = critic(x, y).numpy()
    keras.config.set_dtype_policy(policy)
    try:
        critic, x, y = make(name)
        scores = critic(x, y)
    finally:
        keras.config.set_dtype_policy("float32")
    assert scores.dtype == policy.removeprefix("mixed_")
    assert {weight.dtype for weight in critic.weights} <= {"float32"}
    # bfloat16 has 8 bits: each of a handful of roundings is 0.4% of the largest intermediate.
    tolerance = 0.04 * np.abs(wide).max()
    np.testing.assert_allclose(tf.cast(scores, tf.float32), wide, atol=tolerance)
    for bound in map(bounds.get, bounds.names()):
        value = bound(CRITICS[name].pairs(scores))
        assert value.dtype == tf.float32 and np.isfinite(value)


@with_weights
def test_seeds(name):
    first, again, other, unseeded, unseeded_too = (
        make(name, seed)[0] for seed in (7, 7, 8, None, None)
    )
    for ours, theirs in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for one in (first, unseeded):
        assert_drawn_apart(kernels(one))
    for ours, theirs in ((first, other), (unseeded, unseeded_too)):
        assert_drawn_apart([kernels(ours)[0], kernels(theirs)[0]])


@each_critic
def test_wrong_shapes(name):
    example = CRITICS[name]
    critic, x, y = make(name)
    new = critics.get(name, **example.all_options())
    wide_x = np.zeros((5, *example.x_shape[:-1], 9), np.float32)
    wide_y = np.zeros((5, *example.y_shape[:-1], 8), np.float32)
    # One rank that is neither a vector's nor a map's.
    odd = np.zeros((5, 2, 4), np.float32)
    for one, codes, sizes in (
        (critic, (wide_x, y), f"{example.x_shape[-1]}.* Received: .*9.*{example.y_shape[-1]}"),
        (critic, (x, wide_y), f"{example.y_shape[-1]}.* Received: .*{example.x_shape[-1]}.*8"),
        (critic, (odd, y), rf", {example.x_shape[-1]}\].* Received: .* of shape \(5, 2, 4\)"),
        (new, (odd, y), r"\[[KN], Dx?\].* Received: .* of shape \(5, 2, 4\)"),
        (new, (x, odd), r"\[(M, Dy|[NM], H, W, C)\].* Received: .* of shape \(5, 2, 4\)"),
    ):
        with pytest.raises(ValueError, match=f"(?s){sizes}"):
            one(*codes)


def test_an_unknown_critic_names_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown critic 'concatenate'. Did you mean 'concat'"):
        critics.get("concatenate")
