"""Prepared TFDS sets, against the statistics published with them."""

import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_infomax.data import DatasetNotFoundError, load

_DEFAULT = Path(__file__).resolve().parents[4] / "shared" / "tfds"
TFDS = Path(os.environ.get("TF_INFOMAX_TFDS", _DEFAULT))


def _needs(name):
    return pytest.mark.skipif(
        not (TFDS / name).is_dir(), reason=f"no {name} in {TFDS} (set TF_INFOMAX_TFDS)"
    )


# (shape, mean and sd of pixels / 255 a channel, images of each class), as published.
_PUBLISHED = {
    ("mnist", "train"): (
        (60_000, 28, 28, 1), [0.1307], [0.3081],
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    ),
    ("mnist", "test"): (
        (10_000, 28, 28, 1), [0.1325], [0.3105],
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    ),
    ("cifar10", "train"): (
        (50_000, 32, 32, 3), [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616], [5000] * 10,
    ),
    ("cifar10", "test"): (
        (10_000, 32, 32, 3), [0.4942, 0.4851, 0.4504], [0.2467, 0.2429, 0.2616], [1000] * 10,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("mnist", marks=[_needs("mnist"), pytest.mark.slow]),
        pytest.param("cifar10", marks=[_needs("cifar10"), pytest.mark.slow]),
    ],
)
def test_real_sets_have_their_published_statistics(name):
    data = load(name, data_dir=TFDS)
    assert data.name == name and data.pixel_max == 255 and data.num_classes == 10
    assert data.label_names[3] == {"mnist": "3", "cifar10": "cat"}[name]
    for split in ("train", "test"):
        shape, mean, deviation, counts = _PUBLISHED[name, split]
        images, labels = getattr(data, f"{split}_images"), getattr(data, f"{split}_labels")
        assert images.shape == shape and images.dtype == np.uint8
        np.testing.assert_array_equal(np.bincount(labels), counts)
        # Moments from the histogram of each channel: exact, and without a float copy of the set.
        values = np.arange(256) / 255
        for channel in range(shape[-1]):
            weights = np.bincount(images[..., channel].reshape(-1), minlength=256)
            average = np.average(values, weights=weights)
            variance = np.average((values - average) ** 2, weights=weights)
            assert average == pytest.approx(mean[channel], abs=6e-5)
            assert np.sqrt(variance) == pytest.approx(deviation[channel], abs=6e-5)
    assert load(name, data_dir=str(TFDS)) is data  # remembered


@_needs("mnist")
def _prepare(
    data_dir, features, splits, version="1.0.0", config=None, name="tiny_set", keys=None,
    file_format="tfrecord",
):  # fmt: skip
    """A prepared set of the given examples, written by TFDS itself."""
    folder = Path(data_dir, name, config or "", version)
    folder.mkdir(parents=True)
    identity = tfds.core.dataset_info.DatasetIdentity(
        name=name, version=version, data_dir=str(folder), module_name="",
        config_name=config,
    )  # fmt: skip
    info = tfds.core.DatasetInfo(
        builder=identity, features=tfds.features.FeaturesDict(features), supervised_keys=keys
    )
    writer = tfds.core.SequentialWriter(info, max_examples_per_shard=100, file_format=file_format)
    writer.initialize_splits(list(splits))
    writer.add_examples(splits)
    writer.close_all()


_LABEL = tfds.features.ClassLabel(names=["cat", "dog"])
_GREY = {"image": tfds.features.Image(shape=(4, 4, 1)), "label": _LABEL}


def _examples(count, shapes=((4, 4, 1),), fill=0):
    return [
        {"image": np.full(shapes[i % len(shapes)], fill + i, np.uint8), "label": i % 2}
        for i in range(count)
    ]


def test_the_highest_version_and_the_validation_split(tmp_path):
    for version, fill in (("1.9.0", 100), ("1.10.0", 50)):
        splits = {"train": _examples(5, fill=fill), "validation": _examples(2)}
        _prepare(tmp_path, _GREY, splits, version=version)
    data = load("tiny_set", data_dir=tmp_path)
    assert sorted(data.train_images[:, 0, 0, 0]) == [50, 51, 52, 53, 54]
    assert data.label_names == ("cat", "dog") and len(data.test_images) == 2
    older = load("tiny_set:1.9.0", data_dir=tmp_path)
    assert older.train_images.min() == 100


def test_configurations(tmp_path):
    splits = {"train": _examples(4), "test": _examples(2)}
    _prepare(tmp_path, _GREY, splits, config="small")
    assert len(load("tiny_set", data_dir=tmp_path).train_images) == 4  # the only one
    _prepare(tmp_path, _GREY, {**splits, "train": _examples(6)}, config="large")
    assert len(load("tiny_set/large", data_dir=tmp_path).train_images) == 6
    with pytest.raises(DatasetNotFoundError, match=r"several configurations.*Known: large, small"):
        load("tiny_set:1.0.0", data_dir=tmp_path)


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    _prepare(tmp_path, _GREY, {"train": _examples(4), "test": _examples(2)})
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert load("tiny_set") is load("tiny_set", data_dir=tmp_path)


def test_images_of_unknown_but_equal_size(tmp_path):
    features = {"image": tfds.features.Image(shape=(None, None, 1)), "label": _LABEL}
    _prepare(tmp_path, features, {"train": _examples(3), "test": _examples(2)})
    assert load("tiny_set", data_dir=tmp_path).image_shape == (4, 4, 1)


_ANY_SIZE = tfds.features.Image(shape=(None, None, 1))
_TWO_SIZES = ((4, 4, 1), (6, 4, 1))


@pytest.mark.parametrize(
    ("features", "splits", "message"),
    [
        (
            {"image": _ANY_SIZE, "label": _LABEL},
            {"train": _examples(3, _TWO_SIZES), "test": _examples(2)},
            r"one size \(tiny_set, split train\).*example 0 of .* and example \d of ",
        ),
        (_GREY, {"train": _examples(3), "test": []}, r"split test must hold examples.*: 0\."),
        (_GREY, {"train": _examples(3)}, r"train and test.*Received: splits \['train'\]"),
        (
            {"image": _GREY["image"], "label": tfds.features.Scalar(tf.int64)},
            {"train": _examples(3), "test": _examples(2)},
            r"no image-classification set.*Received: features \['image', 'label'\]",
        ),
    ],
)
def test_prepared_sets_of_another_kind(tmp_path, features, splits, message):
    _prepare(tmp_path, features, splits)
    with pytest.raises(ValueError, match=message):
        load("tiny_set", data_dir=tmp_path)


def _random_images(count, shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


def _sorted_rows(images, labels):
    rows = np.column_stack([images.reshape(len(images), -1), labels])
    return rows[np.lexsort(rows.T)]


def test_stl10_has_unlabelled_images(tmp_path):
    """The features and splits of TFDS' stl10, where the unlabelled split has labels of -1."""
    counts = {"train": 4, "test": 3, "unlabelled": 1030}  # more than one chunk
    images = {
        split: _random_images(count, (96, 96, 3), seed)
        for seed, (split, count) in enumerate(counts.items())
    }
    # Nearly flat images: PNG files of noise would be large.
    images["unlabelled"][5:] = images["unlabelled"][:1, :1, :1]
    images["unlabelled"][5:, 0, 0, 0] = np.arange(1025) % 256
    splits = {
        split: [
            {"image": image, "label": -1 if split == "unlabelled" else i % 10}
            for i, image in enumerate(images[split])
        ]
        for split in counts
    }
    features = {
        "image": tfds.features.Image(shape=(96, 96, 3)),
        "label": tfds.features.ClassLabel(num_classes=10),
    }
    _prepare(tmp_path, features, splits, name="stl10", keys=("image", "label"))
    data = load("stl10", data_dir=tmp_path)
    assert data.name == "stl10" and data.num_classes == 10 and data.is_labelled
    for split in ("train", "test"):
        got = _sorted_rows(getattr(data, f"{split}_images"), getattr(data, f"{split}_labels"))
        np.testing.assert_array_equal(got, _sorted_rows(images[split], np.arange(counts[split])))
    assert data.unlabelled_images.dtype == np.uint8 and len(data.unlabelled_images) == 1030
    ours = sorted(image.tobytes() for image in data.unlabelled_images)
    assert ours == sorted(image.tobytes() for image in images["unlabelled"])


def test_cifar100_is_read_by_its_fine_labels(tmp_path):
    features = {
        "id": tfds.features.Text(),
        "image": tfds.features.Image(shape=(32, 32, 3)),
        "label": tfds.features.ClassLabel(num_classes=100),
        "coarse_label": tfds.features.ClassLabel(num_classes=20),
    }
    images = _random_images(6, (32, 32, 3))
    examples = [
        {"id": f"train_{i}", "image": image, "label": 99 - i, "coarse_label": i}
        for i, image in enumerate(images)
    ]
    splits = {"train": examples[:4], "test": examples[4:]}
    _prepare(tmp_path, features, splits, name="cifar100", keys=("image", "label"))
    data = load("cifar100", data_dir=tmp_path)
    assert data.num_classes == 100 and data.unlabelled_images is None
    np.testing.assert_array_equal(
        _sorted_rows(data.train_images, data.train_labels), _sorted_rows(images[:4], 99 - np.r_[:4])
    )
    assert sorted(data.test_labels) == [94, 95]


def _triangle_weights(size, target):
    """Bilinear reduction with antialiasing: a triangle of the width of two target pixels."""
    ratio = size / target
    centres = (np.arange(target) + 0.5) * ratio
    distance = np.abs(np.arange(size) + 0.5 - centres[:, np.newaxis]) / ratio
    weights = np.maximum(0.0, 1.0 - distance)
    return weights / weights.sum(axis=1, keepdims=True)


def test_celeb_a_is_reduced_and_has_attributes(tmp_path):
    features = {
        "image": tfds.features.Image(shape=(218, 178, 3), encoding_format="png"),
        "landmarks": {"nose_x": tf.int64},
        "attributes": {"Young": tf.bool, "Smiling": tf.bool},
    }
    images = _random_images(5, (218, 178, 3))
    examples = [
        {
            "image": image,
            "landmarks": {"nose_x": 1},
            "attributes": {"Young": bool(image[0, 0, 0] % 2), "Smiling": bool(i % 2)},
        }
        for i, image in enumerate(images)
    ]
    splits = {"train": examples[:2], "validation": examples[2:3], "test": examples[3:]}
    _prepare(tmp_path, features, splits, name="celeb_a")
    data = load("celeb_a", data_dir=tmp_path)
    assert data.image_shape == (64, 64, 3) and data.train_images.dtype == np.uint8
    assert data.num_classes == 0 and data.label_names == () and not data.is_labelled
    np.testing.assert_array_equal(data.train_labels, [-1, -1])
    weights = _triangle_weights(178, 64)
    square = images[:, 20:198].astype(np.float64)
    expected = np.einsum("ih,nhwc,jw->nijc", weights, square, weights, optimize=True)
    for split, rows in (("train", slice(0, 2)), ("test", slice(3, 5))):
        ours = getattr(data, f"{split}_images").astype(np.float64)
        # In either order; 0.5 is rounding, the rest is float32.
        error = np.abs(ours[:, np.newaxis] - expected[rows]).max(axis=(2, 3, 4))
        which = error.argmin(axis=1)
        assert sorted(which) == [0, 1] and error.min(axis=1).max() < 0.502
        is_young = images[rows, 0, 0, 0] % 2
        is_smiling = np.arange(5)[rows] % 2
        attributes = getattr(data, f"{split}_attributes")
        np.testing.assert_array_equal(attributes, np.column_stack([is_smiling, is_young])[which])
    assert data.attribute_names == ("Smiling", "Young")
    smiling = load("celeb_a", data_dir=tmp_path, label="Smiling")
    np.testing.assert_array_equal(smiling.train_labels, data.train_attributes[:, 0])
    assert smiling.train_images is not None and smiling.is_labelled


def test_array_records_are_read_as_other_files_are(tmp_path):
    splits = {"train": _examples(5), "test": _examples(3, fill=9)}
    for file_format in ("tfrecord", "array_record"):
        _prepare(tmp_path / file_format, _GREY, splits, file_format=file_format)
    ours = load("tiny_set", data_dir=tmp_path / "array_record")
    expected = load("tiny_set", data_dir=tmp_path / "tfrecord")
    assert ours.label_names == ("cat", "dog")
    for split in ("train", "test"):
        one, other = (
            _sorted_rows(getattr(data, f"{split}_images"), getattr(data, f"{split}_labels"))
            for data in (ours, expected)
        )
        np.testing.assert_array_equal(one, other)


def test_one_file_or_several_give_the_order_of_tfds(tmp_path):
    """The order is part of a run's data: batches are drawn by index, checksums are compared."""
    # A hundred examples a file: test is in one file, train in three.
    counts = {"train": 230, "test": 90}
    images = {split: _random_images(count, (4, 4, 1)) for split, count in counts.items()}
    splits = {
        split: [{"image": image, "label": i % 2} for i, image in enumerate(found)]
        for split, found in images.items()
    }
    _prepare(tmp_path, _GREY, splits)
    builder = tfds.builder_from_directory(tmp_path / "tiny_set/1.0.0")
    data = load("tiny_set", data_dir=tmp_path)
    for split in counts:
        stored = list(builder.as_dataset(split=split, shuffle_files=False).as_numpy_iterator())
        for key, ours in (("image", f"{split}_images"), ("label", f"{split}_labels")):
            expected = np.stack([example[key] for example in stored])
            np.testing.assert_array_equal(getattr(data, ours), expected)
        assert len(list((tmp_path / "tiny_set/1.0.0").glob(f"*{split}*"))) == {
            "train": 3, "test": 1,
        }[split]


def test_a_format_that_is_not_read_is_named(tmp_path, monkeypatch):
    features = {"image": _ANY_SIZE, "label": _LABEL}
    _prepare(tmp_path, features, {"train": _examples(3), "test": _examples(2)})

    def refuse(*args, **kwargs):
        raise NotImplementedError("as_dataset is not there for this format")

    monkeypatch.setattr(tfds.core.read_only_builder.ReadOnlyBuilder, "as_dataset", refuse)
    with pytest.raises(ValueError, match=r"split train are .* format .*TFRECORD.*not there for"):
        load("tiny_set", data_dir=tmp_path)


def test_a_damaged_description_says_so(tmp_path):
    _prepare(tmp_path, _GREY, {"train": _examples(3), "test": _examples(2)})
    (description,) = tmp_path.glob("**/dataset_info.json")
    description.write_text("{")
    with pytest.raises(ValueError, match=r"tiny_set/1\.0\.0 is not a set that TFDS can read"):
        load("tiny_set", data_dir=tmp_path)


def test_a_damaged_set_says_so(tmp_path):
    _prepare(tmp_path, _GREY, {"train": _examples(5), "test": _examples(2)})
    (record,) = tmp_path.glob("**/*train.tfrecord*")
    record.write_bytes(record.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"tiny_set, split train are missing or damaged"):
        load("tiny_set", data_dir=tmp_path)


def test_a_missing_set_says_how_to_get_it(tmp_path):
    _prepare(tmp_path, _GREY, {"train": _examples(2), "test": _examples(2)})
    with pytest.raises(DatasetNotFoundError) as caught:
        load("kmnist", data_dir=tmp_path)
    for part in ("'kmnist' is not here", "holds: tiny_set.", "--download", "--data_dir",
                 "TFDS_DATA_DIR", "kmnist/<version>/", "data=mnist_sample"):  # fmt: skip
        assert part in str(caught.value)
    with pytest.raises(DatasetNotFoundError, match="nowhere does not exist"):
        load("kmnist", data_dir=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "close"), [("mnst", "mnist"), ("fashion-mnist", "fashion_mnist"), ("MNIST", "mnist")]
)
def test_an_unknown_name_brings_the_nearest(tmp_path, name, close):
    with pytest.raises(
        DatasetNotFoundError, match=f"no data set '{name}'.*Did you mean .*'{close}'"
    ):
        load(name, data_dir=tmp_path, download=True)  # an unknown name is not even looked for


def test_downloading_happens_only_on_request(tmp_path, monkeypatch):
    calls = []

    class Builder:
        def download_and_prepare(self):
            calls.append("prepared")
            raise ConnectionError("no route to host\nand more")

    def make(name, data_dir):
        calls.append((name, data_dir))
        return Builder()

    monkeypatch.setattr(tfds, "builder", make)
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("touched the network"))
    with pytest.raises(DatasetNotFoundError, match="is not here"):
        load("kmnist", data_dir=tmp_path)
    assert not calls
    with pytest.raises(
        DatasetNotFoundError,
        match=r"could not be downloaded.*Received: ConnectionError: no route to host$",
    ):
        load("kmnist", data_dir=tmp_path, download=True)
    assert calls == [("kmnist", str(tmp_path)), "prepared"]
