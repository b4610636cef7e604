"""Encoding in chunks: codes and gradients of one large batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import DeepInfoMax, InfoMax
from tf_infomax.critics import BilinearCritic, DotMapCritic
from tf_infomax.encoders import MLP
from tf_infomax.encoders.chunked_encoding import encode_in_chunks
from tf_infomax.layers import optimizers
from tf_infomax.objectives import LocalInformation

X, Y = np.random.default_rng(0).normal(size=(2, 10, 6)).astype(np.float32)


def test_codes_and_gradients_are_those_of_the_batch():
    encoder = MLP((7, 5), seed=0)
    encoder.build((None, 6))
    found = []
    for encode in (encoder, lambda x: encode_in_chunks(encoder, x, 4)):
        x = tf.constant(X)
        with tf.GradientTape() as tape:
            tape.watch(x)
            codes = encode(x)
            # A function of all codes together.
            loss = tf.reduce_logsumexp(tf.matmul(codes, codes, transpose_b=True))
        weights = [weight.value for weight in encoder.trainable_variables]
        found.append([codes, *tape.gradient(loss, [x, *weights])])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def trained_weights(chunk, shared):
    """Weights after three steps of gradient descent."""
    encoder = MLP((7, 5), seed=0)
    model = InfoMax(
        encoder, None if shared else MLP((7, 5), seed=9), BilinearCritic(5, seed=1),
        encoder_chunk=chunk,
    )
    model.compile(keras.optimizers.SGD(0.1))
    pairs = tf.data.Dataset.from_tensors((X, Y)).repeat(3)
    history = model.fit(pairs, verbose=0).history
    return history, [weight.numpy() for weight in model.trainable_variables]


@pytest.mark.parametrize("shared", [pytest.param(False, marks=pytest.mark.slow), True])
def test_training_in_chunks_is_training(shared):
    history, expected = trained_weights(None, shared)
    for chunk in (3, 10, 64):
        found_history, found = trained_weights(chunk, shared)
        assert found_history["bound"] == pytest.approx(history["bound"], rel=1e-5)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_model_keeps_its_chunk():
    model = InfoMax(MLP((7, 5), seed=0), None, BilinearCritic(5), encoder_chunk=4)
    assert InfoMax.from_config(model.get_config()).encoder_chunk == 4
    with pytest.raises(ValueError, match="`encoder_chunk` must be a positive integer"):
        InfoMax(MLP((7, 5), seed=0), None, BilinearCritic(5), encoder_chunk=0)


@pytest.mark.parametrize(
    "layer", [keras.layers.BatchNormalization(), keras.layers.Dropout(0.5, seed=0)]
)
def test_encoders_that_look_beyond_a_row_are_refused(layer):
    encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5), layer])
    with pytest.raises(ValueError, match="change nothing when they encode"):
        encode_in_chunks(encoder, tf.constant(X), 4)
    # What is not trained changes nothing.
    codes = encode_in_chunks(encoder, tf.constant(X), 4, training=False)
    np.testing.assert_allclose(codes, encoder(X), rtol=1e-5, atol=1e-6)
    model = InfoMax(encoder, None, BilinearCritic(5), encoder_chunk=4)
    model.compile(optimizers.Adam(1e-3))
    with pytest.raises(ValueError, match="change nothing when they encode"):
        model.fit(tf.data.Dataset.from_tensors((X, Y)), verbose=0)


IMAGES = np.random.default_rng(1).uniform(-1, 1, size=(10, 6, 6, 1)).astype(np.float32)


def deep_infomax(chunk, normalize=False):
    """A model whose critic has batch norm over the whole batch, its encoder only if asked for."""
    images = keras.Input((6, 6, 1))
    initializers = [keras.initializers.GlorotUniform(seed=seed) for seed in (0, 1)]
    local = keras.layers.Conv2D(4, 3, activation="relu", kernel_initializer=initializers[0])(images)
    if normalize:
        local = keras.layers.BatchNormalization()(local)
    code = keras.layers.Dense(3, kernel_initializer=initializers[1])(keras.layers.Flatten()(local))
    encoder = keras.Model(images, {"local": local, "global": code})
    term = LocalInformation(DotMapCritic(6, seed=2), "infonce")
    model = DeepInfoMax(encoder, [term], seed=3, encoder_chunk=chunk)
    model.compile(keras.optimizers.SGD(0.1))
    return model


@pytest.mark.slow
def test_endpoints_in_chunks_train_as_the_whole_batch():
    found = []
    for chunk in (None, 3, 10):
        model = deep_infomax(chunk)
        history = model.fit(tf.data.Dataset.from_tensors(IMAGES).repeat(3), verbose=0).history
        found.append([history["loss"], *(weight.numpy() for weight in model.variables)])
    for one in found[1:]:
        for values, expected in zip(one, found[0], strict=True):
            np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


def test_endpoints_in_chunks_refuse_batch_norm():
    model = deep_infomax(4, normalize=True)
    assert DeepInfoMax.from_config(model.get_config()).encoder_chunk == 4
    with pytest.raises(ValueError, match="change nothing when they encode"):
        model.fit(tf.data.Dataset.from_tensors(IMAGES), verbose=0)
