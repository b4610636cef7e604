"""The layers of our own: joint layer normalisation, and seeds of stacked layers."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.layers.released import BatchNormalization
from tf_infomax.layers.shared import JointLayerNormalization, dense_stack

MAPS = np.random.default_rng(0).normal(loc=2.0, size=(3, 4, 5, 2))


def test_normalises_each_sample_over_all_its_axes():
    layer = JointLayerNormalization(epsilon=0.1, dtype="float64")
    layer.build(MAPS.shape)
    layer.scale.assign([2.0, 3.0])
    layer.bias.assign([-1.0, 1.0])
    for one, ours in zip(MAPS, layer(MAPS), strict=True):
        # Population standard deviation, epsilon added to it and not to the variance.
        deviation = np.sqrt(np.mean((one - one.mean()) ** 2))
        theirs = (one - one.mean()) / (deviation + 0.1) * [2.0, 3.0] + [-1.0, 1.0]
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_a_constant_map_is_normalised_to_the_bias(jit_compile):
    # The root has no gradient at variance 0. TensorFlow's kernel returns 0 for 0 / 0; XLA, NaN.
    layer = JointLayerNormalization()
    layer.build((None, 4, 5, 2))

    @tf.function(jit_compile=jit_compile)
    def outputs_and_gradients(maps):
        with tf.GradientTape() as tape:
            tape.watch(maps)
            outputs = layer(maps)
            loss = tf.reduce_sum(outputs**2 + outputs)
        return outputs, tape.gradient(loss, [maps, layer.scale, layer.bias])

    for constant in (0.0, 1.0, -3.0):
        outputs, gradients = outputs_and_gradients(tf.fill([2, 4, 5, 2], constant))
        np.testing.assert_array_equal(outputs, np.zeros((2, 4, 5, 2)))
        assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_stacked_layers_are_drawn_apart():
    first, second, last = dense_stack((6, 6, 6), "relu", seed=0, name="f", dtype="float32")
    for layer in (first, second, last):
        layer.build((None, 6))
    assert not np.array_equal(first.kernel, second.kernel)
    assert not np.array_equal(second.kernel, last.kernel)
    assert [layer.name for layer in (first, second, last)] == ["f_0", "f_1", "f_2"]
    # The activation is on all but the last: it alone gives negative numbers.
    inputs = np.random.default_rng(0).normal(size=(50, 6))
    assert [float(np.min(layer(inputs))) < 0 for layer in (first, second, last)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("policy", "accuracy"),
    [("float16", 2e-3), ("bfloat16", 2e-2), ("float32", 1e-6), ("float64", 1e-12)],
)
def test_batch_norm_moves_its_averages_in_the_type_of_its_variables(policy, accuracy):
    layer = BatchNormalization(dtype=policy)
    layer.build((None, 3))
    # Whole numbers, which every type holds.
    values = np.random.default_rng(0).integers(-4, 5, (64, 3)).astype(np.float64)
    mean, variance = np.zeros(3), np.ones(3)
    for _ in range(2):
        outputs = layer(tf.constant(values.astype(np.float32)), training=True)
        mean = 0.9 * mean + 0.1 * values.mean(0)
        variance = 0.9 * variance + 0.1 * values.var(0, ddof=1)
    assert outputs.dtype == layer.moving_mean.dtype == layer.moving_variance.dtype == policy
    expected = (values - values.mean(0)) / np.sqrt(values.var(0) + 1e-5)
    found = (layer.moving_mean, layer.moving_variance, outputs)
    for ours, theirs in zip(found, (mean, variance, expected), strict=True):
        ours = tf.cast(ours, tf.float64)
        np.testing.assert_allclose(ours, theirs, rtol=4 * accuracy, atol=accuracy)
