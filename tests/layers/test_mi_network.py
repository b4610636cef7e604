"""The MI network as a Keras layer: its start, saving, precision; its numbers are golden."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.models import assert_drawn_apart, assert_same_config, kernels
from tf_infomax.layers.mi_network import MINetwork, NearCopy

X = np.random.default_rng(0).normal(size=(4, 3, 2, 5)).astype(np.float32)


def test_the_shortcut_starts_as_a_near_copy_where_there_is_room():
    for units, is_copy in ((5, True), (9, True), (4, False)):
        network = MINetwork(units, seed=0)
        network.build(X.shape)
        kernel = network.shortcut.kernel.numpy()
        if is_copy:
            np.testing.assert_array_equal(np.diag(kernel), np.ones(5))
            assert np.abs(kernel - np.eye(5, units)).max() <= 0.01
        else:
            assert 0.3 < np.abs(kernel).max() <= 1 / np.sqrt(5)  # the default start


@pytest.mark.parametrize("options", [{}, {"layer_norm": False, "shortcut_bias": True}])
def test_survives_saving(options, tmp_path):
    entry = keras.Input(X.shape[1:])
    network = MINetwork(9, **options, seed=0, name="mine")
    model = keras.Model(entry, network(entry))
    assert model.output_shape == (None, 3, 2, 9)
    network(X, training=True)
    model.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    assert_same_config(network, loaded.get_layer("mine"))
    assert {"units": 9, "seed": 0, **options}.items() <= network.get_config().items()
    copy = NearCopy.from_config(NearCopy(seed=3).get_config())
    np.testing.assert_array_equal(copy((3, 4)), NearCopy(seed=3)((3, 4)))


def test_the_last_axis_is_normalised():
    outputs = MINetwork(9, seed=0)(X).numpy()
    np.testing.assert_allclose(outputs.mean(-1), 0, atol=1e-6)
    np.testing.assert_allclose(outputs.var(-1), 1, atol=1e-3)
    assert np.abs(MINetwork(9, layer_norm=False, seed=0)(X).numpy().mean(-1)).max() > 0.05


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    wide = MINetwork(9, seed=0)(X, training=True).numpy()
    network = MINetwork(9, seed=0, dtype=policy)
    outputs = network(X, training=True)
    assert outputs.dtype == policy.removeprefix("mixed_")
    assert {weight.dtype for weight in network.weights} == {"float32"}
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), wide, atol=0.05 * np.abs(wide).max())


def test_seeds():
    first, again, other = (MINetwork(9, seed=seed) for seed in (0, 0, 1))
    for network in (first, again, other):
        network.build(X.shape)
    for ours, theirs in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert_drawn_apart(kernels(first))
    assert not np.array_equal(first.dense_0.kernel, other.dense_0.kernel)


@pytest.mark.parametrize("units", [0, -1, 2.5, True, "8"])
def test_units_that_are_none(units):
    with pytest.raises(ValueError, match=r"`units` must be a positive integer\. Received: units="):
        MINetwork(units)


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match=r"\[\.\.\., n\].* Received: inputs of shape \(3,\)"):
        MINetwork(4).build((3,))
    network = MINetwork(4)
    network(X)
    with pytest.raises(ValueError, match=r"(?s)expected axis -1.*5.*\(4, 3, 2, 6\)"):
        network(np.zeros((4, 3, 2, 6), np.float32))
