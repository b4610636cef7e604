"""Images in ``.npz`` files, and what is no such file."""

import warnings

import numpy as np
import pytest

from tf_infomax.data import DatasetWarning, load


def test_the_names_of_medmnist(save, own_arrays):
    arrays = own_arrays(0)
    names = {"x": "images", "y": "labels"}
    renamed = {
        f"{split}_{names[kind]}": arrays[f"{kind}_{split}"]
        for kind in "xy" for split in ("train", "test")
    }  # fmt: skip
    renamed["train_labels"] = renamed["train_labels"][:, np.newaxis]
    # Images for validation, which are not read, may be of any kind.
    data = load(save(**renamed, val_images=np.zeros(3), val_labels=np.zeros(3)))
    np.testing.assert_array_equal(data.train_images[..., 0], arrays["x_train"])
    np.testing.assert_array_equal(data.test_images[..., 0], arrays["x_test"])
    np.testing.assert_array_equal(data.train_labels, [0, 1, 2, 0, 1])
    # Only what is missing is taken from there.
    both = {**arrays, "train_images": arrays["x_test"]}
    np.testing.assert_array_equal(load(save(**both)).train_images[..., 0], arrays["x_train"])


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 1), (6, 4, 3)])
def test_arrays_of_bytes_stay_as_they_are(save, own_arrays, shape):
    arrays = own_arrays(1, shape)
    data = load(save(**arrays))
    assert data.name == "own" and data.pixel_max == 255 and data.train_images.dtype == np.uint8
    assert data.image_shape == (6, 4, 3 if shape[-1] == 3 else 1)
    np.testing.assert_array_equal(data.train_images.reshape(5, *shape), arrays["x_train"])
    np.testing.assert_array_equal(data.test_labels, [0, 1, 2])
    assert data.train_labels.dtype == np.int64 and data.is_labelled
    assert data.num_classes == 3 and data.label_names == ("0", "1", "2")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floating_arrays_become_float32(save, own_arrays, dtype):
    arrays = own_arrays(2, dtype=dtype)
    data = load(save(**arrays))
    assert data.train_images.dtype == np.float32 and data.pixel_max == 1
    np.testing.assert_array_equal(data.test_images[..., 0], arrays["x_test"].astype(np.float32))


def test_labels_may_be_missing_or_a_column(save, own_arrays):
    arrays = own_arrays(3)
    column = load(save("column.npz", **{**arrays, "y_train": arrays["y_train"][:, np.newaxis]}))
    np.testing.assert_array_equal(column.train_labels, [0, 1, 2, 0, 1])
    del arrays["y_train"], arrays["y_test"]
    data = load(save(**arrays))
    np.testing.assert_array_equal(data.train_labels, [-1] * 5)
    assert data.num_classes == 0 and data.label_names == () and not data.is_labelled


def test_unlabelled_arrays_are_more_to_train_on(save, own_arrays):
    arrays = own_arrays(5)
    more = np.random.default_rng(6).integers(0, 256, (7, 6, 4), np.uint8)
    data = load(save(**arrays, x_unlabelled=more))
    np.testing.assert_array_equal(data.unlabelled_images[..., 0], more)
    assert data.is_labelled and len(data.train_images) == 5
    with pytest.raises(ValueError, match="read-only"):
        data.unlabelled_images[0] = 0
    assert load(save(**arrays)).unlabelled_images is None


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.int32])
def test_other_integers_from_0_to_255_are_bytes(save, own_arrays, dtype):
    arrays = own_arrays(7)
    data = load(save(**{**arrays, "x_train": arrays["x_train"].astype(dtype)}))
    assert data.train_images.dtype == np.uint8 and data.pixel_max == 255
    np.testing.assert_array_equal(data.train_images[..., 0], arrays["x_train"])


def test_bool_is_black_and_white(save, own_arrays):
    arrays = own_arrays(8)
    arrays = {key: array > 100 if key[0] == "x" else array for key, array in arrays.items()}
    data = load(save(**arrays))
    assert data.train_images.dtype == np.uint8 and data.pixel_max == 255
    np.testing.assert_array_equal(data.train_images[..., 0], np.where(arrays["x_train"], 255, 0))


def test_floats_may_miss_the_range_by_rounding(save, own_arrays):
    arrays = own_arrays(9, dtype=np.float32)
    arrays["x_train"][0, 0, 0] = np.nextafter(np.float32(1), np.float32(2))
    assert load(save(**arrays)).train_images.max() == 1.0


@pytest.mark.parametrize(
    ("train", "test", "names", "expected"),
    [
        ([10**9, 7, 10**9], [7, 10**9], ("7", "1000000000"), ([1, 0, 1], [0, 1])),
        (
            np.uint64([2**64 - 1, 3, 3]),
            np.uint64([3, 2**64 - 1]),
            ("3", str(2**64 - 1)),
            ([1, 0, 0], [0, 1]),
        ),
        ([4.0, 2.0, -1.0], [2, 4], ("2", "4"), ([1, 0, -1], [0, 1])),
        ([True, False, True], [False, True], ("0", "1"), ([1, 0, 1], [0, 1])),
        (["dog", "cat", "dog"], [b"cat", b"dog"], ("cat", "dog"), ([1, 0, 1], [0, 1])),
        ([[0, 1], [1, 0], [0, 1]], [[0.0, 1.0], [1.0, 0.0]], ("0", "1"), ([1, 0, 1], [1, 0])),
        ([["b"], ["a"], ["b"]], ["a", "b"], ("a", "b"), ([1, 0, 1], [0, 1])),
    ],
)
def test_labels_are_mapped_to_classes(save, train, test, names, expected):
    images = np.arange(5 * 16, dtype=np.uint8).reshape(5, 4, 4)
    labels = {"y_train": np.array(train), "y_test": np.array(test)}
    data = load(save(x_train=images[:3], x_test=images[3:], **labels))
    assert data.label_names == names and data.num_classes == 2
    assert data.train_labels.tolist() == expected[0] and data.test_labels.tolist() == expected[1]


def test_columns_of_a_matrix_are_classes_though_they_do_not_occur(save, own_arrays):
    arrays = own_arrays(11)
    labels = {key: np.eye(5, dtype=int)[2 * arrays[key] % 5] for key in ("y_train", "y_test")}
    for test in (labels["y_test"], labels["y_test"].argmax(axis=1)):
        data = load(save(**{**arrays, **labels, "y_test": test}))
        assert data.num_classes == 5 and data.label_names == ("0", "1", "2", "3", "4")
        assert data.train_labels.tolist() == [0, 2, 4, 0, 2]
        assert data.test_labels.tolist() == [0, 2, 4]


@pytest.mark.parametrize(
    ("white", "largest"), [(np.uint8(255), 16), (np.uint8(255), 127), (np.float32(1), 0.25)]
)
def test_dark_images_are_named(save, own_arrays, white, largest):
    arrays = own_arrays(12)
    dark = {key: (arrays[key] / 255 * largest).astype(white.dtype) for key in ("x_train", "x_test")}
    dark["x_test"][0, 0, 0] = largest
    with pytest.warns(
        DatasetWarning, match=rf"{white:g} is white, .* exceeds {largest}\. .* / {largest}"
    ):
        load(save(**{**arrays, **dark}))
    # One split alone is another kind of images than the other.
    dark["x_train"][0, 0, 0] = white
    with pytest.warns(
        DatasetWarning,
        match=rf"images x_test of .* exceeds {largest}, but {white:g}\S* in the others\. .* /",
    ):
        load(save("one.npz", **{**arrays, **dark}))
    # One bright pixel tells that the others are dark.
    dark["x_test"][0, 0, 1] = white
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(save("bright.npz", **{**arrays, **dark}))


def test_minus_one_means_unlabelled(save, own_arrays):
    arrays = own_arrays(10)
    arrays["y_train"] = np.array([-1, 1, -1, 1, 1])
    with pytest.warns(DatasetWarning, match=r"one class, '1' \(-1 means unlabelled\)"):
        assert not load(save(**arrays)).is_labelled


def _with(**changes):
    return lambda arrays: {**arrays, **changes}


def _nan(arrays):
    images = (arrays["x_test"] / 255).astype(np.float32)
    images[0, 0, :3] = [np.nan, np.inf, -np.inf]
    return {**arrays, "x_train": arrays["x_train"] / 255, "x_test": images}


def _scaled(scale, shift=0.0):
    return lambda arrays: {
        key: array / 255 * scale + shift if key.startswith("x") else array
        for key, array in arrays.items()
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_nan, r"x_test of .* must be finite\. Received: 3 NaN or infinite values of 72\."),
        (_scaled(255.0), r"x_train of .* lie in \[0, 1\].*; x / 255 .*Received: \d+ to 25\d\."),
        (_scaled(2.0, -1.0), r"x_train of .*; \(x \+ 1\) / 2 .*Received: -0\.9\d+ to 1\."),
        (_scaled(1.0, -0.5), r"x_train of .*; x \+ 0\.5 .*Received: -0\.4\d+ to 0\.5\."),
        (_scaled(1.1), r"x_train of .*; np\.clip\(x, 0, 1\) .*Received: 0\.0\d+ to 1\.1\."),
        (_scaled(6.0, -3.0), r"\(x - x\.min\(\)\).*Received: -2\.8\d+ to 3\."),
        (_with(x_train=np.zeros((5, 6), np.uint8)), r"x_train of .*Received: shape \(5, 6\)"),
        (_with(x_train=np.zeros((0, 6, 4), np.uint8)), r"nothing empty.*\(0, 6, 4\)"),
        (_with(x_test=np.zeros((0, 6, 4), np.uint8)), r"x_test of .*nothing empty.*\(0, 6, 4\)"),
        (_with(x_train=np.zeros((5, 3, 6, 8), np.uint8)),
         r"channels last; np\.moveaxis\(x, 1, -1\).*\(5, 3, 6, 8\)"),
        (_with(x_train=np.full((5, 6, 4), 256, np.uint16)),
         r"\[0, 255\].*x / 65535 for 16 bits\. Received: uint16 from 256 to 256"),
        (_with(x_train=np.full((5, 6, 4), -1)), r"\[0, 255\].*Received: int64 from -1 to -1"),
        (_with(x_train=np.full((5, 6, 4), 1, np.uint8)), r"0 to 255, .*as bool\. Received: .* 1\."),
        (_with(x_train=np.full((5, 6, 4), 1j)), r"x_train of .*Received: dtype complex128"),
        (_with(x_train=np.zeros((5, 6, 4))), r"all be integers.*Received: float64 and uint8"),
        (_with(x_test=np.zeros((3, 6, 5), np.uint8)), r"one shape.*\(6, 4, 1\) and \(6, 5, 1\)"),
        (_with(x_unlabelled=np.zeros((2, 6, 5), np.uint8)),
         r"Unlabelled images of own .* uint8 of shape \(6, 4, 1\).*Received: uint8 .*\(6, 5, 1\)"),
        (_with(x_unlabelled=np.zeros((2, 6, 4))), r"all be.*Received: uint8 and uint8 and float64"),
        (_with(x_unlabelled=np.zeros((0, 6, 4), np.uint8)), r"x_unlabelled of .*nothing empty"),
        (_with(y_test=np.zeros(4, int)), r"y_test of .* 3 labels.*Received: int64 of shape \(4,\)"),
        (_with(y_test=np.array([0, np.nan, 0.5])), r"y_test of .* whole.*float64 with 2 .* nan"),
        (_with(y_test=np.array([0, -2, 1])), r"be 0 or more, or -1.*Received: -2\."),
        (_with(y_test=np.array([[1, 0], [1, 1], [0, 1]])), r"single 1 in every row.*y_test of"),
        (_with(y_test=np.eye(3), y_train=np.eye(5)), r"one kind\. .*\(5, 5\) and .*\(3, 3\)"),
        (_with(y_test=np.array(["0", "1", "2"])), r"one kind\. Received: uint8 .* and <U1"),
        (_with(y_test=np.char.encode(["é", "a", "b"], "latin-1")), r"y_test of .*UTF-8.*b'\\xe9'"),
        (_with(y_test=np.array(["a", None, "b"])), r"y\.astype\(str\)"),
        (_with(x_test=np.array([None])), r"not a readable \.npz file of plain arrays"),
        (lambda arrays: {"x_train": arrays["x_train"]}, r"lacks x_test\. Received: \['x_train'\]"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_data_set(save, own_arrays, change, message):
    path = save(**change(own_arrays(4)))
    with pytest.raises(ValueError, match=message):
        load(path)


def test_a_file_that_is_no_archive(tmp_path):
    path = tmp_path / "broken.npz"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match=r"broken\.npz is not a readable \.npz file"):
        load(path)
