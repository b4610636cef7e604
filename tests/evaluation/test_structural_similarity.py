"""Structural similarity against direct sums in float64."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.evaluation.structural_similarity import (
    MultiScale,
    multi_scale,
    multi_scale_ssim,
    released_ssim,
)

RNG = np.random.default_rng(0)
BYTES = np.zeros((1, 8, 8, 1), np.uint8)


def images(side, channels=2, count=3):
    a = RNG.uniform(-1, 1, size=(count, side, side, channels))
    return a, np.clip(a + 0.3 * RNG.normal(size=a.shape), -1, 1)


def gaussian_window(size, sigma):
    offsets = np.arange(size) - (size - 1) / 2
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * sigma**2))
    return window / window.sum()


def windowed(maps, window):
    """Weighted means over all places where the window fits."""
    size = len(window)
    views = np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(1, 2))
    return np.einsum("nhwcij,ij->nhwc", views, window)


def luminance_and_contrast(a, b, window, c1, c2):
    mean_a, mean_b = windowed(a, window), windowed(b, window)
    covariance = windowed(a * b, window) - mean_a * mean_b
    variances = windowed(a * a, window) - mean_a**2 + windowed(b * b, window) - mean_b**2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return luminance, (2 * covariance + c2) / (variances + c2)


@pytest.mark.parametrize(("side", "window"), [(14, 11), (9, 7), (5, 11)])
def test_released(side, window):
    a, b = images(side)
    pad = window // 2
    padded = [np.pad(x, [(0, 0), (pad, pad), (pad, pad), (0, 0)]) for x in (a, b)]
    # The standard deviation is the window's size.
    parts = luminance_and_contrast(*padded, gaussian_window(window, window), 1e-4, 9e-4)
    expected = np.prod(parts, axis=0).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(released_ssim(a, b, window), expected, rtol=1e-9)


def direct_multi_scale(a, b, setting, data_range):
    window = gaussian_window(setting.filter_size, setting.filter_sigma)
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    product = 1.0
    for scale, weight in enumerate(setting.weights):
        luminance, contrast = luminance_and_contrast(a, b, window, c1, c2)
        if scale == len(setting.weights) - 1:
            contrast = luminance * contrast
        product = product * np.maximum(contrast.mean(axis=(1, 2)), 0) ** weight
        n, height, width, channels = a.shape
        a, b = (
            x.reshape(n, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4)) for x in (a, b)
        )
    return product.mean(axis=-1)


@pytest.mark.parametrize("side", [8, 16, 32, 64])
def test_multi_scale(side):
    a, b = images(side)
    # The setting is worked out here by itself: the window of 7 fits while the side is 7 or more.
    weights = [0.0448, 0.2856, 0.3001, 0.2363][: int(math.log2(side / 7)) + 1]
    setting = MultiScale(7, 1.5, tuple(weight / sum(weights) for weight in weights))
    found = multi_scale(side, side)
    # Later versions of Python round sums in another way.
    assert found.weights == pytest.approx(setting.weights, rel=1e-12)
    assert (found.filter_size, found.filter_sigma) == (7, 1.5)
    ours = multi_scale_ssim(a.astype(np.float32), b.astype(np.float32))
    # Of the pictures in [0, 1]: intensities are not negative.
    expected = direct_multi_scale((a + 1) / 2, (b + 1) / 2, setting, 1.0)
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("data_range", "low", "high"),
    [(1.0, 0, 1), (255, 0, 255), (2.0, -1, 1), ((-1, 1), -1, 1), ((-3.0, 5.0), -3, 5)],
)
def test_a_picture_is_the_same_in_every_range(data_range, low, high):
    a, b = ((one + 1) / 2 for one in images(32))
    expected = tf.image.ssim_multiscale(
        tf.constant(a, tf.float32), tf.constant(b, tf.float32), 1.0,
        power_factors=multi_scale(32, 32).weights, filter_size=7, filter_sigma=1.5,
    )
    a, b = (low + (high - low) * one for one in (a, b))
    np.testing.assert_allclose(multi_scale_ssim(a, b, data_range), expected, atol=1e-5)


def test_a_brighter_picture_is_still_alike():
    # A smooth picture and one that is brighter by 0.15: only its luminance differs.
    a = np.kron(RNG.uniform(0, 0.8, size=(4, 8, 8, 1)), np.ones((1, 8, 8, 1)))
    found = multi_scale_ssim(2 * a - 1, 2 * (a + 0.15) - 1)
    assert (found.numpy() > 0.9).all()


@pytest.mark.parametrize("data_range", [(-1.0, 1.0), 1.0])
def test_rounding_is_forgiven_and_other_ranges_are_not(data_range):
    low = 0.0 if data_range == 1.0 else -1.0
    a = np.clip(images(8)[0], low, 1.0)
    over = np.where(a == a.max(), 1.0 + 1e-6, a)
    np.testing.assert_allclose(multi_scale_ssim(a, over, data_range), 1.0, rtol=1e-3)
    for wrong in (255.0 * np.abs(a), a - 0.1 * (a == a.min()) - 1.0, np.where(a > 0, np.nan, a)):
        with pytest.raises(ValueError, match=r"in their data range, .*Received: data_range="):
            multi_scale_ssim(a, wrong, data_range)
    with pytest.raises(ValueError, match=r"smallest, largest.*Received: data_range=\(1, -1\)"):
        multi_scale_ssim(a, a, (1, -1))


@pytest.mark.parametrize(
    ("side", "filter_size", "scales"),
    # What fits into TensorFlow's own function, found by trying.
    [(28, 7, 3), (32, 11, 2), (32, 7, 3), (32, 4, 4), (64, 11, 3), (64, 7, 4), (64, 4, 5)],
)
def test_settings(side, filter_size, scales):
    setting = multi_scale(side, side, filter_size)
    assert len(setting.weights) == scales
    assert sum(setting.weights) == pytest.approx(1.0)
    a = images(side)[0].astype(np.float32)
    np.testing.assert_allclose(multi_scale_ssim(a, a, setting=setting), 1.0, rtol=1e-5)


def test_the_five_scales_of_large_images():
    assert len(multi_scale(161, 161, 11).weights) == len(multi_scale(500, 400).weights) == 5
    np.testing.assert_allclose(
        multi_scale(500, 400).weights, np.array([448, 2856, 3001, 2363, 1333]) / 10_001
    )
    assert len(multi_scale(160, 160, 11).weights) == 4


def test_equal_images_are_alike_and_opposite_ones_are_not():
    a = images(32)[0].astype(np.float32)
    np.testing.assert_allclose(released_ssim(a, a), 1.0, rtol=1e-5)
    # Every structure is turned round.
    np.testing.assert_allclose(multi_scale_ssim(a, -a), 0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("compute", "received"),
    [
        (lambda: multi_scale(6, 32), "Received: 6 x 32"),
        (lambda: released_ssim(*images(8), window=4), "window=4"),
        (lambda: released_ssim(images(8)[0], images(9)[0]), r"float64 of shape \(3, 9, 9, 2\)"),
        (lambda: multi_scale_ssim(BYTES, BYTES), "uint8 of shape"),
        (lambda: multi_scale_ssim(*images(8, channels=0)), r"C >= 1.*\(3, 8, 8, 0\)"),
        (lambda: released_ssim(*images(8, channels=0)), r"C >= 1.*\(3, 8, 8, 0\)"),
        (lambda: multi_scale_ssim(*images(8), data_range=(-1, np.inf)), r"data_range=\(-1, inf\)"),
        (lambda: multi_scale_ssim(*images(8), data_range=np.inf), "finite.*data_range=inf"),
        (lambda: multi_scale_ssim(*images(8), setting=(7, 1.5)), r"setting=\(7, 1\.5\)"),
        (lambda: multi_scale_ssim(*images(8), setting=MultiScale(7, 1.5, (0.5, 0.5))), "8 x 8 pix"),
        (lambda: MultiScale(7, 1.5, (-1.0, 2.0)), r"weights=\(-1\.0, 2\.0\)"),
        (lambda: multi_scale(8, 8, filter_size=0), "filter_size=0"),
        (lambda: multi_scale(8, 8, filter_sigma=0.0), "filter_sigma=0.0"),
    ],
)
def test_errors(compute, received):
    with pytest.raises(ValueError, match=received):
        compute()


@pytest.mark.parametrize(
    ("change", "received"),
    [
        (lambda a: (a + 1) * 127.5, r"from 0(\.\d+)? to 255"),
        (lambda a: np.where(a > 0.99, 1.01, a), "to 1.01"),
        (lambda a: np.where(a > 0.9, np.nan, a), "from nan to nan"),
    ],
)
@pytest.mark.parametrize("score", [multi_scale_ssim, released_ssim])
def test_both_scores_are_of_images_in_their_range(score, change, received):
    a = np.linspace(-1.0, 1.0, 2 * 16 * 16).reshape(2, 16, 16, 1)
    assert np.isfinite(score(a, a + 1e-6)).all()
    with pytest.raises(ValueError, match=rf"data range, \[-1, 1\]\. Received: .*{received}"):
        score(a, change(a))
