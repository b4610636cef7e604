"""What all encoders share: an export with names, by Keras' own method."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.keras_examples import LAYERS
from tf_infomax import encoders
from tf_infomax.decoders import Decoder
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


SMALL = {
    "MLP": (lambda: encoders.MLP((5, 4)), (6,)),
    "ConvNet": (lambda: encoders.ConvNet(4), (8, 8, 3)),
    "RealNVP": (lambda: encoders.RealNVP(2, (4,)), (6,)),
    "LayeredEncoder": (LAYERS["LayeredEncoder"].make, (32, 32, 3)),
    "EncoderTail": (LAYERS["EncoderTail"].make, LAYERS["EncoderTail"].shapes[0][1:]),
    "Decoder": (lambda: Decoder((16, 16, 1), 8), (6,)),
}


@pytest.fixture(params=SMALL)
def built(request):
    """A model that makes its own layers, and inputs for it."""
    make, shape = SMALL[request.param]
    inputs = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    model = make()
    model(inputs)
    return model, inputs


def test_a_second_build_changes_nothing(built):
    model, inputs = built
    before, codes = model.get_weights(), np.asarray(model(inputs))
    for rows in (None, 4, 9):
        model.build((rows, *inputs.shape[1:]))
    assert all(map(np.array_equal, before, model.get_weights()))
    for wrong in ((None, *inputs.shape[1:-1], 7), (None, *inputs.shape[1:], 2)):
        with pytest.raises(ValueError, match=r"is built for inputs of.*Received: input_shape=\("):
            model.build(wrong)
    np.testing.assert_array_equal(model(inputs), codes)


def test_inputs_that_are_flattened_may_have_any_shape_of_their_size():
    model = encoders.MLP((5, 4))
    model.build((None, 2, 3))
    model.build((None, 6))
    assert model(np.ones((4, 3, 2))).shape == (4, 4)


def freeze_the_first_kernel(model):
    """Freezes the lowest layer with a kernel: the number of its variables that had trained."""
    (first, *_) = [
        layer
        for layer in model._flatten_layers(include_self=False)
        if layer.trainable_weights and not layer._layers
    ]
    count = len(first.trainable_weights)
    first.trainable = False
    return count


@pytest.mark.parametrize("how", ["file", "deepcopy", "from_config", "saved before use"])
def test_single_layers_stay_frozen(built, how, tmp_path):
    model, inputs = built
    assert "frozen" not in model.get_config()
    trained = len(model.trainable_weights) - freeze_the_first_kernel(model)
    if how == "file":
        model.save(tmp_path / "model.keras")
        found = keras.models.load_model(tmp_path / "model.keras")
    elif how == "deepcopy":
        found = copy.deepcopy(model)
    else:
        found = type(model).from_config(model.get_config())
        if how == "saved before use":
            found = type(model).from_config(found.get_config())
        found(inputs)
    assert 0 < len(found.trainable_weights) == trained
    shapes = [[weight.shape for weight in one.trainable_weights] for one in (model, found)]
    assert shapes[0] == shapes[1]
    assert found.get_config()["frozen"] == model.get_config()["frozen"]
    # Thawed as a whole (TensorFlow skips an assignment of the value that is there).
    found.trainable = False
    assert "frozen" not in found.get_config()
    found.trainable = True
    assert "frozen" not in found.get_config()


def test_a_stage_is_frozen_with_its_layers():
    encoder = LAYERS["LayeredEncoder"].make()
    encoder.build((None, 32, 32, 3))
    encoder.stages[0].trainable = False
    # A convolution, batch norm, ReLU.
    expected = ["conv_1", "conv_1/0", "conv_1/1", "conv_1/2"]
    assert encoder.get_config()["frozen"] == expected
    encoder.stages[0].parts[1].trainable = True
    expected.remove("conv_1/1")
    found = type(encoder).from_config(encoder.get_config())
    found.build((None, 32, 32, 3))
    assert found.get_config()["frozen"] == expected
    assert found.stages[0].parts[1].trainable and not found.stages[0].trainable


@pytest.mark.parametrize("whole", [True, False], ids=["decoder", "batch norm"])
def test_batch_norm_of_a_loaded_frozen_decoder_does_not_move(whole, tmp_path):
    decoder, codes = Decoder((16, 16, 1), 8), np.ones((4, 6), np.float32) * [[1], [2], [3], [4]]
    decoder(codes)
    for part in (decoder,) if whole else decoder.normalizations:
        part.trainable = False
    decoder.save(tmp_path / "model.keras")
    found = keras.models.load_model(tmp_path / "model.keras")
    before = found.get_weights()
    found(codes, training=True)
    assert all(map(np.array_equal, before, found.get_weights()))


@pytest.mark.parametrize("frozen", ["conv_1", [1], {"conv_1": True}])
def test_frozen_layers_are_paths(frozen):
    with pytest.raises(ValueError, match=r"`frozen` must be.*Received: frozen="):
        encoders.MLP((4,), frozen=frozen)


@pytest.mark.parametrize("seed", [2**70, -1, 1.0, "a"])
@pytest.mark.parametrize(
    "make",
    [
        lambda seed: encoders.MLP((4,), seed=seed),
        lambda seed: encoders.ConvNet(4, seed=seed),
        lambda seed: encoders.RealNVP(2, seed=seed),
        lambda seed: encoders.get("basic32x32", seed=seed),
        lambda seed: Decoder(seed=seed),
    ],
    ids=["MLP", "ConvNet", "RealNVP", "LayeredEncoder", "Decoder"],
)
def test_seeds_that_tensorflow_does_not_take(make, seed):
    with pytest.raises(ValueError, match=r"from 0 to 2\*\*62, or None\. Received: seed="):
        make(seed)
