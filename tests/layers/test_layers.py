"""The layers of our own: joint layer normalisation, and seeds of stacked layers."""

import numpy as np
import pytest
import tensorflow as tf

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
