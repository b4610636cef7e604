"""What critics and encoders are checked for in the same way."""

import itertools
import json

import keras
import numpy as np

__all__ = ["assert_same_config", "assert_weights_differ", "kernels"]


def assert_same_config(first, second):
    """The configurations are equal, as JSON: that is how they are saved."""
    assert type(first) is type(second)
    as_json = [
        json.dumps(keras.saving.serialize_keras_object(one)["config"]) for one in (first, second)
    ]
    assert as_json[0] == as_json[1]


def kernels(layer):
    """The trainable weights that are drawn at random, flat: those that are not constant."""
    flat = [weight.numpy().ravel().astype(np.float64) for weight in layer.trainable_weights]
    return [weight for weight in flat if weight.std() > 0]


def assert_weights_differ(first, second):
    """No two kernels are the same draw, however scaled: their first entries do not correlate."""
    for a, b in itertools.product(first, second):
        size = min(len(a), len(b))
        if a is not b and size >= 6:
            assert abs(np.corrcoef(a[:size], b[:size])[0, 1]) < 0.999
