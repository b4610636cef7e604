"""Sampled places: which they are, and how often."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.numerics.sampling import sample_places

# The features of a place say whose and where it is.
NUMBERED = np.arange(400 * 6, dtype=np.float32).reshape(400, 2, 3, 1)


def test_places_are_the_image_s_own_and_without_replacement():
    sampled = sample_places(NUMBERED, 4, [1, 2]).numpy()
    assert sampled.shape == (400, 1, 4, 1)
    for image, places in enumerate(sampled[:, 0, :, 0]):
        assert len(set(places)) == 4
        assert np.all(places // 6 == image)


def test_all_places_are_a_permutation():
    sampled = sample_places(NUMBERED, 6, [1, 2]).numpy()
    np.testing.assert_array_equal(np.sort(sampled[:, 0, :, 0]), NUMBERED.reshape(400, 6))


def test_images_draw_apart_and_uniformly():
    places = sample_places(NUMBERED, 2, [5, 6]).numpy()[:, 0, :, 0] % 6
    # Any of the six is among the two of an image with probability 1/3, and first with 1/6.
    for drawn, probability in ((places, 1 / 3), (places[:, :1], 1 / 6)):
        counts = np.bincount(drawn.astype(int).ravel(), minlength=6)
        deviation = np.sqrt(400 * probability * (1 - probability))
        assert np.abs(counts - 400 * probability).max() < 4 * deviation


def test_the_seed_decides():
    first, again, other = (sample_places(NUMBERED, 3, seed) for seed in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_gradients_reach_the_sampled_places_only():
    features = tf.constant(NUMBERED)
    with tf.GradientTape() as tape:
        tape.watch(features)
        sampled = sample_places(features, 4, [1, 2])
        total = tf.reduce_sum(sampled * sampled)
    gradient = tape.gradient(total, features)
    expected = np.zeros(NUMBERED.size)
    chosen = sampled.numpy().ravel()
    expected[chosen.astype(int)] = 2 * chosen
    np.testing.assert_array_equal(tf.reshape(gradient, [-1]), expected)


@pytest.mark.parametrize(
    ("features", "count", "message"),
    [
        (np.zeros((3, 4)), 1, r"\[N, H, W, C\].* Received: features of shape \(3, 4\)"),
        (NUMBERED, 0, "from 1 to the number of places, 6. Received: count=0"),
        (NUMBERED, 7, "from 1 to the number of places, 6. Received: count=7"),
    ],
)
def test_what_cannot_be_sampled(features, count, message):
    with pytest.raises(ValueError, match=message):
        sample_places(features, count, [0, 0])
