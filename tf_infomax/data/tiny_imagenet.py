"""Tiny ImageNet, from its folder as published."""

import pathlib

import tensorflow as tf

from tf_infomax.data.collect import collect
from tf_infomax.data.datasets import DatasetNotFoundError, ImageData

__all__ = ["from_folder"]

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
    of ``wnids.txt`` and named by ``words.txt``. The grey JPEG files among the others become RGB.
    Bounding boxes are not read.

    Args:
        path: the folder.

    Returns:
        ``ImageData``, RGB.

    Raises:
        DatasetNotFoundError: if a part of the folder is missing.
        ValueError: if the parts do not fit together, or an image cannot be read or is of another
            size than the others.
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
    train = _images(*_train_files(path / "train", number), f"{path}, train")
    test = _images(*_val_files(path / "val", number), f"{path}, val")
    if train[0].shape[1:] != test[0].shape[1:]:
        raise ValueError(
            f"All images of {path} must have one size. Received: train of shape "
            f"{train[0].shape[1:]} and val of shape {test[0].shape[1:]}."
        )
    return ImageData(
        name=path.name,
        train_images=train[0],
        train_labels=train[1],
        test_images=test[0],
        test_labels=test[1],
        pixel_max=255.0,
        num_classes=len(number),
        label_names=tuple(words.get(wordnet_id, wordnet_id) for wordnet_id in number),
    )


def _lines(file):
    """The tab-separated fields of every line that is not empty."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.strip().split("\t") for line in lines if line.strip()]


def _jpegs(folder):
    return sorted(entry for entry in folder.glob("*") if entry.suffix.lower() in (".jpeg", ".jpg"))


def _train_files(folder, number):
    files, labels = [], []
    for wordnet_id, label in number.items():
        of_class = _jpegs(folder / wordnet_id / "images")
        if not of_class:
            raise DatasetNotFoundError(
                f"Every class of wnids.txt needs images. {folder / wordnet_id / 'images'} holds no "
                f"JPEG file. Received: class {wordnet_id!r}."
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
    files = _jpegs(folder / "images")
    present = {file.name for file in files}
    if not files or present != set(label_of):
        odd = sorted(present ^ set(label_of))
        raise ValueError(
            f"{annotations} must list the files of {folder / 'images'}, at least one, all of them "
            f"and no others. Received: {len(label_of)} lines, {len(files)} files, of which "
            f"{len(odd)} names in one place only{': ' + ', '.join(odd[:3]) if odd else ''}."
        )
    return files, [label_of[file.name] for file in files]


def _images(files, labels, where):
    names = [str(file) for file in files]
    shape = _checked(names[0])
    examples = tf.data.Dataset.from_tensor_slices((names, tf.constant(labels, tf.int64))).map(
        lambda name, label: (tf.ensure_shape(_decode(name), shape), label),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    try:
        return collect(examples, len(names), where)
    except tf.errors.OpError as error:
        for name in names:  # which one?
            if (other := _checked(name)) != shape:
                raise ValueError(
                    f"All images must have one size. Received: {names[0]} of shape "
                    f"{tuple(shape)} and {name} of shape {tuple(other)}."
                ) from error
        raise


def _decode(name):
    # Three channels also from a grey file.
    return tf.io.decode_jpeg(tf.io.read_file(name), channels=3)


def _checked(name):
    """The shape of an image that can be read."""
    try:
        return _decode(name).shape
    except tf.errors.OpError as error:
        raise ValueError(f"{name} is not a readable JPEG image.") from error
