"""What every registered encoder must do, whatever it computes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.compiled import each_compilation
from tests.conformance.encoder_examples import ENCODERS
from tests.conformance.models import assert_drawn_apart, assert_same_config, kernels
from tf_infomax import bounds, critics, encoders
from tf_infomax.encoders.configurations import CONFIGURATIONS

# One class makes all encoders of the Deep InfoMax release: these stand for the others, too.
LAYERED = {"basic32x32"}


def parameters(examples):
    return [
        pytest.param(
            example,
            id=name,
            marks=[pytest.mark.slow] if example.name in set(CONFIGURATIONS) - LAYERED else [],
        )
        for name, example in examples.items()
    ]


each_encoder = pytest.mark.parametrize("example", parameters(ENCODERS))
# One example of each registered name.
KINDS = {example.name: example for example in ENCODERS.values()}
each_kind = pytest.mark.parametrize("example", parameters(KINDS))


def code_shape(example, size):
    """Shape of a batch of codes: vectors, but for the encoder with several globals."""
    places = (5, 5) if example.name == "foldmultialex64x64" else ()
    return (size, *places, example.output_dim)


def make(example, seed=0, **options):
    """A built encoder."""
    encoder = encoders.get(example.name, **example.options, seed=seed, **options)
    encoder.build((None, *example.input_shape))
    return encoder


@each_encoder
@each_compilation
def test_compiled_is_eager_at_unknown_batch_size(example, jit_compile):
    encoder = make(example)

    def codes_and_gradients(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            codes = encoder(inputs)
            loss = tf.reduce_sum(tf.tanh(codes))
        return codes, *tape.gradient(loss, [inputs, *encoder.trainable_variables])

    compiled = tf.function(
        codes_and_gradients,
        jit_compile=jit_compile,
        input_signature=[tf.TensorSpec([None, *example.input_shape], tf.float32)],
    )
    for size in (3,) if jit_compile else (3, 2):  # XLA compiles anew for every size
        inputs = tf.constant(example.inputs(size))
        for ours, theirs in zip(compiled(inputs), codes_and_gradients(inputs), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@each_encoder
def test_rows_are_encoded_apart(example):
    encoder, inputs = make(example), example.inputs(4)
    codes = encoder(inputs)
    assert codes.shape == code_shape(example, 4)
    for row in range(4):
        np.testing.assert_allclose(encoder(inputs[row : row + 1]), codes[row : row + 1], atol=1e-6)


@each_encoder
def test_survives_saving(example, tmp_path):
    encoder, inputs = make(example, name="mine"), example.inputs(3)
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(loaded(inputs), encoder(inputs))
    assert loaded.name == "mine"
    assert_same_config(encoder, loaded)


@each_kind
def test_part_of_a_functional_model_that_survives_saving(example, tmp_path):
    encoder, inputs = make(example), example.inputs(3)
    entry = keras.Input(example.input_shape)
    model = keras.Model(entry, encoder(entry))
    assert model.output_shape == code_shape(example, None)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(inputs), encoder(inputs))


@each_kind
def test_saved_model_of_any_batch_size(example, tmp_path):
    encoder = make(example)
    module = tf.Module()
    module.encoder = encoder
    module.encode = tf.function(
        lambda inputs: encoder(inputs),
        input_signature=[tf.TensorSpec([None, *example.input_shape], tf.float32)],
    )
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for size in (1, 3):
        inputs = tf.constant(example.inputs(size))
        np.testing.assert_allclose(loaded.encode(inputs), encoder(inputs), rtol=1e-5, atol=1e-6)


@each_encoder
def test_config_makes_the_same_encoder(example):
    encoder = make(example, dtype="float64")
    copy = type(encoder).from_config(encoder.get_config())
    assert_same_config(encoder, copy)
    assert {**example.options, "seed": 0}.keys() <= encoder.get_config().keys()
    inputs = example.inputs(3, dtype=np.float64)
    copy.build((None, *example.input_shape))
    copy.set_weights(encoder.get_weights())
    codes = copy(inputs)
    assert codes.dtype == tf.float64
    np.testing.assert_array_equal(codes, encoder(inputs))


@each_encoder
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_gradients_are_finite(example, scale):
    encoder, inputs = make(example), tf.constant(scale * example.inputs(3))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = tf.reduce_sum(encoder(inputs) ** 2 + encoder(inputs))
    gradients = tape.gradient(loss, [inputs, *encoder.trainable_variables])
    assert all(gradient is not None for gradient in gradients)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    # Layers without biases give zeros for a blank image, where a final ReLU has no gradient.
    if scale or np.any(encoder(inputs)):
        assert any(np.abs(gradient).max() > 0.01 for gradient in gradients)


@each_encoder
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(example, policy):
    inputs = example.inputs(4)
    wide = make(example)(inputs).numpy()
    keras.config.set_dtype_policy(policy)
    try:
        encoder = make(example)
        codes = encoder(inputs)
        flat = tf.reshape(codes, [4, -1])
        scores = critics.InnerProdCritic()(flat, flat)
    finally:
        keras.config.set_dtype_policy("float32")
    assert codes.dtype == scores.dtype == policy.removeprefix("mixed_")
    assert {weight.dtype for weight in encoder.trainable_variables} == {"float32"}
    # bfloat16 has 8 bits: each of some ten roundings is 0.4% of the largest intermediate.
    tolerance = 0.04 * np.abs(wide).max()
    np.testing.assert_allclose(tf.cast(codes, tf.float32), wide, atol=tolerance)
    for bound in map(bounds.get, bounds.names()):
        assert bound(scores).dtype == tf.float32


@each_encoder
def test_seeds(example):
    first, again, other, unseeded, unseeded_too = (
        make(example, seed) for seed in (7, 7, 8, None, None)
    )
    for ours, theirs in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for one in (first, unseeded):
        assert_drawn_apart(kernels(one))
    for ours, theirs in ((first, other), (unseeded, unseeded_too)):
        assert_drawn_apart([kernels(ours)[0], kernels(theirs)[0]])


@each_encoder
def test_inputs_of_another_shape(example):
    encoder = make(example)
    wrong = np.zeros((3, *example.wrong_input_shape), np.float32)
    # Keras names the expected size of an axis, or both shapes; so do our own errors.
    received = r"received.*" + str(example.wrong_input_shape[-1])
    with pytest.raises(ValueError, match=f"(?is){received}"):
        encoder(wrong)


@each_kind
def test_endpoints_of_a_functional_model(example):
    encoder = make(example)
    if not hasattr(encoder, "endpoints"):
        pytest.skip("an encoder without endpoints")
    entry = keras.Input(example.input_shape)
    with pytest.raises(ValueError, match=r"encoder\.endpoint\(name\)\(input\)\. Received: a Ker"):
        encoder.endpoints(entry)
    name = next(iter(encoder.endpoint_shapes))
    model = keras.Model(entry, encoder.endpoint(name)(entry))
    inputs = example.inputs(3)
    np.testing.assert_allclose(
        model(inputs), encoder.endpoints(inputs)[name], rtol=1e-5, atol=1e-6
    )


def test_an_unknown_encoder_names_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown encoder 'convent'. Did you mean 'convnet'"):
        encoders.get("convent")
