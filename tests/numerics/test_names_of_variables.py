"""What is measured or estimated again makes variables of the names that it made before.

TensorFlow keeps a kernel of 35 KB for every name, and Keras numbers layers without a name on, so
that a process of many measurements or estimates would grow by megabytes with each.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import evaluation
from tf_infomax.estimation import MutualInformationEstimator

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(32, 4)).astype(np.float32)
LABELS = np.arange(32) % 2
IMAGES = RNG.uniform(-1, 1, (32, 16, 16, 1)).astype(np.float32)


def reconstruction():
    data = CODES, IMAGES
    evaluation.reconstruction(*data, *data, epochs=1, batch_size=16, base_channels=8)


def estimate(x, y, **options):
    MutualInformationEstimator(folds=2, epochs=2, batch_size=8, negatives=4, **options).fit(x, y)


WORKS = {
    "mlp probe": lambda: evaluation.mlp_probe(
        CODES, LABELS, CODES, LABELS, epochs=1, averaged_epochs=1, batch_size=16, hidden_units=4
    ),
    "attribute probe": lambda: evaluation.attribute_probe(
        CODES, CODES > 0, CODES, CODES > 0, epochs=1, batch_size=16, hidden_units=4
    ),
    "ndm": lambda: evaluation.ndm(CODES, epochs=1, batch_size=16, hidden_units=(4,)),
    "mine": lambda: evaluation.mine(
        IMAGES, CODES, IMAGES, CODES, epochs=1, batch_size=16, negatives=2
    ),
    "reconstruction": reconstruction,
    "estimate of vectors": lambda: estimate(CODES[:, :2], CODES[:, 2:]),
    "estimate of levels": lambda: estimate(CODES, LABELS.astype(str), half_fits=0),
    "estimate of images": lambda: estimate(IMAGES[:, :8, :8], CODES, half_fits=0),
    "estimate by a named critic": lambda: estimate(
        CODES, CODES, critic="separable", half_fits=0
    ),
}  # fmt: skip

# Fits of seconds, through what the shorter ones go through.
SLOW = {
    "mine", "reconstruction", "estimate of vectors", "estimate of levels", "estimate of images",
    "estimate by a named critic",
}  # fmt: skip


def names_of(work):
    names = set()

    def noted(make, **options):
        variable = make(**options)
        # Keras gives no way to name the state of a dropout.
        if not variable.name.startswith("seed_generator"):
            names.add(variable.name)
        return variable

    with tf.variable_creator_scope(noted):
        work()
    return names


def test_names_are_noted_and_numbered_on_by_keras():
    first, second = (names_of(lambda: keras.layers.Dense(2).build((None, 2))) for _ in range(2))
    assert first and second and not first & second


@pytest.mark.parametrize(
    "work", [pytest.param(one, marks=pytest.mark.slow if one in SLOW else ()) for one in WORKS]
)
@pytest.mark.filterwarnings("ignore")
def test_a_second_time_has_the_names_of_the_first(work):
    first = names_of(WORKS[work])
    assert first
    assert names_of(WORKS[work]) == first
