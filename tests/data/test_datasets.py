"""Data sets that need nothing but NumPy and scikit-learn, and the names that lead nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tf_infomax.data import DatasetNotFoundError, ImageData, load


def _arrays(rng, shape=(6, 4), dtype=np.uint8):
    sizes = {"train": 5, "test": 3}
    arrays = {}
    for split, size in sizes.items():
        pixels = rng.integers(0, 256, (size, *shape))
        arrays[f"x_{split}"] = (pixels if dtype == np.uint8 else pixels / 255).astype(dtype)
        arrays[f"y_{split}"] = np.arange(size, dtype=np.uint8)
    return arrays


@pytest.fixture
def save(tmp_path):
    def write(name="own.npz", **arrays):
        path = tmp_path / name
        np.savez(path, **arrays)
        return str(path)

    return write


def test_digits_are_all_there_and_split_by_class():
    from sklearn.datasets import load_digits

    data = load("digits")
    assert data.train_images.shape == (1437, 8, 8, 1) and data.test_images.shape == (360, 8, 8, 1)
    assert data.train_images.dtype == np.uint8 and data.pixel_max == data.train_images.max() == 16
    assert data.num_classes == 10 and data.label_names == tuple("0123456789")
    # Nothing lost, changed or twice: the same rows of pixels and label, sorted.
    rows = np.concatenate(
        [
            np.column_stack([images.reshape(-1, 64), labels])
            for images, labels in (
                (data.train_images, data.train_labels),
                (data.test_images, data.test_labels),
            )
        ]
    )
    bunch = load_digits()
    original = np.column_stack([bunch.data, bunch.target])
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], original[np.lexsort(original.T)])
    # Stratified: every class gives its share of 360 / 1797 to the test set, to one image.
    share = np.bincount(bunch.target) * 360 / 1797
    assert np.all(np.abs(np.bincount(data.test_labels) - share) < 1)


def test_digits_and_arrays_do_not_import_tensorflow(save):
    path = save(**_arrays(np.random.default_rng(0)))
    code = (
        "import sys; from tf_infomax.data import load; load('digits'); load(sys.argv[1]);"
        "assert not [name for name in sys.modules if name.startswith('tensorflow')]"
    )
    subprocess.run([sys.executable, "-c", code, path], check=True)


def test_a_set_is_read_once_and_shared_read_only(save):
    path = save(**_arrays(np.random.default_rng(0)))
    data = load(path)
    assert load(path) is data and load(os.path.relpath(path)) is data
    with pytest.raises(ValueError, match="read-only"):
        data.train_images[0] = 0


def test_a_rewritten_file_is_read_again(save):
    arrays = _arrays(np.random.default_rng(0))
    first = load(save(**arrays))
    path = save(**{**arrays, "x_train": arrays["x_train"] // 2})
    os.utime(path, ns=(1, 1))
    assert not np.array_equal(load(path).train_images, first.train_images)


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 1), (6, 4, 3)])
def test_arrays_of_bytes_stay_as_they_are(save, shape):
    arrays = _arrays(np.random.default_rng(1), shape)
    data = load(save(**arrays))
    assert data.name == "own" and data.pixel_max == 255 and data.train_images.dtype == np.uint8
    assert data.image_shape == (6, 4, 3 if shape[-1] == 3 else 1)
    np.testing.assert_array_equal(data.train_images.reshape(5, *shape), arrays["x_train"])
    np.testing.assert_array_equal(data.test_labels, [0, 1, 2])
    assert data.train_labels.dtype == np.int64 and data.is_labelled
    assert data.num_classes == 5 and data.label_names == ("0", "1", "2", "3", "4")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floating_arrays_become_float32(save, dtype):
    arrays = _arrays(np.random.default_rng(2), dtype=dtype)
    data = load(save(**arrays))
    assert data.train_images.dtype == np.float32 and data.pixel_max == 1
    np.testing.assert_array_equal(data.test_images[..., 0], arrays["x_test"].astype(np.float32))


def test_labels_may_be_missing_or_a_column(save):
    arrays = _arrays(np.random.default_rng(3))
    column = load(save("column.npz", **{**arrays, "y_train": arrays["y_train"][:, np.newaxis]}))
    np.testing.assert_array_equal(column.train_labels, [0, 1, 2, 3, 4])
    del arrays["y_train"], arrays["y_test"]
    data = load(save(**arrays))
    np.testing.assert_array_equal(data.train_labels, [-1] * 5)
    assert data.num_classes == 0 and data.label_names == () and not data.is_labelled


def test_unlabelled_arrays_are_more_to_train_on(save):
    arrays = _arrays(np.random.default_rng(5))
    more = np.random.default_rng(6).integers(0, 256, (7, 6, 4), np.uint8)
    data = load(save(**arrays, x_unlabelled=more))
    np.testing.assert_array_equal(data.unlabelled_images[..., 0], more)
    assert data.is_labelled and len(data.train_images) == 5
    with pytest.raises(ValueError, match="read-only"):
        data.unlabelled_images[0] = 0
    assert load(save(**arrays)).unlabelled_images is None


def _with(**changes):
    return lambda arrays: {**arrays, **changes}


def _nan(arrays):
    images = arrays["x_test"].astype(np.float32)
    images[0, 0, :3] = [np.nan, np.inf, -np.inf]
    return {**arrays, "x_train": arrays["x_train"].astype(np.float32), "x_test": images}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_nan, r"x_test of .* must be finite\. Received: 3 NaN or infinite values of 72\."),
        (_with(x_train=np.zeros((5, 6), np.uint8)), r"x_train of .*Received: shape \(5, 6\)"),
        (_with(x_train=np.zeros((0, 6, 4), np.uint8)), r"nothing empty.*\(0, 6, 4\)"),
        (_with(x_train=np.zeros((5, 6, 4), np.int32)), r"x_train of .*Received: dtype int32"),
        (_with(x_train=np.zeros((5, 6, 4))), r"all be uint8.*Received: float64 and uint8"),
        (_with(x_test=np.zeros((3, 6, 5), np.uint8)), r"one shape.*\(6, 4, 1\) and \(6, 5, 1\)"),
        (_with(x_unlabelled=np.zeros((2, 6, 5), np.uint8)),
         r"Unlabelled images of own .* uint8 of shape \(6, 4, 1\).*Received: uint8 .*\(6, 5, 1\)"),
        (_with(x_unlabelled=np.zeros((2, 6, 4))), r"all be.*Received: uint8 and uint8 and float64"),
        (_with(x_unlabelled=np.zeros((0, 6, 4), np.uint8)), r"x_unlabelled of .*nothing empty"),
        (_with(y_test=np.zeros(4, int)), r"y_test of .* 3 integers.*Received: int64 of shape"),
        (_with(y_test=np.zeros(3)), r"y_test of .* 3 integers.*Received: float64"),
        (_with(y_test=np.array([0, -2, 1])), r"`test_labels` of own.*Received: -2 to 1"),
        (_with(x_test=np.array([None])), r"not a readable \.npz file of plain arrays"),
        (lambda arrays: {"x_train": arrays["x_train"]}, r"lacks x_test\. Received: \['x_train'\]"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_data_set(save, change, message):
    path = save(**change(_arrays(np.random.default_rng(4))))
    with pytest.raises(ValueError, match=message):
        load(path)


def test_a_file_that_is_no_archive(tmp_path):
    path = tmp_path / "broken.npz"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match=r"broken\.npz is not a readable \.npz file"):
        load(path)


def test_image_data_checks_what_users_put_into_it():
    images, labels = np.zeros((2, 4, 4, 1), np.float32), np.array([0, 1])
    good = {
        "name": "own", "train_images": images, "train_labels": labels, "test_images": images,
        "test_labels": labels, "pixel_max": 1.0, "num_classes": 2, "label_names": ("a", "b"),
    }  # fmt: skip
    assert ImageData(**good).image_shape == (4, 4, 1)
    for change, message in (
        ({"train_images": images * np.nan}, "`train_images` of own must be finite.*32 NaN"),
        ({"test_images": images.astype(float)}, "uint8 or float32.*float64"),
        ({"test_labels": labels[:1]}, r"int64 of shape \[2\]"),
        ({"num_classes": 1}, r"lie in \[0, 1\).*0 to 1"),
        ({"label_names": ("a",)}, "Every class needs a name"),
        ({"unlabelled_images": images[..., 0]}, r"`unlabelled_images` of own must have shape"),
        ({"unlabelled_images": images + np.inf}, "`unlabelled_images` of own must be finite"),
        ({"unlabelled_images": images.astype(np.uint8)}, "float32 of shape.*Received: uint8 of"),
    ):
        with pytest.raises(ValueError, match=message):
            ImageData(**{**good, **change})


@pytest.mark.parametrize(
    "name", ["missing.npz", "/no/such/folder", "./missing", "~/no-such-folder"]
)
def test_paths_that_lead_nowhere(name):
    with pytest.raises(DatasetNotFoundError, match="Received: name="):
        load(name)


def test_a_folder_without_train_says_what_it_holds(tmp_path):
    (tmp_path / "cats").mkdir()
    with pytest.raises(DatasetNotFoundError, match=r"train/<class>.* holds: cats\. Received"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_data_set_has_a_name(name):
    with pytest.raises(ValueError, match="named by a string or a path"):
        load(name)


def test_a_missing_set_is_both_kinds_of_error():
    with pytest.raises(FileNotFoundError):
        load(Path("missing.npz"))
    assert issubclass(DatasetNotFoundError, ValueError)
