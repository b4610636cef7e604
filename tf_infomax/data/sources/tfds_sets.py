"""Sets of TensorFlow Datasets that have been prepared, or may be downloaded."""

import pathlib
import typing

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_infomax.data.augmentation import centre_crop
from tf_infomax.data.image_data import DatasetNotFoundError, ImageData
from tf_infomax.data.sources import prepared_sets
from tf_infomax.data.sources.collect import collect, in_chunks

__all__ = ["from_prepared"]

# TFDS set -> side in pixels to which its images are reduced.
_REDUCED = {"celeb_a": 64}
# Records that are parsed and decoded by one call.
_RECORDS = 256
_UNLABELLED = "unlabelled"
_ATTRIBUTES = "attributes"


class _Keys(typing.NamedTuple):
    """Names of the features of an example that are read."""

    image: str
    label: str | None
    attributes: tuple


def from_prepared(name, data_dir, download):
    """Reads the TFDS set ``name`` under ``data_dir``; see ``datasets.load``.

    A set that has images but no key ``label`` is read as unlabelled; the true-or-false features in
    its ``attributes`` (``celeb_a``: "Smiling", 40 in all) become the attributes of the
    ``ImageData``. A split ``unlabelled`` (``stl10``) becomes ``unlabelled_images``. The images of
    ``celeb_a``, 218 x 178 pixels, are reduced as they are read: the square of 178 x 178 pixels in
    the centre, resized to 64 x 64 by bilinear interpolation with antialiasing, rounded to uint8.
    """
    data_dir = pathlib.Path(data_dir)
    folder = prepared_sets.folder_of(name, data_dir)
    if folder is not None:
        builder = _prepared(folder)
    elif download and prepared_sets.is_known(name):
        builder = _download(name, data_dir)
    else:
        raise prepared_sets.not_found(name, data_dir)
    return _from_builder(name, builder)


def _prepared(folder):
    try:
        return tfds.builder_from_directory(folder)
    except Exception as error:  # damaged JSON, missing files, unknown features: anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"{folder} is not a set that TFDS can read; prepare it anew. "
            f"Received: {type(error).__name__}: {reason}"
        ) from error


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


def _from_builder(name, builder):
    info = builder.info
    keys = _keys(name, info)
    splits = _split_names(name, info.splits)
    if _UNLABELLED in info.splits:
        splits = *splits, _UNLABELLED
    train, test, *unlabelled = (_read(name, builder, split, keys) for split in splits)
    label_names = () if keys.label is None else info.features[keys.label].names
    return ImageData(
        name=name,
        train_images=train[0],
        train_labels=train[1],
        test_images=test[0],
        test_labels=test[1],
        pixel_max=255.0,
        num_classes=len(label_names),
        label_names=tuple(label_names),
        unlabelled_images=unlabelled[0][0] if unlabelled else None,
        attribute_names=keys.attributes,
        train_attributes=train[2] if keys.attributes else None,
        test_attributes=test[2] if keys.attributes else None,
    )


def _read(name, builder, split, keys):
    """Arrays of images, labels and attributes of one split."""
    side = _REDUCED.get(builder.info.name)

    def example(features):
        image, label = features[keys.image], tf.constant(-1, tf.int64)
        if side is not None:
            image = _reduced(image, side)
        if keys.label is not None and split != _UNLABELLED:
            label = features[keys.label]
        attributes = [features[_ATTRIBUTES][attribute] for attribute in keys.attributes]
        return image, label, tf.cast(attributes, tf.uint8)

    where, count = f"{name}, split {split}", builder.info.splits[split].num_examples
    if not count:
        raise ValueError(f"{where} must hold examples, at least 1. Received: 0.")
    try:
        return collect(_batches(builder, split, example), count, where)
    except (tf.errors.OpError, ImportError, NotImplementedError, OSError) as error:
        reason = (getattr(error, "message", "") or str(error)).splitlines()[0]
        raise ValueError(
            f"The files of {where} are missing or damaged, or of a format that is not read here "
            f"({builder.info.file_format}); prepare the set anew, as TFDS does by default. "
            f"Received: {reason} (in {builder.data_path})."
        ) from error


def _batches(builder, split, example):
    """What ``example`` makes of each example of a split, in the order in which they are stored."""
    files = builder.info.splits[split].file_instructions
    if builder.info.file_format == tfds.core.FileFormat.TFRECORD and len(files) == 1:
        # One element of the pipeline for many records: small images take a quarter of the time.
        # TFDS would interleave several files, so those are left to it.
        records = tf.data.TFRecordDataset(files[0].filename)

        def read(record):
            return example(builder.info.features.deserialize_example(record))

        spec = records.map(read).element_spec
        if spec[0].shape.is_fully_defined():
            return records.batch(_RECORDS).map(
                lambda batch: tf.map_fn(read, batch, fn_output_signature=spec),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
    examples = _examples(builder, split)
    return in_chunks(examples.map(example, num_parallel_calls=tf.data.AUTOTUNE))


def _examples(builder, split):
    """The examples of a split as ``tf.data``, in the order in which they are stored."""
    if builder.info.file_format != tfds.core.FileFormat.ARRAY_RECORD:
        # `try_autocache` would keep a second copy of a small set.
        config = tfds.ReadConfig(try_autocache=False)
        return builder.as_dataset(split=split, shuffle_files=False, read_config=config)
    # TFDS reads these by index only. The records are those of the other formats.
    raw = tfds.decode.DeserializeMethod.RAW_BYTES
    source = builder.as_data_source(split=split, deserialize_method=raw)
    records = tf.data.Dataset.from_generator(
        lambda: (bytes(source[index]) for index in range(len(source))),
        output_signature=tf.TensorSpec([], tf.string),
    )
    return records.map(builder.info.features.deserialize_example)


def _keys(name, info):
    """The keys that are read; ``ValueError`` unless it is an image-classification set."""
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
    return _Keys(keys[0], *((None, _attributes(info)) if unlabelled else (keys[1], ())))


def _attributes(info):
    """Names of the features in ``attributes`` that are true or false, as CelebA has them."""
    if _ATTRIBUTES not in info.features:
        return ()
    features = info.features[_ATTRIBUTES]
    if not isinstance(features, tfds.features.FeaturesDict):
        return ()
    return tuple(sorted(name for name in features if features[name].np_dtype == np.bool_))


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
