"""Batches of whole images: which, cropped and flipped where, and nothing but (seed, t) behind."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tf_infomax import evaluation
from tf_infomax.data import augmentation
from tf_infomax.data.image_data import ImageData
from tf_infomax.data.images import WholeImages

N, M, H, W = 60, 40, 7, 9
# A correct draw fails one such test in a million; the seeds are fixed, so it fails never or always.
ALPHA = 1e-6


def data(unlabelled=False, dtype=np.uint8, channels=3):
    """Noise: every window of every image, and its mirror image, is there once."""
    rng = np.random.default_rng(0)
    train, test, more = (rng.integers(0, 256, (n, H, W, channels)) for n in (N, N // 2, M))
    if dtype == np.float32:
        train, test, more = (images / 255 for images in (train, test, more))
    labels = rng.integers(0, 5, N).astype(np.int64)
    labels[:6] = -1  # partly unlabelled
    return ImageData(
        name="made up",
        train_images=train.astype(dtype),
        train_labels=labels,
        test_images=test.astype(dtype),
        test_labels=rng.integers(0, 5, N // 2).astype(np.int64),
        pixel_max=255.0 if dtype == np.uint8 else 1.0,
        num_classes=5,
        label_names=tuple("abcde"),
        unlabelled_images=more.astype(dtype) if unlabelled else None,
    )


def source_of(images=None, batch_size=20, seed=0, **options):
    return WholeImages(images or data(), batch_size, seed, **options)


def draw(source, t):
    return [np.asarray(part) for part in parts(source.draw(tf.constant(t, tf.int64)))]


def parts(batch):
    """(images, labels, seed) of a batch."""
    return batch["views"]["image"], batch["labels"], batch["seed"]


def draw_many(source, count):
    """The images of the first ``count`` batches, one after the other; one graph, for speed."""
    step = tf.function(lambda t: source.draw(t)["views"]["image"])
    return np.concatenate([step(tf.constant(t, tf.int64)) for t in range(count)])


def signed(images):
    """Bytes -> [-1, 1], in float64."""
    return images.astype(np.float64) / 255 * 2 - 1


def nearest(rows, batch):
    """Which of ``rows`` each member of a batch equals."""
    rows = rows.astype(np.float32)
    distances = [np.abs(rows - member.reshape(-1)).max(axis=1) for member in batch]
    assert max(distance.min() for distance in distances) < 1e-6
    return np.array([distance.argmin() for distance in distances])


def owners(images, batch):
    """Which of ``images`` (in [-1, 1]) the members of a batch are."""
    return nearest(images.reshape(len(images), -1), batch)


def windows(images, side):
    """All windows of each image and their mirror images: ``[n, rows, columns, 2, s, s, C]``."""
    view = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    view = np.moveaxis(view, 3, -1)
    return np.stack([view, view[..., ::-1, :]], axis=3)


def places(images, batch, side):
    """(image, row, column, mirrored) of each member of a batch of windows, ``[K, 4]``."""
    all_windows = windows(images, side)
    which = nearest(all_windows.reshape(-1, side * side * images.shape[-1]), batch)
    return np.stack(np.unravel_index(which, all_windows.shape[:4]), axis=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_an_epoch_holds_every_image_once_with_its_label(dtype):
    images = data(dtype=dtype)
    source = source_of(images)
    assert source.images is images and source.image_shape == (H, W, 3)
    assert source.steps_per_epoch == 3 and source.num_examples == N
    expected = signed(data().train_images)
    seen = []
    for t in range(3):
        batch, labels, seed = draw(source, t)
        assert batch.shape == (20, H, W, 3) and batch.dtype == np.float32
        assert labels.dtype == np.int64 and seed.shape == (2,) and seed.dtype == np.int32
        indices = owners(expected, batch)
        np.testing.assert_array_equal(labels, images.train_labels[indices])
        np.testing.assert_allclose(batch, expected[indices], rtol=0, atol=2e-7)
        seen += list(indices)
    assert sorted(seen) == list(range(N))


def test_pixels_reach_from_minus_one_to_one():
    images = data()
    corners = np.zeros((N, H, W, 3), np.uint8)
    corners[:, :, 1:] = 255
    corners[:, :, 2:] = 51
    object.__setattr__(images, "train_images", corners)
    batch = draw(source_of(images), 0)[0]
    assert (batch[:, :, 0] == -1).all() and (batch[:, :, 1] == 1).all()
    np.testing.assert_allclose(batch[:, :, 2:], -0.6, rtol=0, atol=1e-7)


def test_unlabelled_images_are_trained_on_beside_the_others():
    images = data(unlabelled=True)
    source = source_of(images)
    assert source.num_examples == N + M and source.steps_per_epoch == 5
    expected = signed(np.concatenate([images.train_images, images.unlabelled_images]))
    labels_of = np.concatenate([images.train_labels, np.full(M, -1)])
    epochs = []
    for epoch in range(2):
        seen = []
        for t in range(5):
            batch, labels, _ = draw(source, 5 * epoch + t)
            indices = owners(expected, batch)
            np.testing.assert_array_equal(labels, labels_of[indices])
            seen += list(indices)
        assert sorted(seen) == list(range(N + M))
        epochs.append(seen)
    assert epochs[0] != epochs[1]
    labelled_only = source_of(images, use_unlabelled=False)
    assert labelled_only.num_examples == N
    for ours, plain in zip(draw(labelled_only, 4), draw(source_of(), 4), strict=True):
        np.testing.assert_array_equal(ours, plain)


def test_the_last_partial_batch_is_left_out():
    source = source_of(batch_size=25)
    assert source.steps_per_epoch == 2
    expected = signed(source.images.train_images)
    seen = np.concatenate([owners(expected, draw(source, t)[0]) for t in range(2)])
    assert len(set(seen)) == 50


@pytest.mark.parametrize("options", [{}, {"crop": 4}, {"flip": True}, {"crop": 5, "flip": True}])
def test_a_batch_is_a_pure_function_of_seed_and_number(options):
    images = data(unlabelled=True)
    source, again, other = (source_of(images, seed=seed, **options) for seed in (0, 0, 1))
    late = draw(source, 1000)
    draw(source, 3)
    traced = parts(tf.function(source.draw)(tf.constant(1000, tf.int64)))
    for ours, theirs, in_graph in zip(late, draw(again, 1000), traced, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert in_graph.shape == ours.shape  # statically known
        np.testing.assert_allclose(ours, in_graph, rtol=0, atol=3e-7)
    for ours, from_int in zip(late, parts(source.draw(1000)), strict=True):
        np.testing.assert_array_equal(ours, from_int)
    for different in (draw(source, 1001), draw(other, 1000)):
        assert not np.array_equal(late[0], different[0])
        assert not np.array_equal(late[2], different[2])


def test_augmentation_leaves_the_choice_of_images_alone():
    images = data()
    plain = source_of(images)
    expected = signed(images.train_images)
    augmented = source_of(images, crop=4, flip=True)
    for t in (0, 7):
        batch, labels, seed = draw(plain, t)
        window, other_labels, other_seed = draw(augmented, t)
        np.testing.assert_array_equal(places(expected, window, 4)[:, 0], owners(expected, batch))
        np.testing.assert_array_equal(labels, other_labels)
        np.testing.assert_array_equal(seed, other_seed)


def test_crops_are_windows_at_places_of_their_own():
    images = data(channels=1)
    source = source_of(images, crop=4)
    assert source.image_shape == (4, 4, 1)
    expected = signed(images.train_images)
    found = places(expected, draw_many(source, 60), 4)
    assert not found[:, 3].any()  # none is mirrored
    rows, columns = H - 3, W - 3
    observed = np.zeros((rows, columns))
    np.add.at(observed, (found[:, 1], found[:, 2]), 1)
    # All 24 places alike, rows independent of columns; and so are neighbours in a batch.
    assert stats.chisquare(observed.ravel()).pvalue > ALPHA
    neighbours = np.zeros((rows, rows))
    np.add.at(neighbours, (found[:-1, 1], found[1:, 1]), 1)
    assert stats.chi2_contingency(neighbours).pvalue > ALPHA
    # The same image gets another place in another epoch.
    first, second = (
        {place[0]: tuple(place[1:3]) for place in found[60 * e : 60 * (e + 1)]} for e in (0, 1)
    )
    same = sum(first[image] == second[image] for image in range(N))
    assert stats.binomtest(same, N, 1 / (rows * columns)).pvalue > ALPHA


def test_a_crop_of_the_whole_side_moves_along_the_other():
    images = data(channels=1)
    source = source_of(images, crop=H)
    found = places(signed(images.train_images), draw_many(source, 6), H)
    assert set(found[:, 1]) == {0} and set(found[:, 2]) == {0, 1, 2}


def test_half_of_the_images_are_mirrored():
    images = data(channels=1)
    source = source_of(images, flip=True)
    expected = signed(images.train_images)
    both = np.concatenate([expected, expected[:, :, ::-1]])
    which = owners(both, draw_many(source, 60))
    np.testing.assert_array_equal(draw(source, 0)[1], images.train_labels[which[:20] % N])
    flips = which >= N
    assert stats.binomtest(int(flips.sum()), len(flips)).pvalue > ALPHA
    agree = int(np.sum(flips[1:] == flips[:-1]))
    assert stats.binomtest(agree, len(flips) - 1).pvalue > ALPHA


def test_flips_are_independent_of_crops():
    images = data(channels=1)
    source = source_of(images, crop=4, flip=True)
    found = places(signed(images.train_images), draw_many(source, 60), 4)
    for axis, count in ((1, H - 3), (2, W - 3)):
        table = np.zeros((count, 2))
        np.add.at(table, (found[:, axis], found[:, 3]), 1)
        assert stats.chi2_contingency(table).pvalue > ALPHA


@pytest.mark.parametrize(("crop", "top", "left"), [(None, 0, 0), (4, 1, 2), (5, 1, 2), (7, 0, 1)])
def test_evaluation_sees_the_centre(crop, top, left):
    images = data()
    source = source_of(images, crop=crop, flip=True)
    height, width = (H, W) if crop is None else (crop, crop)
    expected = signed(images.test_images)[:, top : top + height, left : left + width]
    given = source.evaluation_input(tf.constant(images.test_images[:8]), 8)
    assert given.dtype == tf.float32 and tuple(given.shape[1:]) == source.image_shape
    np.testing.assert_allclose(given, expected[:8], rtol=0, atol=2e-7)
    codes = evaluation.encode(
        lambda batch: tf.reshape(batch, [len(batch), -1]), images.test_images,
        source.evaluation_input, batch_size=7,
    )  # fmt: skip
    np.testing.assert_allclose(codes, expected.reshape(len(expected), -1), rtol=0, atol=2e-7)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_augmentation_of_any_number_of_images(jit_compile):
    images = np.arange(5 * 6 * 4 * 2, dtype=np.uint8).reshape(5, 6, 4, 2)

    @tf.function(
        input_signature=[tf.TensorSpec([None, 6, 4, 2], tf.uint8)], jit_compile=jit_compile
    )
    def augment(batch):
        cropped = augmentation.random_crops(batch, 3, (1, 2))
        flipped = augmentation.random_flips(batch, (3, 4))
        assert cropped.shape.as_list() == [None, 3, 3, 2]
        assert flipped.shape.as_list() == [None, 6, 4, 2]
        return cropped, flipped

    cropped, flipped = augment(images)
    assert cropped.dtype == flipped.dtype == tf.uint8
    np.testing.assert_array_equal(cropped, augmentation.random_crops(images, 3, (1, 2)))
    np.testing.assert_array_equal(flipped, augmentation.random_flips(images, (3, 4)))
    assert augment(images[:0])[0].shape == (0, 3, 3, 2)


@pytest.mark.parametrize("crop", [0, 8, 3.0, True, "4"])
def test_crops_that_do_not_fit(crop):
    message = rf"from 1 to 7.*Received: crop={crop!r}, images of 7 x 9 pixels\."
    with pytest.raises(ValueError, match=message):
        source_of(crop=crop)
    for function in (
        augmentation.centre_crop,
        lambda x, s: augmentation.random_crops(x, s, (0, 0)),
    ):
        with pytest.raises(ValueError, match=message):
            function(np.zeros((2, 7, 9, 1), np.uint8), crop)


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(ValueError, match=r"Received: batch_size=61, num_examples=60\."):
        source_of(batch_size=61)
    assert source_of(data(unlabelled=True), batch_size=100).steps_per_epoch == 1
