"""Convolutions by fewer products: the numbers of ``tf.nn.conv2d``, where XLA compiles for a CPU."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.layers import strided_convolution
from tf_infomax.layers.released import Conv2D


def _operations(function, *arguments):
    graph = function.get_concrete_function(*arguments).graph
    return [operation.type for operation in graph.get_operations()]


def _draw(shape, dtype="float64", seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), dtype)


def _value_and_gradients(convolution, inputs, kernel):
    """Outputs, and the gradients of their sum with fixed weights by inputs and kernel."""
    with tf.GradientTape() as tape:
        tape.watch([inputs, kernel])
        outputs = convolution(inputs, kernel)
        total = tf.reduce_sum(outputs * _draw(outputs.shape, inputs.dtype.name, seed=7))
    return [outputs, *tape.gradient(total, [inputs, kernel])]


def _directly(inputs, kernel):
    return tf.nn.conv2d(inputs, kernel, 2, "VALID")


@pytest.mark.parametrize("shape", [(1, 6, 6, 1), (3, 10, 6, 5), (2, 6, 14, 16), (4, 18, 18, 3)])
def test_outputs_and_gradients_are_those_of_a_convolution(shape):
    inputs, kernel = _draw(shape), _draw((4, 4, shape[-1], 7), seed=1)
    ours = _value_and_gradients(strided_convolution.few_products, inputs, kernel)
    for found, right in zip(ours, _value_and_gradients(_directly, inputs, kernel), strict=True):
        assert found.shape == right.shape
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)


def _directly_transposed(inputs, kernel):
    number, height, width, _ = inputs.shape
    shape = (number, 2 * height, 2 * width, kernel.shape[2])
    return tf.nn.conv2d_transpose(inputs, kernel, shape, 2, "SAME")


@pytest.mark.parametrize("shape", [(1, 2, 2, 1), (3, 4, 2, 5), (2, 2, 6, 16), (4, 8, 8, 3)])
def test_a_transposed_convolution_is_the_one_of_tensorflow(shape):
    inputs, kernel = _draw(shape), _draw((4, 4, 7, shape[-1]), seed=1)
    ours = _value_and_gradients(strided_convolution.few_products_transposed, inputs, kernel)
    theirs = _value_and_gradients(_directly_transposed, inputs, kernel)
    for found, right in zip(ours, theirs, strict=True):
        assert found.shape == right.shape
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("side, is_compiled_so", [(4, True), (7, False)])
def test_a_doubling_layer_compiled_by_xla_gives_the_numbers_of_keras(side, is_compiled_so):
    inputs = _draw((3, side, side, 16), "float32")
    layer = strided_convolution.Conv2DTranspose(8)
    keras_layer = keras.layers.Conv2DTranspose(8, 4, strides=2, padding="same", use_bias=False)
    right = keras_layer(inputs)
    layer.build(inputs.shape)
    layer.set_weights(keras_layer.get_weights())
    compiled = tf.function(lambda x: layer(x), jit_compile=True)
    assert ("Conv2DBackpropInput" not in _operations(compiled, inputs)) == is_compiled_so
    np.testing.assert_allclose(compiled(inputs), right, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(layer(inputs), right)
    assert layer.compute_output_shape(inputs.shape) == right.shape


def test_rounding_in_single_precision_stays_that_of_a_convolution():
    inputs, kernel = _draw((8, 18, 18, 64)), _draw((4, 4, 64, 32), seed=1)
    right = _directly(inputs, kernel).numpy()
    single = [tf.cast(one, tf.float32) for one in (inputs, kernel)]
    errors = [
        np.abs(convolution(*single).numpy() - right).max() / np.abs(right).max()
        for convolution in (_directly, strided_convolution.few_products)
    ]
    assert max(errors) < 2e-6, errors


def _layer_in_float32(inputs, **options):
    layer = Conv2D(8, **{"kernel_size": 4, "strides": 2, "pad": 1, "seed": 0, **options})
    layer.build(inputs.shape)
    return layer


def test_a_layer_compiled_by_xla_gives_the_numbers_of_one_that_is_not():
    inputs = _draw((4, 16, 16, 16), "float32")
    layer = _layer_in_float32(inputs)
    compiled = tf.function(lambda x: layer(x), jit_compile=True)
    plain = tf.function(lambda x: layer(x))
    assert "Conv2D" not in _operations(compiled, inputs)
    assert "Conv2D" in _operations(plain, inputs)
    np.testing.assert_allclose(compiled(inputs), plain(inputs), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(plain(inputs), layer(inputs))


def test_a_compiled_loop_is_seen_through_and_so_is_an_unknown_number_of_images():
    inputs = _draw((4, 16, 16, 16), "float32")
    layer = _layer_in_float32(inputs)

    @tf.function(input_signature=[tf.TensorSpec([None, 16, 16, 16])], jit_compile=True)
    def compiled(images):
        return layer(images)

    @tf.function
    def repeated(images):
        total = tf.zeros([4, 8, 8, 8])
        for _ in tf.range(3):
            total += compiled(images)
        return total

    assert "Conv2D" not in _operations(compiled)
    np.testing.assert_allclose(repeated(inputs), 3.0 * layer(inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "shape, options",
    [
        ((2, 16, 16, 3), {}),  # too few channels to pay
        ((2, 14, 14, 16), {}),  # seven outputs along a side
        ((2, 16, 16, 16), {"strides": 1}),
        ((2, 16, 16, 16), {"kernel_size": 3}),
        ((2, 16, 16, 16), {"dtype": "mixed_bfloat16"}),
    ],
)
def test_other_layers_are_compiled_as_convolutions(shape, options):
    inputs = _draw(shape, "float32")
    layer = _layer_in_float32(inputs, **options)
    assert "Conv2D" in _operations(tf.function(lambda x: layer(x), jit_compile=True), inputs)


def test_on_a_gpu_layers_are_compiled_as_convolutions(monkeypatch):
    inputs = _draw((2, 16, 16, 16), "float32")
    layer = _layer_in_float32(inputs)
    gpu = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    found = [*tf.config.list_physical_devices(), gpu]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: found)
    assert "Conv2D" in _operations(tf.function(lambda x: layer(x), jit_compile=True), inputs)
