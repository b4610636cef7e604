"""Image sets that TensorFlow Datasets reads: prepared sets and folders of images."""

import pathlib
import re

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_infomax import registry
from tf_infomax.data.augmentation import centre_crop
from tf_infomax.data.collect import collect
from tf_infomax.data.datasets import DatasetNotFoundError, ImageData

__all__ = ["from_image_folder", "from_prepared"]

_NAME = re.compile(r"(?P<set>\w+)(/(?P<config>[\w.+-]+))?(:(?P<version>\d+\.\d+\.\d+))?")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
# TFDS set -> side in pixels to which its images are reduced.
_REDUCED = {"celeb_a": 64}
_UNLABELLED = "unlabelled"


def from_prepared(name, data_dir, download):
    """Reads the TFDS set ``name`` under ``data_dir``; see ``datasets.load``.

    A set that has images but no key ``label`` (``celeb_a``, which has attributes) is read as
    unlabelled. A split ``unlabelled`` (``stl10``) becomes ``unlabelled_images``. The images of
    ``celeb_a``, 218 x 178 pixels, are reduced as they are read: the square of 178 x 178 pixels in
    the centre, resized to 64 x 64 by bilinear interpolation with antialiasing, rounded to uint8.
    """
    data_dir = pathlib.Path(data_dir)
    match = _NAME.fullmatch(name)
    if not match:
        raise _not_found(name, name, data_dir)
    folder = _version_folder(data_dir, name, **match.groupdict())
    if folder is not None:
        builder = tfds.builder_from_directory(folder)
    elif download and match["set"] in tfds.list_builders():
        builder = _download(name, data_dir)
    else:
        raise _not_found(name, match["set"], data_dir)
    return _from_builder(name, builder)


def _version_folder(data_dir, name, set, config, version):
    """The folder of the highest version prepared, or None. Looks at file names only.

    ``tfds.builder`` would look for the code of the set first, and take the newest version that the
    code knows rather than the one that is here.
    """
    root = data_dir / set / (config or "")
    found = _versions(root)
    if not found and config is None and root.is_dir():
        configs = sorted(entry.name for entry in root.iterdir() if _versions(entry))
        if len(configs) > 1:
            raise DatasetNotFoundError(
                f"{root} holds several configurations; name one, as in {set}/{configs[0]}. "
                f"Known: {', '.join(configs)}. Received: name={name!r}."
            )
        found = _versions(root / configs[0]) if configs else []
    if version is not None:
        found = [folder for folder in found if folder.name == version]
    return found[-1] if found else None


def _versions(folder):
    if not folder.is_dir():
        return []
    prepared = (
        entry
        for entry in folder.iterdir()
        if _VERSION.fullmatch(entry.name) and (entry / "dataset_info.json").is_file()
    )
    return sorted(prepared, key=lambda entry: tuple(map(int, entry.name.split("."))))


def _download(name, data_dir):
    try:
        builder = tfds.builder(name, data_dir=str(data_dir))
        builder.download_and_prepare()
    except Exception as error:  # network, disk, checksum, missing package: TFDS raises anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DatasetNotFoundError(
            f"{name} could not be downloaded and prepared in {data_dir}. Prepare it where there is "
            "a network and pass the folder as --data_dir, or use data=digits. "
            f"Received: {type(error).__name__}: {reason}"
        ) from error
    return builder


def _not_found(name, set_name, data_dir):
    if data_dir.is_dir():
        here = sorted(
            entry.name
            for entry in data_dir.iterdir()
            if _versions(entry) or (entry.is_dir() and any(map(_versions, entry.iterdir())))
        )
        listing = f"{data_dir} holds: {', '.join(here) or 'no data set'}."
    else:
        listing, here = f"{data_dir} does not exist.", []
    known = tfds.list_builders(with_community_datasets=False)
    if set_name in known:
        advice = (
            "To get it, pass --download (download=True) where there is a network, or pass "
            f"--data_dir (or set TFDS_DATA_DIR) to the folder that holds {set_name}/<version>/; "
            "data=digits needs nothing."
        )
        return DatasetNotFoundError(f"The data set {name!r} is not here. {listing} {advice}")
    close = registry.nearest(set_name.lower(), sorted({*known, *here, "digits"}))
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return DatasetNotFoundError(
        f"There is no data set {name!r}: it is neither a folder of images, nor a path ending in "
        f".npz, nor a set of TensorFlow Datasets.{hint} {listing} data=digits needs nothing."
    )


def _from_builder(name, builder):
    info = builder.info
    image_key, label_key = _keys(name, info)
    splits = _split_names(name, info.splits)
    if _UNLABELLED in info.splits:
        splits = *splits, _UNLABELLED
    # `try_autocache` would keep a second copy of a small set.
    config = tfds.ReadConfig(try_autocache=False)
    side = _REDUCED.get(info.name)

    def read(split):
        def example(features):
            image = features[image_key] if side is None else _reduced(features[image_key], side)
            if label_key is None or split == _UNLABELLED:
                return image, tf.constant(-1, tf.int64)
            return image, features[label_key]

        examples = builder.as_dataset(split=split, shuffle_files=False, read_config=config)
        examples = examples.map(example, num_parallel_calls=tf.data.AUTOTUNE)
        where = f"{name}, split {split}"
        try:
            return collect(examples, info.splits[split].num_examples, where)
        except tf.errors.OpError as error:
            raise ValueError(
                f"The files of {where} are missing or damaged; prepare the set anew. "
                f"Received: {error.message.splitlines()[0]} (in {builder.data_path})."
            ) from error

    train, test, *unlabelled = map(read, splits)
    label_names = () if label_key is None else info.features[label_key].names
    return _image_data(name, train, test, label_names, *(images for images, _ in unlabelled))


def _keys(name, info):
    """Keys of the image and of the class label; the latter is ``None`` if there is none."""
    features = info.features
    keys = info.supervised_keys or ("image", "label")
    image, label = (
        features[key] if isinstance(key, str) and key in features else None for key in keys[:2]
    )
    unlabelled = info.supervised_keys is None and "label" not in features
    kinds_fit = isinstance(image, tfds.features.Image) and (
        unlabelled or isinstance(label, tfds.features.ClassLabel)
    )
    if not kinds_fit:
        raise ValueError(
            f"{name} is no image-classification set: it needs an image and a class label (or no "
            f"label at all). Received: features {sorted(features)}."
        )
    if np.dtype(image.np_dtype) != np.uint8:
        raise ValueError(f"Images of {name} must be uint8. Received: dtype {image.np_dtype}.")
    return keys[0], None if unlabelled else keys[1]


def _reduced(image, side):
    """The square in the centre of ``image``, resized to ``side`` x ``side`` pixels."""
    square = centre_crop(image[tf.newaxis], min(image.shape[:2]))
    resized = tf.image.resize(square, (side, side), method="bilinear", antialias=True)[0]
    return tf.cast(tf.clip_by_value(tf.round(resized), 0.0, 255.0), tf.uint8)


def _split_names(name, splits):
    held_out = next((split for split in ("test", "validation", "val") if split in splits), None)
    if "train" not in splits or held_out is None:
        raise ValueError(
            f"{name} must have the splits train and test (or validation). "
            f"Received: splits {sorted(splits)}."
        )
    return "train", held_out


def _image_data(name, train, test, label_names, unlabelled_images=None):
    return ImageData(
        name=name,
        train_images=train[0],
        train_labels=train[1],
        test_images=test[0],
        test_labels=test[1],
        pixel_max=255.0,
        num_classes=len(label_names),
        label_names=tuple(label_names),
        unlabelled_images=unlabelled_images,
    )


def from_image_folder(path):
    """Reads ``<path>/{train,test}/<class>/*.{png,jpg}``; see ``datasets.load``.

    ``tfds.ImageFolder`` finds files and labels (Keras' ``image_dataset_from_directory`` resizes
    everything to float32). Its decoding is skipped, because it turns every image into RGB.
    """
    path = pathlib.Path(path)
    builder = tfds.ImageFolder(str(path))
    train, test = _split_names(str(path), builder.info.splits)
    skip = {"image": tfds.decode.SkipDecoding()}
    first, arrays = {}, {}
    for split in (train, test):
        if not builder.info.splits[split].num_examples:
            raise ValueError(f"{path / split} holds no PNG or JPEG image in a <class> folder.")
        images, labels = [], []
        for example in tfds.as_numpy(builder.as_dataset(split=split, decoders=skip)):
            file = example["image/filename"].decode()
            image = _decode(example["image"], file)
            reference = first.setdefault("image", (file, image.shape))
            if image.shape != reference[1]:
                raise ValueError(
                    "All images must have one size and one number of channels. Received: "
                    f"{reference[0]} of shape {reference[1]} and {file} of shape {image.shape}."
                )
            images.append(image)
            labels.append(example["label"])
        arrays[split] = np.stack(images), np.asarray(labels, np.int64)
    return _image_data(path.name, arrays[train], arrays[test], builder.info.features["label"].names)


def _decode(data, file):
    try:
        image = tf.io.decode_image(data, expand_animations=False).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise ValueError(f"{file} is not a readable PNG or JPEG image.") from error
    # The bit depth is byte 24 of a PNG file; the decoder drops the lower 8 bits in silence.
    deep = data[:4] == b"\x89PNG" and data[24] > 8
    if deep or image.shape[-1] not in (1, 3):
        raise ValueError(
            f"Images must be grey or RGB, 8 bits a channel. Received: {file} with "
            f"{image.shape[-1]} channels{' of 16 bits' if deep else ''}."
        )
    return image
