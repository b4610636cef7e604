"""Checkpoints: everything comes back, exactly."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.optimizers import Adam
from tf_infomax.training.checkpoints import Checkpoints


def variables(seed):
    """Keras' and TensorFlow's, of several types, and an optimizer's slots."""
    rng = np.random.default_rng(seed)
    weight = keras.Variable(rng.normal(size=(3, 2)), dtype="float32")
    optimizer = Adam(1e-2)
    optimizer.build([weight])
    for _ in range(seed):
        optimizer.apply([tf.constant(rng.normal(size=(3, 2)), tf.float32)], [weight])
    return [weight, *optimizer.variables, tf.Variable(rng.normal(size=4)), tf.Variable(seed)]


def test_nothing_to_restore(tmp_path):
    mine = variables(1)
    before = [variable.numpy() for variable in mine]
    assert Checkpoints(tmp_path / "none", mine).restore() is None
    for ours, theirs in zip(mine, before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_saved_and_restored_exactly(tmp_path):
    saved, fresh = variables(3), variables(1)
    Checkpoints(tmp_path, saved).save(step=7000, row_bytes=123_456_789_012)
    assert not np.array_equal(fresh[0], saved[0])
    # As a new process does it: other variables of the same kinds.
    assert Checkpoints(tmp_path, fresh).restore() == (7000, 123_456_789_012)
    for ours, theirs in zip(fresh, saved, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_last_one_is_kept(tmp_path):
    mine = variables(2)
    checkpoints = Checkpoints(tmp_path, mine)
    for step in (1000, 2000, 10_000):
        mine[-1].assign(step)
        checkpoints.save(step, row_bytes=step)
    assert {path.stem for path in tmp_path.glob("step-*")} == {"step-10000"}
    mine[-1].assign(0)
    assert Checkpoints(tmp_path, mine).restore() == (10_000, 10_000)
    assert mine[-1].numpy() == 10_000


def test_variables_of_another_model_are_refused(tmp_path):
    Checkpoints(tmp_path, variables(1)).save(1, 0)
    with pytest.raises(AssertionError):
        Checkpoints(tmp_path, [*variables(1), tf.Variable(0.0)]).restore()
    other = [keras.Variable(np.zeros((5, 5)), dtype="float32"), *variables(1)[1:]]
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="shape"):
        Checkpoints(tmp_path, other).restore()
