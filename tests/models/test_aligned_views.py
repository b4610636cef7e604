"""``AlignedViews``: pairs trained by alignment and uniformity through Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

from tf_infomax import encoders
from tf_infomax.layers.optimizers import Adam
from tf_infomax.models.aligned_views import AlignedViews
from tf_infomax.numerics import geometry

HALVES = np.split(load_digits().images[:320].astype(np.float32) / 16.0, 2, axis=1)
HALVES = [half.reshape(320, 32) for half in HALVES]


def model_of(shared=False, **options):
    first = encoders.get("mlp", layer_dimensions=(32, 8), seed=0)
    second = None if shared else encoders.get("mlp", layer_dimensions=(32, 8), seed=1)
    model = AlignedViews(first, second, **options)
    model.compile(Adam(3e-3))
    return model


def pairs():
    return tf.data.Dataset.from_tensor_slices(tuple(HALVES)).batch(64, drop_remainder=True)


def test_fit_aligns_and_spreads_halves_of_digits():
    model = model_of()
    before = model.evaluate(pairs(), return_dict=True, verbose=0)
    model.fit(pairs(), epochs=15, verbose=0)
    after = model.evaluate(pairs(), return_dict=True, verbose=0)
    assert after["loss"] == pytest.approx(after["alignment"] + after["uniformity"], abs=1e-5)
    assert after["alignment"] < before["alignment"] - 0.3
    # Half of the way to the uniform law at least.
    floor = geometry.uniformity_floor(8)
    assert after["uniformity"] < 0.5 * floor


@pytest.mark.parametrize("shared", [False, True])
def test_values_codes_and_saving(shared, tmp_path):
    model = model_of(shared, alignment_weight=0.5, uniformity_weight=2.0, exponent=1.0, t=3.0)
    model.fit(pairs().take(2), verbose=0)
    x, y = model((HALVES[0], HALVES[1]))
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(model.encode(HALVES[0]), x, rtol=1e-6)
    everything = tf.data.Dataset.from_tensors(tuple(HALVES))
    found = model.evaluate(everything, return_dict=True, verbose=0)
    expected = 0.5 * geometry.alignment(x, y, 1.0)
    expected += geometry.uniformity(x, 3.0) + geometry.uniformity(y, 3.0)
    assert found["loss"] == pytest.approx(float(expected), rel=1e-4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.encoder_2 is loaded.encoder_1) == shared
    np.testing.assert_allclose(loaded((HALVES[0], HALVES[1]))[1], y, rtol=1e-6)
    assert loaded.get_config()["t"] == 3.0


@pytest.mark.slow
def test_the_step_compiles_with_xla():
    losses = []
    for jit_compile in (False, True):
        model = model_of()
        model.build(((None, 32), (None, 32)))
        model.optimizer.build(model.trainable_variables)
        step = tf.function(model.update, jit_compile=jit_compile)
        losses.append([float(step(*HALVES)["loss"]) for _ in range(3)])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][2] < losses[0][0]


def test_bad_input():
    with pytest.raises(ValueError, match=r"Received: uniformity_weight=-1\."):
        model_of(uniformity_weight=-1)
    with pytest.raises(ValueError, match=r"takes pairs.*Received: \(float32 \[320, 32\], "):
        model_of().train_step((*HALVES, HALVES[0]))
