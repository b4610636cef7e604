"""Halves of images and noise on them."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.data import views


@pytest.mark.parametrize("convert", [np.asarray, tf.constant], ids=["numpy", "tensor"])
def test_halves_by_hand(convert):
    # Pixel (h, w, c) of image n holds 1000 n + 100 h + 10 w + c.
    n, h, w, c = np.indices((2, 4, 3, 2))
    images = convert((1000 * n + 100 * h + 10 * w + c).astype(np.int32))
    top, bottom = views.halves(images)
    first_row = [0, 1, 10, 11, 20, 21]
    expected = first_row + [100 + value for value in first_row]
    np.testing.assert_array_equal(top, [expected, [1000 + value for value in expected]])
    np.testing.assert_array_equal(bottom, np.asarray(top) + 200)
    assert tf.is_tensor(top) == tf.is_tensor(images)


def test_halves_keep_dtype_and_put_an_image_together_again():
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), np.uint8)
    top, bottom = views.halves(images)
    assert top.dtype == bottom.dtype == np.uint8 and top.shape == bottom.shape == (5, 392)
    shape = (5, *views.half_shape((28, 28, 1)))
    whole = np.concatenate([top.reshape(shape), bottom.reshape(shape)], axis=1)
    np.testing.assert_array_equal(whole, images)


def test_halves_of_an_unknown_number_of_images():
    @tf.function(input_signature=[tf.TensorSpec([None, 4, 2, 3], tf.uint8)])
    def split(images):
        top, bottom = views.halves(images)
        assert top.shape.as_list() == bottom.shape.as_list() == [None, 12]
        return top, bottom

    images = np.arange(3 * 24, dtype=np.uint8).reshape(3, 4, 2, 3)
    for traced, plain in zip(split(images), views.halves(images), strict=True):
        np.testing.assert_array_equal(traced, plain)
    assert views.halves(images[:0])[0].shape == (0, 12)


def test_views_that_cannot_be_halved():
    with pytest.raises(ValueError, match=r"odd height.*Received: image_shape=\(3, 4, 1\)"):
        views.halves(np.zeros((2, 3, 4, 1)))
    with pytest.raises(ValueError, match=r"\[N, H, W, C\]\. Received: images of shape \(2, 4, 4\)"):
        views.halves(np.zeros((2, 4, 4)))
    with pytest.raises(ValueError, match="three known, positive sizes"):
        views.half_shape((None, 4, 1))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_pixels_are_the_stored_values_over_the_maximum(jit_compile):
    stored = np.arange(256, dtype=np.uint8)
    pixels = tf.function(views.to_pixels, jit_compile=jit_compile)(tf.constant(stored), 255.0)
    assert pixels.dtype == tf.float32
    np.testing.assert_allclose(pixels, stored / 255.0, rtol=1e-7)
    assert pixels[0] == 0 and pixels[255] == 1
    with pytest.raises(ValueError, match=r"positive\. Received: pixel_max=0"):
        views.to_pixels(stored, 0)


def test_noise_has_the_stated_standard_deviation():
    # n = 40,000 draws: standard errors sd / sqrt(n) and sd / sqrt(2 n).
    x = np.full((200, 200), 0.5, np.float32)
    noise = views.add_noise(x, 0.05, (1, 2)).numpy() - x
    assert abs(noise.mean()) < 4 * 0.05 / 200
    assert abs(noise.std() - 0.05) < 4 * 0.05 / np.sqrt(2 * 40_000)


def test_both_views_get_the_same_noise():
    x, y = np.random.default_rng(0).normal(size=(2, 6, 5))  # float64: differences are exact enough
    noisy_x, noisy_y = views.add_shared_noise(x, y, 0.5, (3, 4))
    np.testing.assert_allclose(noisy_x - x, noisy_y - y, atol=1e-15)
    noise = np.asarray(noisy_x - x)
    assert len(np.unique(noise.round(9))) == noise.size  # another value for every pixel
    assert not np.allclose(noise, views.add_shared_noise(x, y, 0.5, (3, 5))[0] - x)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_noise_is_a_function_of_the_seed(jit_compile):
    x = np.zeros((60, 70), np.float32)
    noise = tf.function(lambda seed: views.add_noise(x, 1.0, seed), jit_compile=jit_compile)
    first = noise(tf.constant([11, 12]))
    np.testing.assert_array_equal(noise(tf.constant([11, 12])), first)
    assert not np.allclose(noise(tf.constant([11, 13])), first)
    if jit_compile:  # other numbers than eagerly, but of the same law
        assert abs(np.std(first) - 1) < 4 / np.sqrt(2 * x.size)
    else:
        np.testing.assert_array_equal(views.add_noise(x, 1.0, (11, 12)), first)


def test_no_noise_returns_the_inputs_themselves():
    x, y = np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32)
    assert views.add_noise(x, 0.0, (0, 0)) is x
    same_x, same_y = views.add_shared_noise(x, y, 0, (0, 0))
    assert same_x is x and same_y is y


def test_noise_that_cannot_be_added():
    x = np.zeros((2, 3), np.float32)
    with pytest.raises(ValueError, match=r"Received: sd=-0\.1"):
        views.add_noise(x, -0.1, (0, 0))
    with pytest.raises(ValueError, match="x of dtype uint8"):
        views.add_noise(x.astype(np.uint8), 0.1, (0, 0))
    with pytest.raises(ValueError, match=r"one shape and dtype.*\(2, 3\).*\(2, 4\)"):
        views.add_shared_noise(x, np.zeros((2, 4), np.float32), 0.1, (0, 0))
