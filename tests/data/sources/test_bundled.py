"""Images that come with the installed packages."""

import numpy as np

from tf_infomax.data import load


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
