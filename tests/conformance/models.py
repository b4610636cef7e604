"""What critics and encoders are checked for in the same way."""

import itertools
import json

import keras
import numpy as np

__all__ = ["assert_drawn_apart", "assert_same_config", "kernels"]


def assert_same_config(first, second):
    """The configurations are equal, as JSON: that is how they are saved."""
    assert type(first) is type(second)
    as_json = [
        json.dumps(keras.saving.serialize_keras_object(one)["config"]) for one in (first, second)
    ]
    assert as_json[0] == as_json[1]


def kernels(layer):
    """The trainable weights that are drawn at random, flat: those that are not constant.

    Without entries of exactly 1, which are no draw (diagonals of near copies).
    """
    flat = [weight.numpy().ravel().astype(np.float64) for weight in layer.trainable_weights]
    return [weight[weight != 1.0] for weight in flat if weight.std() > 0]


def assert_drawn_apart(draws):
    """No two arrays hold the same draw, however scaled: their first entries do not correlate."""
    for first, second in itertools.combinations(draws, 2):
        size = min(len(first), len(second))
        # Of fewer numbers a correlation says nothing.
        if size >= 6:
            assert abs(np.corrcoef(first[:size], second[:size])[0, 1]) < 0.999
