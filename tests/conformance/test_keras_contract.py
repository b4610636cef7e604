"""What Keras promises of every layer, held by every class that is registered with it."""

import ast
import importlib
import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_infomax
from tests.conformance.keras_examples import ELSEWHERE, LAYERS, TERMS
from tests.stored_endpoints import StoredEndpoints
from tf_infomax.naming import keras_names

each_layer = pytest.mark.parametrize("example", [pytest.param(e, id=n) for n, e in LAYERS.items()])
each_term = pytest.mark.parametrize("example", [pytest.param(e, id=n) for n, e in TERMS.items()])


@pytest.fixture
def keras_settings():
    """Sets global settings of Keras back after the test."""
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")


def weights_of(layer):
    return [weight.numpy() for weight in layer.weights]


def equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def trained(layer, inputs):
    """The outputs of a call in training, where the layer knows of training."""
    if layer._call_has_training_arg:
        return np.asarray(layer(*inputs, training=True))
    return np.asarray(layer(*inputs))


def test_every_registered_class_has_an_example():
    for module in keras_names.MODULES.values():
        importlib.import_module(f"tf_infomax.{module}")
    registered = {
        name.partition(">")[2]: found
        for name, found in keras.saving.get_custom_objects().items()
        if name.startswith("tf_infomax>")
    }
    assert set(registered) == set(keras_names.MODULES)
    # Imported, each is the class itself, and stands where the table says.
    places = {name: found.__module__ for name, found in registered.items()}
    assert places == {n: f"tf_infomax.{module}" for n, module in keras_names.MODULES.items()}
    covered = [*LAYERS, *TERMS, *ELSEWHERE]
    assert len(covered) == len(set(covered))
    assert set(covered) == set(registered), "add to tests/conformance/keras_examples.py"


@each_layer
@pytest.mark.parametrize("when", ["before it is built", "afterwards", "by its constructor"])
def test_what_is_frozen_does_not_move_and_thaws(example, when):
    layer = example.make(**({"trainable": False} if when == "by its constructor" else {}))
    inputs = example.inputs()
    if when == "before it is built":
        layer.trainable = False
    inference = np.asarray(layer(*inputs))
    if when == "afterwards":
        layer.trainable = False
    before = weights_of(layer)
    # Of a frozen layer even training is inference.
    np.testing.assert_array_equal(trained(layer, inputs), inference)
    assert equal(before, weights_of(layer)) and layer.trainable_variables == []
    # Around it, nothing of it is trained either.
    assert not any(weight.trainable for weight in layer.trainable_weights)
    assert all(not variable.trainable for variable in layer.variables)
    layer.trainable = True
    trained(layer, inputs)
    assert equal(before, weights_of(layer)) != example.moves
    assert bool(layer.trainable_variables) == any(w.ndim for w in before)


@each_layer
def test_inputs_of_any_type_are_their_values(example):
    layer = example.make()
    expected = np.asarray(layer(*example.inputs()))
    for dtype in (np.uint8, np.int32, np.int64, np.float16, np.float64):
        np.testing.assert_array_equal(layer(*example.inputs(dtype)), expected)
    mixed = [one.astype(t) for one, t in zip(example.inputs(), ("int32", "float64"), strict=False)]
    np.testing.assert_array_equal(layer(*mixed), expected)
    halves = [tf.constant(one, tf.bfloat16) for one in example.inputs()]
    np.testing.assert_array_equal(layer(*halves), expected)
    flags = [one > 1 for one in example.inputs()]
    np.testing.assert_array_equal(layer(*flags), layer(*(one.astype("float32") for one in flags)))


@each_layer
def test_global_settings_of_keras(example, keras_settings):
    expected = np.asarray(example.make()(*example.inputs()))
    keras.config.set_image_data_format("channels_first")
    first = example.make()
    outputs = np.asarray(first(*example.inputs()))
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    trained(first, example.inputs())
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    double = example.make()
    for inputs in (example.inputs(np.float64), example.inputs(), example.inputs(np.uint8)):
        assert double(*inputs).dtype == tf.float64
        trained(double, inputs)
    assert {weight.dtype for weight in double.weights} <= {"float64"}


def test_no_layer_of_keras_goes_by_the_global_image_format():
    kinds = r"\w*(Conv|Pool)\w+|Flatten|SpatialDropout\w+|UpSampling\w+"
    reads_it = re.compile(rf"keras\.layers\.({kinds})\(")
    found = [
        ast.unparse(node)
        for path in pathlib.Path(tf_infomax.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and reads_it.match(ast.unparse(node))
    ]
    assert len(found) >= 8
    assert all("channels_last" in call for call in found), found


@each_layer
def test_a_copy_by_its_configuration_and_weights(example):
    layer = example.make(name="mine")
    layer.trainable = False
    inputs = example.inputs()
    outputs = layer(*inputs)
    plain = keras.saving.serialize_keras_object(layer)
    copy = keras.saving.deserialize_keras_object(plain)
    copy(*inputs)
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy(*inputs), outputs)
    assert copy.name == "mine" and type(copy) is type(layer)
    # It is as frozen as what it is a copy of.
    assert all(not variable.trainable for variable in copy.variables)
    if isinstance(layer, keras.Model):
        clone = keras.models.clone_model(layer)
        assert type(clone) is type(layer) and clone(*inputs).shape == outputs.shape


@pytest.mark.parametrize(
    ("example", "options"),
    [
        pytest.param(
            example, options, id=f"{name}({', '.join(options)}={next(iter(options.values()))!r})"
        )
        for name, example in {**LAYERS, **TERMS}.items()
        for options in example.wrong
    ],
)
def test_arguments_of_the_wrong_kind_get_a_sentence(example, options):
    with pytest.raises((ValueError, TypeError), match=r"(?s)Received: |Unknown .* Known: "):
        example.make(**options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LAYERS["MLP"].make(layer_dimensions=np.array([3, 2])).layer_dimensions,
        lambda: LAYERS["RealNVP"].make(hidden_units=[np.int64(3), 2]).hidden_units,
    ],
)
def test_integers_of_numpy_are_integers(make):
    assert make() == (3, 2) and all(type(width) is int for width in make())


def connected(example, **options):
    rng = np.random.default_rng(0)
    encoder = StoredEndpoints(
        images=rng.uniform(-1, 1, (6, 8, 8, 1)),
        **{
            name: tf.constant(rng.normal(size=(6, *shape)), options.get("dtype", tf.float32))
            for name, shape in (("local", (3, 3, 4)), ("conv", (2, 2, 4)), ("global", (5,)))
        }
    )
    term = example.make(**options)
    term.connect(encoder.encoded())
    return term, encoder


def loss_of(term, encoder):
    facts = {"index": tf.range(6), "attributes": tf.constant([[0, 1], [1, 1], [1, 0]] * 2)}
    features = encoder.features(labels=tf.constant([0, 1, 2, 0, 1, 2]), facts=facts)
    # Stored endpoints know of no views: both are the images themselves.
    both = {name: tf.concat([one, one], 0) for name, one in encoder.endpoints(None).items()}
    features._endpoints.setdefault(getattr(term, "random_view", None), both)
    return term.loss(features)


@each_term
def test_a_frozen_term_does_not_move_and_thaws(example):
    for options in ({}, {"trainable": False}):
        term, encoder = connected(example, **options)
        term.trainable = False
        before = weights_of(term)
        loss, metrics = loss_of(term, encoder)
        assert np.isfinite(loss) and set(metrics) <= set(term.metric_units)
        assert equal(before, weights_of(term))
        assert term.representation_variables == []
        assert all(not player.variables for player in term.players)
        assert all(not variable.trainable for variable in term.variables)
        term.trainable = True
        loss_of(term, encoder)
        assert equal(before, weights_of(term)) != example.moves


@each_term
def test_a_term_in_double_precision(example, keras_settings):
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    loss, _ = loss_of(*connected(example, dtype="float64"))
    assert loss.dtype == tf.float64


@each_term
def test_a_copy_of_a_term_by_its_configuration(example):
    term, encoder = connected(example, name="mine")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(term))
    copy.connect(encoder.encoded())
    copy.set_weights(term.get_weights())
    np.testing.assert_array_equal(loss_of(copy, encoder)[0], loss_of(term, encoder)[0])
    assert copy.get_config().keys() == term.get_config().keys()
