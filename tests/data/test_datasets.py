"""What is read under which name, what is said about it, and the names that lead nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tf_infomax.data import DatasetNotFoundError, DatasetWarning, load


def test_digits_and_arrays_do_not_import_tensorflow(save, own_arrays):
    path = save(**own_arrays(0))
    code = (
        "import sys; from tf_infomax.data import load; load('digits'); load(sys.argv[1]);"
        "assert not [name for name in sys.modules if name.startswith('tensorflow')]"
    )
    subprocess.run([sys.executable, "-c", code, path], check=True)


def test_a_set_is_read_once_and_shared_read_only(save, own_arrays):
    path = save(**own_arrays(0))
    data = load(path)
    assert load(path) is data and load(os.path.relpath(path)) is data
    with pytest.raises(ValueError, match="read-only"):
        data.train_images[0] = 0


def test_a_rewritten_file_is_read_again(save, own_arrays):
    arrays = own_arrays(0)
    first = load(save(**arrays))
    path = save(**{**arrays, "x_train": arrays["x_train"] // 2})
    os.utime(path, ns=(1, 1))
    assert not np.array_equal(load(path).train_images, first.train_images)


def test_training_images_of_one_class_count_as_unlabelled(save, own_arrays):
    arrays = own_arrays(1)
    arrays["y_train"][:] = 2
    with pytest.warns(DatasetWarning, match="own is read as unlabelled.* all of one class, '2'"):
        data = load(save(**arrays))
    assert not data.is_labelled and data.num_classes == 0 and data.label_names == ()
    np.testing.assert_array_equal(data.train_labels, [-1] * 5)
    np.testing.assert_array_equal(data.test_labels, [-1] * 3)


@pytest.mark.parametrize(
    ("split", "message"), [("y_train", "no training images of: 2"), ("y_test", "no test .*: 2")]
)
def test_a_class_that_only_one_split_has_is_named(save, own_arrays, split, message):
    arrays = own_arrays(2)
    arrays[split] %= 2
    with pytest.warns(DatasetWarning, match=message) as caught:
        data = load(save(**arrays))
    assert data.num_classes == 3 and caught[0].filename == __file__


def test_home_directories_and_upper_case(save, own_arrays, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save("own.npz", **own_arrays(3))
    (tmp_path / "own.npz").rename(tmp_path / "OWN.NPZ")
    assert load("~/OWN.NPZ").name == "OWN"


@pytest.mark.parametrize(
    "name", ["missing.npz", "/no/such/folder", "./missing", "~/no-such-folder"]
)
def test_paths_that_lead_nowhere(name):
    with pytest.raises(DatasetNotFoundError, match="Received: name="):
        load(name)


def test_the_home_of_nobody():
    with pytest.raises(ValueError, match=r"Received: .*='~nobody9/set'"):
        load("~nobody9/set")


@pytest.mark.parametrize("name", ["x" * 5000, "./" + "y/" * 4000, "z" * 300 + ".npz"])
def test_names_longer_than_a_path_may_be(name):
    with pytest.raises(ValueError, match=r"too long|longer than") as caught:
        load(name)
    assert "Received" in str(caught.value) and len(str(caught.value)) < 250


def test_a_file_that_is_no_archive_of_arrays_is_not_called_missing(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros(3))
    with pytest.raises(
        DatasetNotFoundError, match=r"must end in \.npz.*images\.npy is a file\. Rec"
    ):
        load(tmp_path / "images.npy")


def test_only_sets_with_attributes_take_a_label():
    with pytest.raises(ValueError, match=r"such as celeb_a.*Received: label='Smiling' for digits"):
        load("digits", label="Smiling")


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
