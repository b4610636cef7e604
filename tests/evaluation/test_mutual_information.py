"""The mean of a bound over consecutive batches."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.critics import InnerProdCritic
from tf_infomax.evaluation import mean_bound

RNG = np.random.default_rng(0)
CODES_1, CODES_2 = RNG.normal(size=(2, 10, 3)).astype(np.float32)


def test_mean_over_whole_batches():
    # 10 pairs at 4: rows 0-3 and 4-7; the last two are left out.
    values = [
        float(bounds.infonce((CODES_1[rows] @ CODES_2[rows].T).astype(np.float64)))
        for rows in (slice(0, 4), slice(4, 8))
    ]
    value = mean_bound(bounds.infonce, InnerProdCritic(), CODES_1, CODES_2, 4)
    np.testing.assert_allclose(value, np.mean(values), rtol=1e-5)


def test_what_the_bound_gets():
    shapes = []

    def bound(scores):
        shapes.append(tuple(scores.shape))
        return tf.reduce_sum(scores[0, 0])

    # Scores of ones: the sum over 2 entries.
    ones = np.ones((6, 2), np.float32)
    assert mean_bound(bound, InnerProdCritic(), ones, ones, 3) == 2.0
    assert shapes == [(3, 3), (3, 3)]


def test_a_baseline_is_a_function():
    with pytest.raises(ValueError, match=r"`baseline` must be .* or None\. Received: baseline=3"):
        mean_bound(bounds.tuba, InnerProdCritic(), CODES_1, CODES_2, 4, baseline=3)


@pytest.mark.parametrize(
    ("sizes", "batch_size", "received"),
    [((10, 9), 4, "10 and 9"), ((10, 10), 11, "10 and 10"), ((0, 0), 4, "0 and 0")],
)
def test_errors(sizes, batch_size, received):
    codes = (CODES_1[: sizes[0]], CODES_2[: sizes[1]])
    with pytest.raises(ValueError, match=f"At least {batch_size} pairs.* Received: {received}"):
        mean_bound(bounds.infonce, InnerProdCritic(), *codes, batch_size)
