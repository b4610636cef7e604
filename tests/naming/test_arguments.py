"""Checks of arguments: what fits comes back in its plain form, the rest is named in the error."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.naming import arguments

MASKED = np.ma.masked_greater([[1.0, 2.0], [3.0, 4.0]], 2.5)


@pytest.mark.parametrize(
    ("value", "ends", "fits"),
    [
        (0, {}, False), (0, {"zero": True}, True), (1, {}, False), (1.0, {"one": True}, True),
        (0.5, {}, True), (1.1, {"one": True}, False), (-0.1, {"zero": True}, False),
        (np.nan, {"zero": True, "one": True}, False), ("0.5", {}, False),
        (True, {"one": True}, False),
    ],
)  # fmt: skip
def test_fractions(value, ends, fits):
    if fits:
        assert arguments.fraction(value, "share", **ends) == value
    else:
        with pytest.raises(ValueError, match=r"`share` must be .* 1\. Received: share="):
            arguments.fraction(value, "share", **ends)


def test_a_largest_integer():
    assert arguments.integer(np.int64(5), "k", largest=5) == 5
    with pytest.raises(ValueError, match=r"`k` must be at most five\. Received: k=6\."):
        arguments.integer(6, "k", wanted="at most five", largest=5)


@pytest.mark.parametrize("values", [8, (), (0,), (1.5,), "12", {3}, None, (True,)])
def test_several_integers_are_a_tuple(values):
    assert arguments.integers([np.int64(0), 3], "widths", smallest=0) == (0, 3)
    with pytest.raises(ValueError, match=r"`widths` must be positive integers in a tuple, at leas"):
        arguments.integers(values, "widths")


@pytest.mark.parametrize("values", [MASKED, list(MASKED), (list(MASKED),), [1.0, np.ma.masked]])
def test_what_is_masked_is_refused(values):
    number = 1 if values[-1] is np.ma.masked else 2
    with pytest.raises(ValueError, match=f"`x` must be complete.*: x with {number} masked entries"):
        arguments.array(values, "x")


@pytest.mark.parametrize("mask", [False, [[False, False], [False, False]], np.ma.nomask])
def test_a_mask_of_nothing_is_none(mask):
    found = arguments.array(np.ma.array(MASKED.data, mask=mask), "x")
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, MASKED.data)


@pytest.mark.parametrize("of", [tf.convert_to_tensor, np.asarray])
def test_bfloat16_becomes_float32_as_it_is(of):
    values = np.float32([[1.0, -0.0078125], [np.inf, 2.0**100]])  # 8 bits of mantissa hold them
    found = arguments.array(of(tf.cast(values, tf.bfloat16)), "x")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values)


def test_records_are_no_numbers():
    with pytest.raises(ValueError, match="`x` must be an array of numbers"):
        arguments.array(np.zeros(3, [("a", float)]), "x")
