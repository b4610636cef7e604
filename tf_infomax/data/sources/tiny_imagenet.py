"""Tiny ImageNet, from its folder as published."""

import pathlib

import numpy as np

from tf_infomax.data.image_data import DatasetNotFoundError, ImageData
from tf_infomax.data.sources.image_files import is_image, read_images, visible

__all__ = ["folders", "from_folder"]

_PARTS = {
    "wnids.txt": "the classes, one WordNet id a line",
    "words.txt": "a WordNet id and its words a line",
    "train": "<id>/images/*.JPEG",
    "val/images": "*.JPEG",
    "val/val_annotations.txt": "a file and its WordNet id a line",
}


def from_folder(path):
    """Reads a folder such as ``tiny-imagenet-200`` (200 classes, 64 x 64 pixels).

    The training images are those of ``train/<id>/images``, class by class, the test images those
    of ``val/images`` (the published test images have no labels). Classes are numbered in the order
    of ``wnids.txt`` and named by ``words.txt``. Grey JPEG files become RGB.
    Bounding boxes are not read.

    Args:
        path: the folder.

    Returns:
        ``ImageData``, RGB.

    Raises:
        DatasetNotFoundError: if a part of the folder is missing.
        ValueError: if the parts do not fit together, an image cannot be read, or images differ in
            size.
    """
    path = pathlib.Path(path)
    if missing := [part for part in _PARTS if not (path / part).exists()]:
        parts = ", ".join(f"{part} ({content})" for part, content in _PARTS.items())
        raise DatasetNotFoundError(
            f"A folder with wnids.txt is read as Tiny ImageNet as published, which holds {parts}. "
            f"{path} lacks: {', '.join(missing)}."
        )
    classes = _lines(path / "wnids.txt")
    number = {fields[0]: label for label, fields in enumerate(classes)}
    if not number or len(number) != len(classes):
        raise ValueError(
            f"{path / 'wnids.txt'} must name at least one class, and each class once. "
            f"Received: {len(classes)} lines, {len(number)} different."
        )
    words = {fields[0]: fields[-1] for fields in _lines(path / "words.txt")}
    train = _train_files(path / "train", number)
    test = _val_files(path / "val", number)
    # In one array: one RGB image makes all images RGB.
    images, count = read_images(train[0] + test[0]), len(train[0])
    return ImageData(
        name=path.name,
        train_images=images[:count],
        train_labels=np.array(train[1], np.int64),
        test_images=images[count:],
        test_labels=np.array(test[1], np.int64),
        pixel_max=255.0,
        num_classes=len(number),
        label_names=tuple(words.get(wordnet_id, wordnet_id) for wordnet_id in number),
    )


def folders(path):
    """Its folders of images, and the files that say what is in them; those that are there."""
    classes = visible(path / "train") if (path / "train").is_dir() else []
    parts = [path, *(path / part for part in _PARTS), *(one / "images" for one in classes)]
    return [part for part in parts if part.exists()]


def _lines(file):
    """The tab-separated fields of every line that is not empty."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.strip().split("\t") for line in lines if line.strip()]


def _image_files(folder):
    return [entry for entry in visible(folder) if is_image(entry)] if folder.is_dir() else []


def _train_files(folder, number):
    files, labels = [], []
    for wordnet_id, label in number.items():
        of_class = _image_files(folder / wordnet_id / "images")
        if not of_class:
            raise DatasetNotFoundError(
                f"Every class of wnids.txt needs images. {folder / wordnet_id / 'images'} holds no "
                f"image. Received: class {wordnet_id!r}."
            )
        files += of_class
        labels += [label] * len(of_class)
    return files, labels


def _val_files(folder, number):
    annotations = folder / "val_annotations.txt"
    label_of = {}
    for fields in _lines(annotations):
        if len(fields) < 2 or fields[1] not in number:
            raise ValueError(
                f"Every line of {annotations} must begin with a file and a class of wnids.txt, "
                f"set apart by a tab. Received: {' '.join(fields)!r}."
            )
        if fields[0] in label_of:
            raise ValueError(
                f"{annotations} must list every file once. Received: {fields[0]!r} twice."
            )
        label_of[fields[0]] = number[fields[1]]
    files = _image_files(folder / "images")
    present = {file.name for file in files}
    if not files or present != set(label_of):
        odd = sorted(present ^ set(label_of))
        raise ValueError(
            f"{annotations} must list the files of {folder / 'images'}, at least one, all of them "
            f"and no others. Received: {len(label_of)} lines, {len(files)} files, of which "
            f"{len(odd)} names in one place only{': ' + ', '.join(odd[:3]) if odd else ''}."
        )
    return files, [label_of[file.name] for file in files]
