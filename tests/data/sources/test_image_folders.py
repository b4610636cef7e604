"""Folders of images as people have them, with all that lies in between."""

import warnings

import numpy as np
import pytest
from PIL import Image

from tf_infomax.data import DatasetNotFoundError, DatasetWarning, load


def _write(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture
def pets(tmp_path):
    """Two classes, an image of each in either split."""
    for split in ("train", "test"):
        for value, name in enumerate(("cat", "dog")):
            _write(tmp_path / "pets" / split / name / "0.png", np.full((4, 4), value, np.uint8))
    return tmp_path / "pets"


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_a_folder_keeps_every_pixel(tmp_path, shape):
    rng = np.random.default_rng(0)
    written = {}
    for split, count in (("train", 3), ("test", 2)):
        for label, name in enumerate(("cat", "dog")):
            for i in range(count):
                image = rng.integers(0, 256, shape, np.uint8)
                _write(tmp_path / "pets" / split / name / f"{i}.png", image)
                written.setdefault(split, []).append((image.tobytes(), label))
    before = sorted(tmp_path.glob("**/*"))
    data = load(tmp_path / "pets")
    assert sorted(tmp_path.glob("**/*")) == before  # reading writes nothing
    assert data.name == "pets" and data.label_names == ("cat", "dog") and data.pixel_max == 255
    assert data.image_shape == (*shape, 1)[:3] and data.train_images.dtype == np.uint8
    for split in ("train", "test"):
        images, labels = getattr(data, f"{split}_images"), getattr(data, f"{split}_labels")
        pairs = zip(images, labels, strict=True)
        # Class by class, in the order of the files' names.
        assert [(image.tobytes(), int(label)) for image, label in pairs] == written[split]


def test_litter_is_no_data(pets):
    picture = np.zeros((9, 9), np.uint8)
    for name in (
        "train/.ipynb_checkpoints/0-checkpoint.png", "train/cat/.ipynb_checkpoints/0.png",
        "train/__MACOSX/cat/0.png", "__MACOSX/train/cat/0.png", "train/dog/.hidden.png",
        "test/@eaDir/cat/0.png",
    ):  # fmt: skip
        _write(pets / name, picture)
    for name in ("train/cat/._0.png", "train/Thumbs.db", "test/cat/.DS_Store", "test/Desktop.ini"):
        (pets / name).write_bytes(b"\0\5\x16\7")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = load(pets)
    assert data.label_names == ("cat", "dog") and len(data.train_images) == 2
    assert len(data.test_images) == 2


def test_files_that_are_no_images_are_named(pets):
    for name in ("train/cat/scan.heic", "train/labels.csv", "test/dog/notes.txt"):
        (pets / name).write_bytes(b"something else")
    message = (
        r"Files of .*pets .* left out: train/cat/scan\.heic, train/labels\.csv, test/dog/notes\.txt"
    )
    with pytest.warns(DatasetWarning, match=message):
        assert len(load(pets).train_images) == 2


def test_a_class_that_only_one_split_has_is_named(pets):
    _write(pets / "test/emu/0.png", np.zeros((4, 4), np.uint8))
    _write(pets / "train/fox/0.png", np.zeros((4, 4), np.uint8))
    with pytest.warns(DatasetWarning) as caught:
        data = load(pets)
    assert [str(one.message) for one in caught] == [
        "pets has no training images of: emu.", "pets has no test images of: fox.",
    ]  # fmt: skip
    assert data.label_names == ("cat", "dog", "emu", "fox")
    assert data.test_labels.tolist() == [0, 1, 2] and data.train_labels.tolist() == [0, 1, 3]


def test_validation_images_are_held_out_where_there_is_no_test(pets):
    (pets / "test").rename(pets / "val")
    assert len(load(pets).test_images) == 2


def test_an_image_that_was_added_is_read(pets):
    assert len(load(pets).train_images) == 2
    _write(pets / "train/cat/1.png", np.zeros((4, 4), np.uint8))
    assert len(load(pets).train_images) == 3


def _empty(pets):
    (pets / "train/emu").mkdir()


def _unread(pets):
    _empty(pets)
    (pets / "train/emu/0.heic").write_bytes(b"something else")


def _nested(pets):
    _write(pets / "train/emu/images/0.png", np.zeros((4, 4), np.uint8))


def _truncated(pets):
    _write(pets / "train/cat/1.png", np.zeros((4, 4), np.uint8))
    (pets / "train/cat/1.png").write_bytes((pets / "train/cat/1.png").read_bytes()[:40])


def _larger(pets):
    _write(pets / "test/cat/1.png", np.zeros((6, 4), np.uint8))


def _without_classes(pets):
    for name in ("cat", "dog"):
        (pets / "test" / name / "0.png").rename(pets / f"test/{name}.png")
        (pets / "test" / name).rmdir()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_empty, r"Every class folder.*Received: .*train/emu, which holds nothing\."),
        (_unread, r"Every class folder.*Received: .*train/emu, which holds 0\.heic\."),
        (_nested, r"without further folders\. Received: the folder .*train/emu/images in .*'emu'"),
        (_truncated, r"image that can be read\. Received: .*train/cat/1\.png"),
        (_larger, r"one size.*train/cat/0\.png of 4 x 4 .* and .*test/cat/1\.png of 6 x 4\."),
        (_without_classes, r"test/all\. Received: .*test, which .* no folder, but cat\.png, dog"),
    ],
)
def test_folders_that_are_refused(pets, change, message):
    change(pets)
    with pytest.raises(ValueError, match=message):
        load(pets)


def test_a_folder_without_held_out_images(pets):
    (pets / "test").rename(pets / "extra")
    with pytest.raises(DatasetNotFoundError, match=r"train and test.*which holds extra, train\."):
        load(pets)
