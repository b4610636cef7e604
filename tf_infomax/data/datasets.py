"""Whole image data sets in memory, by name. No TensorFlow unless a TFDS set or a folder is read."""

import dataclasses
import functools
import os
import pathlib

import numpy as np

from tf_infomax.paths import expanded

__all__ = ["DatasetNotFoundError", "ImageData", "load"]


class DatasetNotFoundError(FileNotFoundError, ValueError):
    """The named data set is not on this machine; the message says how to get it."""


@dataclasses.dataclass(frozen=True)
class ImageData:
    """An image data set, held in memory as it is stored on disk.

    Attributes:
        name: for rows and reports.
        train_images, test_images: ``[N, H, W, C]``, uint8, or float32 where that is how they came.
            Read-only, because runs in one process share them.
        train_labels, test_labels: ``int64 [N]``; -1 means unlabelled.
        unlabelled_images: more images to train on, beside the training images and as those are,
            or ``None``.
        pixel_max: the stored value that means 1.0: 255 (uint8), 16 (digits) or 1 (float32).
        num_classes: number of classes, 0 if nothing is labelled.
        label_names: ``num_classes`` strings.

    Raises:
        ValueError: on shapes or dtypes other than these, an empty split, labels outside
            ``[-1, num_classes)``, or pixels that are NaN or infinite.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    pixel_max: float
    num_classes: int
    label_names: tuple
    unlabelled_images: np.ndarray | None = None

    def __post_init__(self):
        fields = [f"{split}_{kind}" for split in ("train", "test") for kind in ("images", "labels")]
        if self.unlabelled_images is not None:
            fields.append("unlabelled_images")
        for field in fields:
            shared = getattr(self, field).view()
            shared.flags.writeable = False
            object.__setattr__(self, field, shared)
        for field in fields:
            if field.endswith("_images"):
                self._check_images(field)
            else:
                self._check_labels(field.replace("labels", "images"), field)
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise ValueError(
                f"Train and test images of {self.name} must have one shape (H, W, C). Received: "
                f"{self.train_images.shape[1:]} and {self.test_images.shape[1:]}."
            )
        self._check_unlabelled()
        if len(self.label_names) != self.num_classes:
            raise ValueError(
                f"Every class needs a name. Received: num_classes={self.num_classes}, "
                f"label_names={self.label_names}."
            )

    def _check_images(self, field):
        images = getattr(self, field)
        if images.ndim != 4 or 0 in images.shape:
            raise ValueError(
                f"`{field}` of {self.name} must have shape [N, H, W, C], nothing empty. "
                f"Received: shape {images.shape}."
            )
        if images.dtype not in (np.uint8, np.float32):
            raise ValueError(
                f"`{field}` of {self.name} must be uint8 or float32. "
                f"Received: dtype {images.dtype}."
            )
        if images.dtype == np.float32:
            count = images.size - np.count_nonzero(np.isfinite(images))
            if count:
                raise ValueError(
                    f"`{field}` of {self.name} must be finite. "
                    f"Received: {count} NaN or infinite values of {images.size}."
                )

    def _check_labels(self, images_field, field):
        images, labels = getattr(self, images_field), getattr(self, field)
        if labels.shape != images.shape[:1] or labels.dtype != np.int64:
            raise ValueError(
                f"`{field}` of {self.name} must be int64 of shape [{len(images)}]. "
                f"Received: {labels.dtype} of shape {labels.shape}."
            )
        if labels.min() < -1 or labels.max() >= self.num_classes:
            raise ValueError(
                f"`{field}` of {self.name} must lie in [0, {self.num_classes}), or be -1 "
                f"for unlabelled. Received: {labels.min()} to {labels.max()}."
            )

    def _check_unlabelled(self):
        unlabelled, train = self.unlabelled_images, self.train_images
        if unlabelled is None:
            return
        if unlabelled.shape[1:] != train.shape[1:] or unlabelled.dtype != train.dtype:
            raise ValueError(
                f"Unlabelled images of {self.name} must be as the training images, "
                f"{train.dtype} of shape {train.shape[1:]} each. "
                f"Received: {unlabelled.dtype} of shape {unlabelled.shape[1:]}."
            )

    @property
    def image_shape(self):
        """``(H, W, C)`` of every image."""
        return self.train_images.shape[1:]

    @property
    def is_labelled(self):
        """Whether every training and test image has a label, as probes need."""
        return bool(min(self.train_labels.min(), self.test_labels.min()) >= 0)


def load(name, data_dir=None, download=False):
    """Reads a data set by name; the last two are remembered by the process.

    Args:
        name: one of

            - ``"digits"``: scikit-learn's bundled 8 x 8 digits, 1,437 train and 360 test images,
              stratified, always the same split;
            - an image-classification set of TensorFlow Datasets, ``"mnist"``, ``"cifar10"``,
              ``"cmaterdb/bangla"``, ``"mnist:3.0.1"``: its ``train`` split, and its ``test``
              split or else its ``validation`` split; a split ``unlabelled`` as well
              (``"stl10"``). A set without labels is read with labels of -1; ``"celeb_a"`` is
              reduced to 64 x 64 pixels (see ``tfds_sets.from_prepared``);
            - a path ending in ``.npz``: ``x_train``, ``x_test`` as ``[N, H, W]`` or
              ``[N, H, W, C]``, uint8 or floating (then taken as they are, white = 1.0), and
              integer ``y_train``, ``y_test`` (left out: unlabelled); ``x_unlabelled`` may be there;
            - a folder that holds ``wnids.txt``: Tiny ImageNet as published (its ``val`` is our
              test set);
            - a folder that holds ``train/<class>/*.png`` (or jpg) and ``test/<class>/...``, all
              images of one size, grey or RGB. A folder wins over a TFDS set of that name.

        data_dir: folder of prepared TFDS sets, ``<data_dir>/<name>/<version>/``. Default: the
            environment variable ``TFDS_DATA_DIR``, else ``~/tensorflow_datasets``.
        download: whether a missing TFDS set may be downloaded and prepared. If False, nothing ever
            touches the network.

    Returns:
        ``ImageData``.

    Raises:
        DatasetNotFoundError: if there is no such set here; says how to get it.
        ValueError: if what is there is not an image-classification set of one image size.
    """
    if not isinstance(name, str | os.PathLike) or not os.fspath(name):
        raise ValueError(f"A data set is named by a string or a path. Received: name={name!r}.")
    name = os.fspath(name)
    if name == "digits":
        return _digits()
    path = pathlib.Path(expanded(name, "data"))
    if name.endswith(".npz"):
        if not path.is_file():
            raise DatasetNotFoundError(f"There is no such file. Received: name={name!r}.")
        return _npz(path.resolve(), _stamp(path))
    if (path / "wnids.txt").is_file():
        return _tiny_imagenet(path.resolve(), _stamp(path))
    if (path / "train").is_dir():
        return _folder(path.resolve(), _stamp(path))
    # What can only be a path, or is a folder after all, is not looked up among the TFDS names.
    if path.is_absolute() or name.startswith((".", "~")) or path.is_dir():
        raise DatasetNotFoundError(
            "A folder of images must hold train/<class>/*.png and test/<class>/*.png, or be Tiny "
            "ImageNet as published, with wnids.txt; a file of arrays must end in .npz. "
            f"{_contents(path)} Received: name={name!r}."
        )
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    data_dir = pathlib.Path(expanded(data_dir, "data_dir")).resolve()
    return _prepared(name, data_dir, bool(download))


def _stamp(path):
    """Changes whenever the file does, so that a rewritten file is read again."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _contents(folder):
    if not folder.is_dir():
        return f"{folder} does not exist."
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"{folder} holds: {shown or 'nothing'}."


@functools.lru_cache(maxsize=1)
def _digits():
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


@functools.lru_cache(maxsize=2)
def _npz(path, stamp):
    del stamp  # Only a part of the cache's key.
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds for a broken file
        raise ValueError(f"{path} is not a readable .npz file of plain arrays: {error}") from error
    if missing := {"x_train", "x_test"} - set(arrays):
        raise ValueError(
            f"{path} must hold x_train and x_test, and may hold y_train, y_test and x_unlabelled; "
            f"it lacks {' and '.join(sorted(missing))}. Received: {sorted(arrays)}."
        )
    keys = [key for key in ("x_train", "x_test", "x_unlabelled") if key in arrays]
    images = {key: _images(arrays[key], key, path) for key in keys}
    labels = {
        split: _labels(arrays.get(f"y_{split}"), f"y_{split}", path, len(images[f"x_{split}"]))
        for split in ("train", "test")
    }
    kinds = {array.dtype for array in images.values()}
    if len(kinds) > 1:
        raise ValueError(
            f"{' and '.join(keys)} of {path} must all be uint8 or all be floating. "
            f"Received: {' and '.join(str(arrays[key].dtype) for key in keys)}."
        )
    num_classes = max(0, 1 + max(int(array.max(initial=-1)) for array in labels.values()))
    return ImageData(
        name=path.stem,
        train_images=images["x_train"],
        train_labels=labels["train"],
        test_images=images["x_test"],
        test_labels=labels["test"],
        pixel_max=255.0 if kinds == {np.dtype(np.uint8)} else 1.0,
        num_classes=num_classes,
        label_names=tuple(str(label) for label in range(num_classes)),
        unlabelled_images=images.get("x_unlabelled"),
    )


def _images(array, key, path):
    if array.ndim not in (3, 4) or 0 in array.shape:
        raise ValueError(
            f"{key} of {path} must have shape [N, H, W] or [N, H, W, C], nothing empty. "
            f"Received: shape {array.shape}."
        )
    if np.issubdtype(array.dtype, np.floating):
        count = array.size - np.count_nonzero(np.isfinite(array))
        if count:
            raise ValueError(
                f"{key} of {path} must be finite. "
                f"Received: {count} NaN or infinite values of {array.size}."
            )
        array = array.astype(np.float32)
    elif array.dtype != np.uint8:
        raise ValueError(
            f"{key} of {path} must be uint8 (0 to 255) or floating (0 to 1). "
            f"Received: dtype {array.dtype}."
        )
    return array if array.ndim == 4 else array[..., np.newaxis]


def _labels(array, key, path, num_images):
    if array is None:
        return np.full(num_images, -1, np.int64)
    if array.shape == (num_images, 1):  # as Keras' own data sets come
        array = array[:, 0]
    if array.shape != (num_images,) or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"{key} of {path} must be {num_images} integers, one for each image. "
            f"Received: {array.dtype} of shape {array.shape}."
        )
    return array.astype(np.int64)


@functools.lru_cache(maxsize=2)
def _folder(path, stamp):
    del stamp  # Only a part of the cache's key.
    from tf_infomax.data import tfds_sets

    return tfds_sets.from_image_folder(path)


@functools.lru_cache(maxsize=2)
def _tiny_imagenet(path, stamp):
    del stamp  # Only a part of the cache's key.
    from tf_infomax.data import tiny_imagenet

    return tiny_imagenet.from_folder(path)


@functools.lru_cache(maxsize=2)
def _prepared(name, data_dir, download):
    from tf_infomax.data import tfds_sets

    return tfds_sets.from_prepared(name, data_dir, download)
