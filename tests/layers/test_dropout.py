"""Replicas drop what one device with the whole batch drops."""

from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.layers.dropout import Dropout, SpatialDropout2D
from tf_infomax.numerics import replicas

CASES = {
    "units": (Dropout, keras.layers.Dropout, (6, 9)),
    "maps": (SpatialDropout2D, keras.layers.SpatialDropout2D, (6, 2, 3, 9)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "mixed_float16"])
@pytest.mark.parametrize("case", CASES)
def test_parts_of_a_batch_are_dropped_as_the_whole(case, dtype, monkeypatch):
    made, of_keras, shape = CASES[case]
    images = tf.random.stateless_normal(shape, [0, 1])
    expected = of_keras(0.4, seed=3, dtype=dtype)
    whole = [expected(images, training=True) for _ in range(2)]
    assert not np.array_equal(*whole)
    for place in range(3):
        rows = slice(2 * place, 2 * place + 2)

        def own(values, axis=0, rows=rows):
            assert axis == 0
            return values[rows]

        monkeypatch.setattr(replicas, "number", lambda: 3)
        monkeypatch.setattr(replicas, "own", own)
        # Every replica has a copy of the seed.
        layer = made(0.4, seed=3, dtype=dtype)
        for values in whole:
            found = layer(images[rows], training=True)
            assert found.dtype == values.dtype
            np.testing.assert_array_equal(found, values[rows])
        np.testing.assert_array_equal(layer(images[rows]), tf.cast(images[rows], found.dtype))


def test_on_one_device_they_are_those_of_keras_in_name_and_number():
    for made, of_keras, shape in CASES.values():
        x = tf.ones(shape)
        layers = made(0.5, seed=1), of_keras(0.5, seed=1)
        np.testing.assert_array_equal(*(layer(x, training=True) for layer in layers))
        assert made.__name__ == of_keras.__name__
        names = [[v.path.split("/")[1:] for v in layer.variables] for layer in layers]
        assert names[0] == names[1] != []
        with mock.patch.object(keras.random, "dropout", side_effect=AssertionError):
            layers[0](x, training=True)
