"""Batches of pairs: which halves, whose noise, and nothing but (seed, t) behind them."""

import types

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.data.gaussians import DependentGaussians
from tf_infomax.data.image_data import ImageData
from tf_infomax.data.pairs import GaussianPairs, HalvesOfImages

N, H, W = 60, 4, 3
TOLERANCE = 6  # standard errors; the seeds are fixed, so a test fails never or always


def images(seed=0):
    """Images that are all different, half by half, so that a half tells which image it is of."""
    rng = np.random.default_rng(seed)
    return ImageData(
        name="made up",
        train_images=rng.integers(0, 256, (N, H, W, 1)).astype(np.uint8),
        train_labels=rng.integers(0, 5, N).astype(np.int64),
        test_images=rng.integers(0, 256, (N // 2, H, W, 1)).astype(np.uint8),
        test_labels=rng.integers(0, 5, N // 2).astype(np.int64),
        pixel_max=255.0,
        num_classes=5,
        label_names=tuple("abcde"),
    )


def pairs_of(data=None, noise_sd=0.0, seed=0, batch_size=20):
    return HalvesOfImages(data or images(), batch_size, noise_sd, seed)


def owners(data, x, rows):
    """Index of the training image whose ``rows`` are x, one for each row of x."""
    halves = data.train_images[:, rows].reshape(N, -1).astype(np.float32) / np.float32(255)
    distance = np.abs(np.asarray(x)[:, None] - halves[None]).max(axis=-1)
    assert (distance.min(axis=1) < 1e-6).all()
    return distance.argmin(axis=1)


def draw(pairs, t):
    return [np.asarray(view) for view in pairs.draw(tf.constant(t, tf.int64))["views"].values()]


def test_the_views_are_the_upper_and_lower_half_of_the_same_image():
    data = images()
    pairs = pairs_of(data)
    assert pairs.view_shape == (H // 2, W, 1)
    seen = []
    for t in range(3):
        x, y = draw(pairs, t)
        assert x.shape == y.shape == (20, H // 2 * W) and x.dtype == np.float32
        upper, lower = owners(data, x, slice(0, 2)), owners(data, y, slice(2, 4))
        np.testing.assert_array_equal(upper, lower)
        seen += list(upper)
    # Three batches of 20 are one epoch of 60: every image once.
    assert sorted(seen) == list(range(N))
    for split, arrays in (("train", data.train_images), ("test", data.test_images)):
        top, bottom = getattr(pairs, split)
        np.testing.assert_array_equal(top, arrays[:, :2].reshape(len(arrays), -1))
        np.testing.assert_array_equal(bottom, arrays[:, 2:].reshape(len(arrays), -1))


@pytest.mark.parametrize("noise_sd", [0.0, 0.05])
def test_a_batch_is_a_pure_function_of_seed_and_number(noise_sd):
    pairs, again = pairs_of(noise_sd=noise_sd), pairs_of(noise_sd=noise_sd)
    other = pairs_of(noise_sd=noise_sd, seed=1)
    late = draw(pairs, 1000)
    draw(pairs, 3)
    traced = tf.function(pairs.draw)(tf.constant(1000, tf.int64))["views"].values()
    for ours, theirs, in_graph in zip(late, draw(again, 1000), traced, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_allclose(ours, in_graph, rtol=0, atol=3e-7)
    assert not np.array_equal(late[0], draw(pairs, 1001)[0])
    assert not np.array_equal(late[0], draw(other, 1000)[0])


def test_labels_are_those_of_the_images_and_batches_are_numbered_in_a_row():
    data = images()
    pairs = pairs_of(data)
    wanted = {"views": ("view_1",), "labels": True}
    found = pairs.draw(tf.constant(2, tf.int64), **wanted, batches=4)
    (x,) = found["views"].values()
    indices = owners(data, x, slice(0, 2))
    np.testing.assert_array_equal(found["labels"], data.train_labels[indices])
    # Round 2 of four batches each: training batches 8 to 11.
    expected = [owners(data, draw(pairs, t)[0], slice(0, 2)) for t in range(8, 12)]
    np.testing.assert_array_equal(indices, np.concatenate(expected))
    warm = pairs.draw(tf.constant(8, tf.int64), **wanted, stream="warmup_batches")
    indices = owners(data, warm["views"]["view_1"], slice(0, 2))
    np.testing.assert_array_equal(warm["labels"], data.train_labels[indices])
    # The warm-up sees batches of its own.
    assert not np.array_equal(indices, expected[0])


def flat_images():
    """All pixels alike, so that a batch minus that pixel is the noise."""
    made = images()
    return types.SimpleNamespace(
        train_images=np.full((N, 20, 20, 1), 128, np.uint8),
        train_labels=made.train_labels,
        test_images=np.full((N, 20, 20, 1), 128, np.uint8),
        pixel_max=255.0,
    )


def flat_pairs(**options):
    return pairs_of(flat_images(), noise_sd=0.05, batch_size=50, **options)


def check_normal(noise, sd):
    """Mean 0, standard deviation sd and kurtosis 3 within their standard errors."""
    z = np.asarray(noise, np.float64).ravel() / sd
    assert abs(z.mean()) < TOLERANCE / np.sqrt(z.size)
    assert abs(z.var() - 1) < TOLERANCE * np.sqrt(2 / z.size)
    assert abs((z**4).mean() - 3) < TOLERANCE * np.sqrt(96 / z.size)


def correlation(one, other):
    return np.corrcoef(np.ravel(one), np.ravel(other))[0, 1] * np.sqrt(np.size(one))


def test_training_noise_is_normal_shared_by_the_views_and_new_in_every_batch():
    pairs = flat_pairs()
    noise = {}
    for t in (0, 1):
        x, y = (view - np.float32(128 / 255) for view in draw(pairs, t))
        np.testing.assert_array_equal(x, y)
        noise[t] = x
        check_normal(x, 0.05)
    # Correlations of independent noise are standard normal after scaling by sqrt(n).
    assert abs(correlation(noise[0], noise[1])) < TOLERANCE
    other_seed = draw(flat_pairs(seed=1), 0)[0] - np.float32(128 / 255)
    assert abs(correlation(noise[0], other_seed)) < TOLERANCE
    # Nor do two images or two pixels share any of it.
    assert abs(correlation(noise[0][:25], noise[0][25:])) < TOLERANCE
    assert abs(correlation(noise[0][:, :100], noise[0][:, 100:])) < TOLERANCE
    assert correlation(noise[0], noise[0]) > TOLERANCE


def test_the_probes_noise_is_its_own_in_every_split_and_step_and_batch():
    pairs = flat_pairs()
    batch = tf.constant(pairs.train[0][:50])
    draws = {"training": draw(pairs, 0)[0], "training 6": draw(pairs, 6)[0]}
    draws["measured"] = np.asarray(pairs.measured_pairs(0)[0][:50])
    for split in ("train", "test"):
        for step in (0, 6):
            for start in (0, 50):
                draws[split, step, start] = pairs.probe_input(step, split)(batch, start).numpy()
    noise = {key: value - np.float32(128 / 255) for key, value in draws.items()}
    keys = list(noise)
    for position, key in enumerate(keys):
        check_normal(noise[key], 0.05)
        for other in keys[:position]:
            assert abs(correlation(noise[key], noise[other])) < TOLERANCE, (key, other)
    repeated = flat_pairs().probe_input(6, "test")(batch, 50).numpy()
    np.testing.assert_array_equal(repeated, draws["test", 6, 50])


def test_clean_inputs_are_clean():
    data = images()
    noisy, quiet = pairs_of(data, noise_sd=0.05), pairs_of(data)
    batch = tf.constant(noisy.test[0][:7])
    expected = data.test_images[:7, :2].reshape(7, -1) / np.float32(255)
    for given in (noisy.clean_input(batch, 0), quiet.probe_input(3, "test")(batch, 0)):
        np.testing.assert_allclose(given, expected, rtol=0, atol=1e-7)
    assert np.abs(noisy.probe_input(3, "test")(batch, 0) - expected).max() > 0.01


def test_measured_pairs_are_twenty_other_batches():
    data = images()
    pairs = pairs_of(data)
    measured = {}
    for step in (0, 1):
        x, y = pairs.measured_pairs(step)
        upper, lower = owners(data, x, slice(0, 2)), owners(data, y, slice(2, 4))
        np.testing.assert_array_equal(upper, lower)
        assert upper.shape == (20 * 20,)
        measured[step] = upper
    # Three batches are an epoch; the first 18 of 20 are whole epochs.
    for epoch in range(6):
        assert sorted(measured[0][60 * epoch : 60 * (epoch + 1)]) == list(range(N))
    assert not np.array_equal(measured[0], measured[1])
    trained = [owners(data, draw(pairs, t)[0], slice(0, 2)) for t in range(3)]
    assert not np.array_equal(measured[0][:60], np.concatenate(trained))
    # Noise is shared by the views here, too.
    x, y = flat_pairs().measured_pairs(2)
    np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("dependent", [True, False])
def test_gaussian_pairs(dependent):
    law = DependentGaussians()
    pairs = GaussianPairs(law, 64, dependent, seed=0)
    drawn = tf.map_fn(
        tf.function(lambda t: tuple(pairs.draw(t)["views"].values())),
        tf.range(400, dtype=tf.int64),
        fn_output_signature=(tf.float32, tf.float32),
    )
    batches = np.stack(drawn, axis=1)[..., 0]  # [t, view, K]
    np.testing.assert_array_equal(batches[7], np.stack(draw(pairs, 7))[..., 0])
    assert not np.array_equal(batches[0], batches[1])
    other = GaussianPairs(law, 64, dependent, seed=1)
    assert not np.array_equal(batches[0], np.stack(draw(other, 0))[..., 0])
    # A dependent batch shares one offset of variance 1 a view, beside own noise of variance 1:
    # its mean varies by 1 + 1/64. An independent one has variance 2 throughout: 2/64.
    variance = batches.mean(axis=2).var(axis=0)
    expected = 1 + 1 / 64 if dependent else 2 / 64
    np.testing.assert_allclose(variance, expected, rtol=TOLERANCE * np.sqrt(2 / 400))


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(ValueError, match=r"Received: batch_size=61, num_examples=60\."):
        pairs_of(batch_size=61)
