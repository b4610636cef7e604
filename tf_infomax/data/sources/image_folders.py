"""Folders of images, one folder a class."""

import pathlib
import warnings

import numpy as np

from tf_infomax.data.image_data import DatasetNotFoundError, DatasetWarning, ImageData
from tf_infomax.data.sources.image_files import is_image, listed, read_images, visible

__all__ = ["folders", "from_folder"]

_HELD_OUT = ("test", "validation", "val")


def from_folder(path):
    """Reads ``<path>/train/<class>/*`` and ``<path>/test/<class>/*``.

    The held-out images are those of ``test``, or else of ``validation`` or ``val``. Classes are
    numbered in the order of their names. Every file that Pillow reads is an image (see
    ``image_files.read_image``); other files are left out with a ``DatasetWarning``. Hidden files
    and system files (``__MACOSX``, ``Thumbs.db``) are ignored.

    Args:
        path: the folder.

    Returns:
        ``ImageData``, uint8: grey if all images are grey, else RGB.

    Raises:
        DatasetNotFoundError: if there is no folder of held-out images.
        ValueError: if a split has no class, a class has no image or holds a folder, an image cannot
            be read, or the images differ in size.
    """
    path = pathlib.Path(path)
    held_out = next((split for split in _HELD_OUT if (path / split).is_dir()), None)
    if held_out is None:
        raise DatasetNotFoundError(
            "Expected the folders train and test (or validation, or val). Received: "
            f"{path}, which holds {listed([entry.name for entry in visible(path)], 20)}."
        )
    others = []
    train, test = (_classes(path / split, others) for split in ("train", held_out))
    if others:
        warnings.warn(
            f"Files of {path} that are no images Pillow reads are left out: "
            f"{listed([file.relative_to(path) for file in others])}.",
            DatasetWarning,
            stacklevel=2,
        )
    names = sorted({*train, *test})
    files, labels = [], []
    for classes in (train, test):
        for name, images in sorted(classes.items()):
            files += images
            labels += [names.index(name)] * len(images)
    # In one array, because one RGB image makes all images of both splits RGB.
    images, labels = read_images(files), np.array(labels, np.int64)
    count = sum(map(len, train.values()))
    return ImageData(
        name=path.name,
        train_images=images[:count],
        train_labels=labels[:count],
        test_images=images[count:],
        test_labels=labels[count:],
        pixel_max=255.0,
        num_classes=len(names),
        label_names=tuple(names),
    )


def folders(path):
    """The folder of a data set, its splits and its classes."""
    splits = [entry for entry in visible(path) if entry.is_dir()]
    classes = [entry for split in splits for entry in visible(split) if entry.is_dir()]
    return [path, *splits, *classes]


def _classes(folder, others):
    """``{class: image files}`` of a split; appends other files to ``others``."""
    classes = {}
    for entry in visible(folder):
        if entry.is_dir():
            classes[entry.name] = _images(entry, others)
        else:
            others.append(entry)
    if not classes:
        raise ValueError(
            "Images lie in a folder for each class; those of no class may lie in one folder, such "
            f"as {folder.name}/all. Received: {folder}, which holds no folder, but "
            f"{listed([entry.name for entry in visible(folder)]) or 'nothing'}."
        )
    return classes


def _images(folder, others):
    images, other_files = [], []
    for entry in visible(folder):
        if entry.is_dir():
            raise ValueError(
                "The images of a class lie in its own folder, without further folders. "
                f"Received: the folder {entry} in the class {folder.name!r}."
            )
        (images if is_image(entry) else other_files).append(entry)
    if not images:
        raise ValueError(
            "Every class folder must hold an image that Pillow reads, such as PNG or JPEG. "
            f"Received: {folder}, which holds "
            f"{listed([file.name for file in other_files]) or 'nothing'}."
        )
    others += other_files
    return images
