"""The decoder of the release: what it refuses, and half precision."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.decoders import Decoder, decoder_stages


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (32.9, 32.9, 3)}, r"positive integers.*image_shape=\(32\.9, 32\.9, 3\)"),
        ({"image_shape": None}, "positive integers.*Received: image_shape=None"),
        ({"image_shape": (32, 16, 3)}, r"side, side, channels.*image_shape=\(32, 16, 3\)"),
        ({"image_shape": (32, 32)}, r"side, side, channels.*image_shape=\(32, 32\)"),
        ({"base_channels": "a"}, "positive integer. Received: base_channels='a'"),
        ({"base_channels": 64.0}, "positive integer. Received: base_channels=64.0"),
        ({"base_channels": 4}, "at least 8.*Received: base_channels=4"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        Decoder(**options)


def test_sides_are_whole():
    with pytest.raises(ValueError, match=r"positive integer\. Received: side=32\.9"):
        decoder_stages(32.9)


@pytest.mark.parametrize("policy", ["float16", "bfloat16"])
def test_trains_in_half_precision(policy):
    decoder = Decoder((16, 16, 1), 8, seed=0, dtype=policy)
    codes = np.random.default_rng(0).normal(size=(16, 6)).astype(np.float32)
    with tf.GradientTape() as tape:
        images = decoder(tf.cast(codes, policy), training=True)
        loss = tf.reduce_mean(images**2)
    assert images.dtype == policy
    for gradient in tape.gradient(loss, decoder.trainable_variables):
        assert np.all(np.isfinite(tf.cast(gradient, tf.float32)))
