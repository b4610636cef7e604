"""Images that come with the installed packages."""

import pathlib

import numpy as np

from tf_infomax.data.image_data import ImageData
from tf_infomax.data.sources import arrays

__all__ = ["MNIST_SAMPLE", "digits", "mnist_sample"]

MNIST_SAMPLE = pathlib.Path(__file__).parents[1] / "files" / "mnist_sample.npz"


def mnist_sample():
    """Real MNIST in small: 1,000 training and 200 test images of each digit.

    28 x 28 pixels, chosen by ``mnist_sample.chosen``; the note beside it gives origin and licence.
    """
    return arrays.from_npz(MNIST_SAMPLE)


def digits():
    """scikit-learn's digits: 8 x 8 pixels from 0 to 16, 1,437 training and 360 test images."""
    # scikit-learn takes seconds to import, and only this set needs it.
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    images = bunch.images.astype(np.uint8)[..., np.newaxis]
    labels = bunch.target.astype(np.int64)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=360, stratify=labels, random_state=0
    )
    return ImageData(
        name="digits",
        train_images=images[train],
        train_labels=labels[train],
        test_images=images[test],
        test_labels=labels[test],
        pixel_max=16.0,
        num_classes=10,
        label_names=tuple(str(name) for name in bunch.target_names),
    )
