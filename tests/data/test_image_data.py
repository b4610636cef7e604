"""What an ``ImageData`` may hold, and its attributes as labels."""

import numpy as np
import pytest

from tf_infomax.data import ImageData


def test_image_data_checks_what_users_put_into_it():
    images, labels = np.zeros((2, 4, 4, 1), np.float32), np.array([0, 1])
    ones = np.ones((2, 1), np.uint8)
    good = {
        "name": "own", "train_images": images, "train_labels": labels, "test_images": images,
        "test_labels": labels, "pixel_max": 1.0, "num_classes": 2, "label_names": ("a", "b"),
        "attribute_names": ("Young",), "train_attributes": ones, "test_attributes": ones,
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
        ({"train_attributes": None}, r"`train_attributes` of own must be uint8 .*Received: None"),
        ({"test_attributes": ones + 1}, r"`test_attributes` of own .*\(2, 1\), 0 or 1"),
        ({"attribute_names": ("Young", "Bald")}, r"uint8 of shape \(2, 2\).*Rec.*uint8 \(2, 1\)"),
        ({"unlabelled_images": images.astype(np.uint8)}, "float32 of shape.*Received: uint8 of"),
    ):
        with pytest.raises(ValueError, match=message):
            ImageData(**{**good, **change})


def test_an_attribute_as_the_label():
    images = np.zeros((3, 4, 4, 1), np.float32)
    attributes = np.array([[0, 1], [1, 1], [0, 0]], np.uint8)
    none = np.full(3, -1)
    data = ImageData(
        "faces", images, none, images, none, 1.0, 0, (),
        attribute_names=("Smiling", "Young"), train_attributes=attributes,
        test_attributes=attributes[::-1],
    )  # fmt: skip
    young = data.labelled_by("Young")
    np.testing.assert_array_equal(young.train_labels, [1, 1, 0])
    np.testing.assert_array_equal(young.test_labels, [0, 1, 1])
    assert young.label_names == ("not Young", "Young") and young.is_labelled
    assert young.attribute_names == data.attribute_names and not data.is_labelled
    with pytest.raises(ValueError, match=r"Unknown attribute 'smiling'. Did you mean 'Smiling'"):
        data.labelled_by("smiling")
