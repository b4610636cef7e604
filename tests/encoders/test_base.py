"""What all encoders share: an export with names, by Keras' own method."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.keras_examples import LAYERS
from tf_infomax import encoders
from tf_infomax.layers import optimizers


@pytest.mark.parametrize(
    ("name", "output", "also"),
    [
        ("MLP", "code", (2, 2)),
        ("RealNVP", "code", (5, 1)),
        ("LayeredEncoder", "code", None),
        ("Endpoint", "conv", None),
        ("Backbone", "code", None),
    ],
)
def test_exports_have_names(name, output, also, tmp_path):
    encoder = LAYERS[name].make()
    (inputs,) = LAYERS[name].inputs()
    # By the shape of a tensor, as `fit` on a data set builds: Keras' own export refuses it.
    encoder.build(tf.constant(inputs).shape)
    encoder.export(tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    for rows in (1, len(inputs)):
        expected = encoder(inputs[:rows])
        np.testing.assert_allclose(loaded.serve(inputs[:rows]), expected, rtol=1e-5, atol=1e-6)
        for signature in ("serve", "serving_default"):
            named = loaded.signatures[signature](images=tf.constant(inputs[:rows]))
            assert list(named) == [output]
            np.testing.assert_allclose(named[output], expected, rtol=1e-5, atol=1e-6)
    if also:
        images = inputs.reshape(len(inputs), *also)
        np.testing.assert_allclose(loaded.serve(images), encoder(images), rtol=1e-5, atol=1e-6)


def test_an_encoder_without_weights_is_not_exported(tmp_path):
    with pytest.raises(ValueError, match=r"must be built.*Received: MLP without weights"):
        encoders.MLP((3,)).export(tmp_path / "model")


@pytest.mark.parametrize("functional", [False, True], ids=["sequential", "functional"])
@pytest.mark.parametrize("whole", [False, True], ids=["endpoint", "encoder"])
def test_a_frozen_encoder_does_not_move_under_fit(functional, whole):
    encoder = LAYERS["LayeredEncoder"].make()
    images = np.random.default_rng(0).normal(size=(8, 32, 32, 3)).astype(np.float32)
    encoder(images[:1])
    part = encoder if whole else encoder.endpoint("fc")
    part.trainable = False
    head = keras.layers.Dense(2)
    if functional:
        inputs = keras.Input((32, 32, 3))
        model = keras.Model(inputs, head(part(inputs)))
    else:
        model = keras.Sequential([part, head])
    model.compile(optimizers.Adam(1e-2), "mse", run_eagerly=True)
    before = encoder.get_weights()
    model.fit(images, np.ones((8, 2)), batch_size=4, verbose=0)
    assert all(map(np.array_equal, before, encoder.get_weights()))
    # Thawed, and with one layer frozen: all but that one train, statistics included.
    part.trainable = True
    first = encoder.stages[0]
    first.trainable = False
    frozen, others = first.get_weights(), encoder.stages[1].get_weights()
    model.compile(optimizers.Adam(1e-2), "mse", run_eagerly=True)
    model.fit(images, np.ones((8, 2)), batch_size=4, verbose=0)
    assert all(map(np.array_equal, frozen, first.get_weights()))
    assert not any(map(np.array_equal, others, encoder.stages[1].get_weights()))
