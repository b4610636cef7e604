"""Random views: what stays, what moves, and by how much."""

import numpy as np
import pytest
import tensorflow as tf

from tests.compiled import each_compilation
from tf_infomax.data.random_views import RandomView

SEED = tf.constant([3, 4])
IMAGES = tf.constant(np.random.default_rng(0).uniform(-1, 1, (300, 6, 8, 3)), tf.float32)


def view(images=IMAGES, seed=SEED, **options):
    quiet = {"crop_area": 1.0, "flip": False, "colour_jitter": 0.0, "grey": 0.0}
    return RandomView(**{**quiet, **options})(images, seed).numpy()


def test_nothing_asked_nothing_done():
    np.testing.assert_array_equal(view(), IMAGES)


def test_flips_are_mirror_images_of_about_half():
    found = view(flip=True)
    mirrored = np.array([np.array_equal(a, b[:, ::-1]) for a, b in zip(found, IMAGES, strict=True)])
    same = np.array([np.array_equal(a, b) for a, b in zip(found, IMAGES, strict=True)])
    assert (mirrored ^ same).all()
    assert abs(mirrored.sum() - 150) < 4 * np.sqrt(300 / 4)


def test_crops_are_windows_stretched_linearly():
    # On a plane a + b i + c j linear interpolation is exact: a view is a plane with smaller slopes.
    rows, columns = np.meshgrid(np.arange(6), np.arange(8), indexing="ij")
    plane = (0.1 * rows - 0.05 * columns)[np.newaxis, ..., np.newaxis]
    planes = tf.constant(np.repeat(plane, 200, axis=0), tf.float32)
    found = view(planes, crop_area=0.3)
    inner = found[:, 1:-1, 1:-1, 0]
    down, along = np.diff(inner, axis=1), np.diff(inner, axis=2)
    np.testing.assert_allclose(down, np.broadcast_to(down[:, :1, :1], down.shape), atol=1e-5)
    height, width = down[:, 0, 0] / 0.1, along[:, 0, 0] / -0.05
    area, aspect = height * width, height / width
    assert (area < 1 + 1e-4).all() and (area > 0.3 - 1e-4).all()
    assert area.min() < 0.4 and area.max() > 0.8
    # Windows as large as the image are cut at its border, which changes their shape.
    inside = (height < 0.999) & (width < 0.999)
    assert (np.abs(np.log(aspect[inside])) < np.log(4 / 3) + 1e-3).all() and inside.sum() > 100
    assert found.min() >= plane.min() - 1e-6 and found.max() <= plane.max() + 1e-6


def test_grey_loses_colour_and_keeps_brightness():
    found = view(grey=1.0)
    np.testing.assert_allclose(found, np.repeat(found[..., :1], 3, axis=-1))
    luma = IMAGES.numpy() @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(found[..., 0], luma, atol=1e-6)
    changed = np.any(view(grey=0.2) != IMAGES, axis=(1, 2, 3))
    assert abs(changed.sum() - 60) < 4 * np.sqrt(300 * 0.2 * 0.8)


def test_jitter_stays_in_range_and_is_one_change_an_image():
    found = view(colour_jitter=0.4)
    assert found.min() >= -1 and found.max() <= 1 and not np.allclose(found, IMAGES)
    # A uniform grey image has no contrast and no colour: only its brightness moves.
    grey = tf.fill([300, 6, 8, 3], 0.0)
    found = view(grey, colour_jitter=0.4)
    np.testing.assert_allclose(found, np.broadcast_to(found[:, :1, :1, :1], found.shape), atol=1e-6)
    factors = (found[:, 0, 0, 0] + 1) / 1.0
    assert 0.6 - 1e-6 <= factors.min() < 0.65 and 1.35 < factors.max() <= 1.4 + 1e-6


def test_the_seed_decides():
    options = {"crop_area": 0.5, "flip": True, "colour_jitter": 0.4, "grey": 0.2}
    np.testing.assert_array_equal(view(**options), view(**options))
    assert not np.allclose(view(**options), view(seed=tf.constant([3, 5]), **options))


@each_compilation
def test_compiled_at_unknown_batch_size(jit_compile):
    signature = [tf.TensorSpec([None, 6, 8, 3]), tf.TensorSpec([2], tf.int32)]
    compiled = tf.function(RandomView(), jit_compile=jit_compile, input_signature=signature)
    found = compiled(IMAGES, SEED).numpy()
    assert found.shape == IMAGES.shape and np.abs(found).max() <= 1 + 1e-6
    assert not np.allclose(found, IMAGES)
    np.testing.assert_array_equal(compiled(IMAGES, SEED), found)
    if not jit_compile:  # XLA draws other numbers.
        np.testing.assert_allclose(found, RandomView()(IMAGES, SEED), atol=1e-5)


def test_images_of_one_channel():
    images = IMAGES[..., :1]
    np.testing.assert_array_equal(view(images, grey=1.0), images)
    assert view(images, colour_jitter=0.4, crop_area=0.5).shape == images.shape


@pytest.mark.parametrize("options", [{"crop_area": 1.1}, {"colour_jitter": -0.1}, {"grey": 2.0}])
def test_bad_options(options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=rf"`{name}` must be in .* Received: {name}={value}"):
        RandomView(**options)
