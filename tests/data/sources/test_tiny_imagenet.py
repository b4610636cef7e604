"""Tiny ImageNet: a folder of the published form, written here with images of 8 x 8 pixels."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.data import DatasetNotFoundError, load

# Not in the order of the alphabet, as in the published file.
CLASSES = {"n02124075": "Egyptian cat", "n01443537": "goldfish, Carassius auratus"}
VAL = {"val_0.JPEG": "n01443537", "val_1.JPEG": "n02124075", "val_2.JPEG": "n01443537"}
GREY = ("train/n01443537/images/n01443537_1.JPEG", "val/images/val_2.JPEG")


def _image(name, channels):
    """Flat blocks, which JPEG keeps to a grey level or two; the colour tells which file it is."""
    rng = np.random.default_rng(sum(name.encode()))
    return np.full((8, 8, channels), rng.integers(0, 256, channels), np.uint8)


def _write(root, name, size=8):
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    image = _image(name, 1 if name in GREY else 3)[:size]
    file.write_bytes(tf.io.encode_jpeg(image, quality=100, chroma_downsampling=False).numpy())


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "tiny-imagenet-2"
    for name in CLASSES:
        for i in range(3):
            _write(root, f"train/{name}/images/{name}_{i}.JPEG")
        (root / f"train/{name}/{name}_boxes.txt").write_text(f"{name}_0.JPEG\t0\t0\t7\t7\n")
    for name in VAL:
        _write(root, f"val/images/{name}")
    _write(root, "test/images/test_0.JPEG")
    (root / "wnids.txt").write_text("".join(f"{name}\n" for name in CLASSES))
    words = {"n00000000": "an entity", **CLASSES}
    (root / "words.txt").write_text("".join(f"{key}\t{word}\n" for key, word in words.items()))
    boxes = "".join(f"{name}\t{label}\t0\t32\t44\t62\n" for name, label in VAL.items())
    (root / "val/val_annotations.txt").write_text(boxes)
    return root


def test_every_image_with_its_label(folder):
    before = sorted(folder.glob("**/*"))
    data = load(folder)
    assert sorted(folder.glob("**/*")) == before  # reading writes nothing
    assert load(str(folder)) is data
    assert data.name == "tiny-imagenet-2" and data.num_classes == 2 and data.pixel_max == 255
    assert data.label_names == tuple(CLASSES.values())
    assert data.train_images.dtype == np.uint8 and data.unlabelled_images is None
    expected = {
        "train": [
            (f"train/{name}/images/{name}_{i}.JPEG", label)
            for label, name in enumerate(CLASSES)
            for i in range(3)
        ],
        "test": [(f"val/images/{name}", list(CLASSES).index(VAL[name])) for name in VAL],
    }
    for split, files in expected.items():
        images, labels = getattr(data, f"{split}_images"), getattr(data, f"{split}_labels")
        np.testing.assert_array_equal(labels, [label for _, label in files])
        assert images.shape == (len(files), 8, 8, 3)
        for image, (name, _) in zip(images, files, strict=True):
            written = _image(name, 1 if name in GREY else 3)
            assert np.abs(image.astype(int) - written.astype(int)).max() <= 3
            # Grey files: all three channels alike.
            assert np.array_equal(image[..., :1].repeat(3, axis=-1), image) == (name in GREY)


def test_what_was_added_or_exchanged_is_read_again(folder):
    before = load(folder)
    first = next(iter(CLASSES))
    _write(folder, f"train/{first}/images/{first}_9.JPEG")
    after = load(folder)
    assert len(after.train_images) == len(before.train_images) + 1
    file = folder / "val/val_annotations.txt"
    other = list(CLASSES)[1]
    exchanged = {first: other, other: first}
    lines = [line.split("\t") for line in file.read_text().splitlines()]
    file.write_text("".join(f"{one[0]}\t{exchanged[one[1]]}\n" for one in lines))
    np.testing.assert_array_equal(load(folder).test_labels, 1 - before.test_labels)


@pytest.mark.parametrize("part", ["words.txt", "train", "val/images", "val/val_annotations.txt"])
def test_missing_parts_are_named(folder, part):
    (folder / part).rename(folder / "elsewhere")
    with pytest.raises(DatasetNotFoundError, match=f"words a line.*tiny-imagenet-2 lacks: {part}"):
        load(folder)


def test_a_class_without_images(folder):
    (folder / "train/n01443537").rename(folder / "elsewhere")
    with pytest.raises(DatasetNotFoundError, match=r"no image. Received: class 'n01443537'\."):
        load(folder)


def test_a_class_without_words_is_named_by_its_number(folder):
    (folder / "words.txt").write_text("n02124075\tEgyptian cat\n")
    assert load(folder).label_names == ("Egyptian cat", "n01443537")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("wnids.txt", "", r"at least one class.*Received: 0 lines"),
        ("wnids.txt", "n01443537\nn01443537\n", r"each class once.*2 lines, 1 different"),
        ("val/val_annotations.txt", "val_0.JPEG\tn9\t0", r"class of wnids.*'val_0.JPEG n9 0'"),
        ("val/val_annotations.txt", "val_0.JPEG", r"set apart by a tab.*'val_0.JPEG'"),
        (
            "val/val_annotations.txt",
            "val_0.JPEG\tn01443537\nval_0.JPEG\tn02124075\n",
            r"every file once. Received: 'val_0.JPEG' twice",
        ),
        (
            "val/val_annotations.txt",
            "val_0.JPEG\tn01443537\nval_9.JPEG\tn01443537\n",
            r"2 lines, 3 files.* 3 names in one place only: val_1.JPEG, val_2.JPEG, val_9.JPEG",
        ),
    ],
)
def test_parts_that_do_not_fit(folder, file, text, message):
    (folder / file).write_text(text)
    with pytest.raises(ValueError, match=message):
        load(folder)


def test_images_that_cannot_be_used(folder):
    name = "train/n02124075/images/n02124075_2.JPEG"
    _write(folder, name, size=4)
    sizes = r"one size.*_0\.JPEG of 8 x 8 pixels and .*_2\.JPEG of 4 x 8"
    with pytest.raises(ValueError, match=sizes):
        load(folder)
    (folder / name).write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"image that can be read\. Received: .*4075_2\.JPEG"):
        load(folder)
    _write(folder, name)
    _write(folder, "val/images/val_1.JPEG", size=4)
    with pytest.raises(ValueError, match=r"one size.*_0\.JPEG of 8 x 8 .*val_1\.JPEG of 4 x 8"):
        load(folder)


def test_what_an_archive_leaves_behind_is_no_image(folder):
    for part in ("train/n01443537/images", "val/images"):
        (folder / part / "._val_0.JPEG").write_bytes(b"\0\5\x16\7")
    assert len(load(folder).test_images) == 3
