"""Whole steps in mixed precision: the loss and the direction of the gradient of float32."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tiny import TINY, tiny
from tf_infomax.data import datasets
from tf_infomax.running.build import build

# An adversarial game has two losses; Gaussian pairs are as narrow as their networks.
NAMES = [name for name in TINY if name != "adversarial"]


def loss_and_gradient(name, policy, weights=None):
    """(loss, gradient of all weights as one vector, weights) on the first batch."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        run = tiny(name).runs()[0][2]
        trial = build(run, None if name == "dependent_samples" else datasets.load("digits"))
    finally:
        keras.config.set_dtype_policy(before)
    model = trial.model
    if weights is not None:
        model.set_weights(weights)
    variables = [variable.value for variable in model.trainable_variables]
    assert {variable.dtype for variable in variables} == {tf.float32}
    batch = trial.source.draw(tf.constant(0, tf.int64))
    with tf.GradientTape() as tape:
        loss, _ = model.loss_of(batch, training=True)
    gradient = tape.gradient(loss, variables)
    flat = np.concatenate([np.ravel(tf.cast(one, tf.float32)) for one in gradient])
    return float(loss), flat, model.get_weights()


@pytest.mark.parametrize(
    "name",
    [
        name if name == "critic_impact" else pytest.param(
            name, marks=pytest.mark.slow
        )
        for name in NAMES
    ],
)
@pytest.mark.parametrize(
    ("policy", "digits"), [("mixed_bfloat16", 2**-8), ("mixed_float16", 2**-11)]
)
def test_of_every_experiment(name, policy, digits):
    loss, gradient, weights = loss_and_gradient(name, "float32")
    half_loss, half_gradient, _ = loss_and_gradient(name, policy, weights)
    # Some roundings one after the other.
    assert half_loss == pytest.approx(loss, rel=10 * digits, abs=10 * digits)
    lengths = np.linalg.norm(half_gradient), np.linalg.norm(gradient)
    assert lengths[0] == pytest.approx(lengths[1], rel=20 * digits)
    assert half_gradient @ gradient / np.prod(lengths) > 1.0 - 20 * digits
