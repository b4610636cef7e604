"""Images that come with the installed packages."""

import os
from pathlib import Path

import numpy as np
import pytest

from tf_infomax.data import load
from tf_infomax.data.sources.mnist_sample import chosen

_DEFAULT = Path(__file__).resolve().parents[4] / "shared" / "tfds"
TFDS = Path(os.environ.get("TF_INFOMAX_TFDS", _DEFAULT))


def test_digits_are_all_there_and_split_by_class():
    from sklearn.datasets import load_digits

    data = load("digits")
    assert data.train_images.shape == (1437, 8, 8, 1) and data.test_images.shape == (360, 8, 8, 1)
    assert data.train_images.dtype == np.uint8 and data.pixel_max == data.train_images.max() == 16
    assert data.num_classes == 10 and data.label_names == tuple("0123456789")
    # Nothing lost, changed or twice: the same rows of pixels and label, sorted.
    rows = np.concatenate(
        [
            np.column_stack([images.reshape(-1, 64), labels])
            for images, labels in (
                (data.train_images, data.train_labels),
                (data.test_images, data.test_labels),
            )
        ]
    )
    bunch = load_digits()
    original = np.column_stack([bunch.data, bunch.target])
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], original[np.lexsort(original.T)])
    # Stratified: every class gives its share of 360 / 1797 to the test set, to one image.
    share = np.bincount(bunch.target) * 360 / 1797
    assert np.all(np.abs(np.bincount(data.test_labels) - share) < 1)


def test_mnist_sample_is_balanced_and_its_test_images_are_new():
    data = load("mnist_sample")
    assert data.train_images.shape == (10_000, 28, 28, 1) and data.train_images.dtype == np.uint8
    assert data.test_images.shape == (2_000, 28, 28, 1) and data.pixel_max == 255
    assert data.label_names == tuple("0123456789") and data.name == "mnist_sample"
    np.testing.assert_array_equal(np.bincount(data.train_labels), [1_000] * 10)
    np.testing.assert_array_equal(np.bincount(data.test_labels), [200] * 10)
    # Every batch of some size has all digits: the file is not ordered by them.
    assert len(set(data.train_labels[:100])) == 10
    train = {image.tobytes() for image in data.train_images}
    assert not any(image.tobytes() in train for image in data.test_images)
    # Moments published for MNIST, within what a sample allows.
    assert data.train_images.mean() / 255 == pytest.approx(0.1307, abs=0.002)
    assert data.train_images.std() / 255 == pytest.approx(0.3081, abs=0.003)


@pytest.mark.slow
@pytest.mark.skipif(not (TFDS / "mnist").is_dir(), reason=f"no mnist in {TFDS}")
def test_mnist_sample_is_what_its_script_chooses():
    sample = load("mnist_sample")
    for key, array in chosen(load("mnist", data_dir=TFDS)).items():
        kind, split = {"x": "images", "y": "labels"}[key[0]], key[2:]
        stored = getattr(sample, f"{split}_{kind}")
        np.testing.assert_array_equal(stored[..., 0] if kind == "images" else stored, array)
