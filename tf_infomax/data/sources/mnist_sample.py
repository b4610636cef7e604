"""The choice of MNIST images that the package includes, and the file that holds them.

The file is written by

    python -m tf_infomax.data.sources.mnist_sample FOLDER_OF_PREPARED_TFDS_SETS

and is in the repository with a note on its origin; to use it, load ``"mnist_sample"``.
"""

import sys

import numpy as np

from tf_infomax.data.datasets import load
from tf_infomax.data.sources.bundled import MNIST_SAMPLE

__all__ = ["chosen"]

# Images of each of the ten digits.
_PER_CLASS = {"train": 1_000, "test": 200}


def chosen(mnist):
    """A class-balanced sample of both splits: evenly spaced images of every digit.

    Even spacing needs no random numbers, so the sample is the same with every version of NumPy.

    Args:
        mnist: ``ImageData``.

    Returns:
        dict of ``x_train`` uint8 ``[10000, 28, 28]``, ``y_train`` uint8 ``[10000]``, ``x_test``
        ``[2000, 28, 28]``, ``y_test`` ``[2000]``, in the order of MNIST.
    """
    arrays = {}
    for split, count in _PER_CLASS.items():
        images, labels = getattr(mnist, f"{split}_images"), getattr(mnist, f"{split}_labels")
        rows = []
        for digit in range(mnist.num_classes):
            examples = np.flatnonzero(labels == digit)
            rows.append(examples[np.arange(count) * len(examples) // count])
        rows = np.sort(np.concatenate(rows))
        arrays[f"x_{split}"] = images[rows, ..., 0]
        arrays[f"y_{split}"] = labels[rows].astype(np.uint8)
    return arrays


if __name__ == "__main__":
    np.savez_compressed(MNIST_SAMPLE, **chosen(load("mnist", sys.argv[1])))
