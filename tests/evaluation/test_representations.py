"""Encoding a data set in batches."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.encoders import MLP
from tf_infomax.evaluation import encode, encode_endpoints

VIEWS = np.arange(20, dtype=np.uint8).reshape(10, 2)


@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 1000])
def test_codes_come_in_the_order_of_the_views(batch_size):
    def twice(batch, start):
        del start
        return 2.0 * tf.cast(batch, tf.float32)

    codes = encode(lambda batch: batch + 1.0, VIEWS, twice, batch_size)
    assert isinstance(codes, np.ndarray) and codes.dtype == np.float32
    np.testing.assert_array_equal(codes, 2.0 * VIEWS + 1.0)


def test_a_model_gives_the_same_codes_at_every_batch_size():
    model = MLP((5, 4), seed=0)
    views = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    expected = model(views)
    for batch_size in (3, 10, 64):
        np.testing.assert_allclose(encode(model, views, None, batch_size), expected, atol=1e-6)


def test_preprocessing_is_told_the_first_index():
    # Noise can then be a pure function of an example's place in the data set.
    def index(batch, start):
        return tf.cast(start + tf.range(tf.shape(batch)[0]), tf.float32)[:, tf.newaxis]

    codes = encode(tf.identity, VIEWS, index, batch_size=4)
    np.testing.assert_array_equal(codes[:, 0], np.arange(10))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_codes_that_are_not_finite_are_counted(bad):
    views = np.zeros((10, 3), np.float32)
    views[[2, 7]] = bad
    with pytest.raises(ValueError, match=r"finite.* Received: 2 of 10 codes"):
        encode(tf.identity, views, batch_size=4)


def test_nothing_to_encode():
    with pytest.raises(ValueError, match=r"at least one view.* Received: views of shape \(0, 2\)"):
        encode(tf.identity, VIEWS[:0])


def test_names_of_endpoints_are_a_tuple():
    with pytest.raises(ValueError, match=r"a tuple of endpoints\. Received: names='code'"):
        encode_endpoints(tf.identity, "code", VIEWS)


def test_codes_are_numbers():
    with pytest.raises(ValueError, match="`codes` must be an array of numbers"):
        encode(tf.strings.as_string, VIEWS)
