"""The learned baseline: what it computes, how it is kept, and what it is good for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.models import assert_same_config
from tf_infomax import bounds, critics
from tf_infomax.critics import LearnedBaseline, baseline

CODES = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
SMALL = {"hidden_dim": 6, "layers": 2, "activation": "tanh", "seed": 0}


def test_a_network_of_one_output():
    layer = LearnedBaseline(**SMALL)
    values = layer(CODES)
    kernels, biases = layer.get_weights()[::2], layer.get_weights()[1::2]
    assert [kernel.shape for kernel in kernels] == [(3, 6), (6, 6), (6, 1)]
    hidden = np.tanh(np.tanh(CODES @ kernels[0] + biases[0]) @ kernels[1] + biases[1])
    assert values.shape == layer.compute_output_shape((5, 3)) == (5,)
    np.testing.assert_allclose(values, (hidden @ kernels[2])[:, 0], rtol=1e-5, atol=1e-6)


def test_defaults_and_names():
    layer = baseline.get("learned", seed=1)
    assert type(layer) is LearnedBaseline is baseline.class_of("learned")
    assert (layer.hidden_dim, layer.num_layers) == (512, 2)
    assert layer.activation is keras.activations.relu
    assert baseline.names() == ("learned",) and "learned" not in critics.names()
    with pytest.raises(ValueError, match=r"Unknown baseline 'learnt'. Did you mean 'learned'"):
        baseline.get("learnt")


def test_the_seed_decides():
    first, again, other = (LearnedBaseline(**{**SMALL, "seed": s})(CODES) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)


def test_saving(tmp_path):
    layer = LearnedBaseline(**SMALL, dtype="float64")
    assert_same_config(layer, LearnedBaseline.from_config(layer.get_config()))
    codes = keras.Input((3,))
    layer = LearnedBaseline(**SMALL)
    model = keras.Model(codes, layer(codes))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(CODES), layer(CODES))
    assert_same_config(loaded.layers[-1], layer)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_compiled_at_unknown_batch_size(jit_compile):
    layer = LearnedBaseline(**SMALL)
    eager = layer(CODES)
    compiled = tf.function(
        layer, jit_compile=jit_compile, input_signature=[tf.TensorSpec([None, 3], tf.float32)]
    )
    np.testing.assert_allclose(compiled(CODES), eager, rtol=1e-5, atol=1e-6)


def test_half_precision_meets_wide_scores():
    layer = LearnedBaseline(**SMALL, dtype="mixed_bfloat16")
    log_baseline = layer(CODES)
    assert log_baseline.dtype == tf.bfloat16
    scores = np.random.default_rng(1).normal(size=(5, 5)).astype(np.float32)
    for bound in (bounds.tuba, bounds.interpolated):
        value = bound(scores, log_baseline)
        assert value.dtype == tf.float32
        assert value == bound(scores, tf.cast(log_baseline, tf.float32))


def test_it_learns_the_mean_of_the_exponential():
    # f(x, y) = c(x) + log r with c(x) = x_0, of independent pairs, r = 1: TUBA is at its maximum,
    # 0, where log a(x) = x_0, and below by E[e^d - 1 - d] with d the error of log a.
    x = np.random.default_rng(2).normal(size=(64, 2)).astype(np.float32)
    scores = tf.constant(np.tile(x[:, :1], (1, 64)))
    layer = LearnedBaseline(hidden_dim=16, layers=1, seed=0)
    layer.build(x.shape)
    optimizer = keras.optimizers.Adam(0.02)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -bounds.tuba(scores, layer(x))
        optimizer.apply(tape.gradient(loss, layer.trainable_weights), layer.trainable_weights)
        return -loss

    optimizer.build(layer.trainable_weights)
    values = [float(step()) for _ in range(200)]
    assert values[0] < -0.3 and -0.01 < values[-1] <= 0
    assert np.sqrt(np.mean((layer(x) - x[:, 0]) ** 2)) < 0.15


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_dim": 0}, r"`hidden_dim` must be a positive integer\. Received: hidden_dim=0"),
        ({"layers": 1.5}, r"`layers` must be a positive integer\. Received: layers=1\.5"),
        ({"layers": True}, r"`layers` must be a positive integer\. Received: layers=True"),
    ],
)
def test_impossible_sizes(options, message):
    with pytest.raises(ValueError, match=message):
        LearnedBaseline(**options)


def test_codes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"vectors of shape \[K, D\]\. Received: shape \(2, 3, 1"):
        LearnedBaseline(**SMALL).build((2, 3, 1))
    layer = LearnedBaseline(**SMALL)
    layer.build((None, 3))
    for shape in ((5, 4), (5, 1, 3)):
        with pytest.raises(ValueError, match=r"(?s)shape \[K, 3\]\. Received: shape \(5, "):
            layer(np.zeros(shape, np.float32))
