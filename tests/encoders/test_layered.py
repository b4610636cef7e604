"""The encoders of Deep InfoMax: names, shapes, starts, tails and what can go wrong."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.encoder_examples import ENCODERS
from tf_infomax import encoders
from tf_infomax.encoders import configurations
from tf_infomax.encoders.layered import EncoderTail, LayeredEncoder
from tf_infomax.encoders.stages import FoldCrops, UnfoldCrops

NAMES = list(configurations.CONFIGURATIONS)
BASIC_WIDTHS = (4, 5, 6, 7)


def thin(name, seed=0, **options):
    """A built encoder of few channels, and images for it."""
    example = ENCODERS[name]
    encoder = encoders.get(name, **{**example.options, "seed": seed, **options})
    encoder.build((None, *example.input_shape))
    return encoder, tf.constant(example.inputs(3))


def leaves(layer):
    """The layers at the bottom of a stage, or of all stages of an encoder."""
    inner = [
        *getattr(layer, "stages", ()),
        *getattr(layer, "parts", ()),
        *filter(None, (getattr(layer, "branch", None), getattr(layer, "shortcut", None))),
    ]
    return [leaf for one in inner for leaf in leaves(one)] if inner else [layer]


def weightless(name, **options):
    """An encoder of full width, built without its weights being made."""
    encoder = encoders.get(name, **options)
    size = configurations.CONFIGURATIONS[name].size
    with tf.Graph().as_default():
        encoder.build((None, size, size, 3))
    return encoder


def test_endpoints_have_names():
    encoder, images = thin("basic32x32", output_units=9)
    layers = {
        "conv_1": (16, 16, 4),
        "conv_2": (8, 8, 5),
        "conv_3": (4, 4, 6),
        "flatten": (96,),
        "dense_1": (7,),
        "output": (9,),
    }
    named = {"local": "conv_2", "conv": "conv_3", "fc": "dense_1", "global": "output"}
    expected = {**{name: layers[layer] for name, layer in named.items()}, **layers}
    assert encoder.endpoint_shapes == expected
    assert encoder.endpoint_names == tuple(expected)
    endpoints = encoder.endpoints(images)
    assert {name: tuple(value.shape[1:]) for name, value in endpoints.items()} == expected
    for name, layer in named.items():
        np.testing.assert_array_equal(endpoints[name], endpoints[layer])
    np.testing.assert_array_equal(encoder(images), endpoints["global"])


def test_without_output_units_the_last_layer_is_the_code():
    encoder, images = thin("basic32x32", output_units=0)
    assert "output" not in encoder.endpoint_shapes
    np.testing.assert_array_equal(encoder(images), encoder.endpoints(images)["dense_1"])


def test_several_globals_come_before_the_output_layer():
    encoder, images = thin("foldmultialex64x64", output_units=9)
    endpoints = encoder.endpoints(images)
    assert endpoints["output"].shape == (3, 9)
    np.testing.assert_array_equal(encoder(images), endpoints["conv_7"])
    assert encoder.compute_output_shape((None, 64, 64, 3)) == (None, 5, 5, 7)


@pytest.mark.parametrize("name", NAMES)
def test_options_can_be_seen(name):
    parameters = inspect.signature(encoders.class_of(name)).parameters
    assert list(parameters)[:3] == ["output_units", "widths", "seed"]
    assert parameters["output_units"].default == 64


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("basic28x28", "fc"),
        ("foldresnet19_32x32", "global"),
        ("foldalex64x64", "local"),
        ("philish_resnet_32x32", "conv"),
    ],
)
def test_an_endpoint_is_a_model_that_shares_weights_and_survives_saving(name, endpoint, tmp_path):
    encoder, images = thin(name)
    model = encoder.endpoint(endpoint)
    expected = encoder.endpoints(images)[endpoint]
    np.testing.assert_array_equal(model(images), expected)
    assert model.compute_output_shape((None, *images.shape[1:])) == (None, *expected.shape[1:])
    model.save(tmp_path / "endpoint.keras")
    loaded = keras.saving.load_model(tmp_path / "endpoint.keras")
    np.testing.assert_array_equal(loaded(images), expected)
    encoder.trainable_variables[0].assign_add(tf.ones_like(encoder.trainable_variables[0]))
    assert not np.array_equal(model(images), expected)


def test_endpoints_behave_differently_in_training():
    encoder, images = thin("basic32x32")
    before = [np.array(value) for value in encoder.non_trainable_variables]
    inference = encoder.endpoints(images)["local"]
    for old, value in zip(before, encoder.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(old, value)
    training = encoder.endpoints(images, training=True)["local"]
    assert np.abs(training - inference).max() > 0.01
    for name in ("moving_mean", "moving_variance"):
        values = [v for v in encoder.non_trainable_variables if v.name == name]
        assert len(values) == 4 and all(np.ptp(value) > 0 for value in values)
    # The global feature of a call is that of the same pass.
    np.testing.assert_array_equal(
        encoder(images, training=True), encoder.endpoints(images, training=True)["global"]
    )


@pytest.mark.parametrize("name", ["basic32x32", "foldalex64x64"])
def test_training_under_xla_is_eager_training(name):
    eager, images = thin(name)
    compiled, _ = thin(name)
    for encoder in (eager, compiled):
        for layer in leaves(encoder):
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0

    def local(encoder, inputs):
        return encoder.endpoints(inputs, training=True)["local"]

    function = tf.function(
        lambda inputs: local(compiled, inputs),
        jit_compile=True,
        input_signature=[tf.TensorSpec([None, *images.shape[1:]], tf.float32)],
    )
    np.testing.assert_allclose(function(images), local(eager, images), rtol=1e-3, atol=1e-4)
    for ours, theirs in zip(
        compiled.non_trainable_variables, eager.non_trainable_variables, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_mixed_precision_of_every_endpoint():
    encoder, images = thin("foldresnet19_32x32", dtype="mixed_bfloat16")
    endpoints = encoder.endpoints(images, training=True)
    assert {value.dtype for value in endpoints.values()} == {tf.bfloat16}
    assert {weight.dtype for weight in encoder.weights} == {"float32"}
    assert np.isfinite(tf.cast(endpoints["global"], tf.float32)).all()


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("basic32x32", 10),  # 4, then 3 more of stride 2
        ("basic64x64", 22),  # 10, then 3 more of stride 4
        ("alex64x64", 21),  # 3, pooled 5, 9, pooled 13, 21
        ("foldalex64x64", 16),  # the crop
        ("foldresnet34_32x32", 8),
        ("resnet19_32x32", 15),  # 3, 2 x 4 in the first stage, 4 in the second
        ("philish_resnet_32x32", 8),  # 3, 6, 8
    ],
)
def test_local_receptive_field(name, side):
    encoder, _ = thin(name)
    assert encoder.local_receptive_field == side
    images = tf.random.stateless_normal([12, *ENCODERS[name].input_shape], [1, 2])
    with tf.GradientTape() as tape:
        tape.watch(images)
        local = encoder.endpoints(images)["local"]
        middle = local.shape[1] // 2
        total = tf.reduce_sum(local[:, middle, middle])
    seen = np.abs(tape.gradient(total, images)).max(axis=(0, 3)) > 0
    for axis in (0, 1):
        (places,) = np.nonzero(seen.any(axis=axis))
        # Pooling passes on one place of nine: the outermost are not seen by every network.
        assert side - 2 <= np.ptp(places) + 1 <= side


@pytest.mark.parametrize("size", [12, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_crops_one_by_one(size, channels):
    images = np.random.default_rng(0).normal(size=(3, size, size, channels)).astype(np.float32)
    crops = UnfoldCrops(4)(images)
    starts = range(0, size - 3, 2)
    expected = [
        image[row : row + 4, column : column + 4]
        for image in images
        for row in starts
        for column in starts
    ]
    np.testing.assert_array_equal(crops, expected)
    # A feature of each crop becomes a map of these features.
    folded = FoldCrops(len(starts))(tf.reduce_max(crops, axis=[1, 2]))
    assert folded.shape == (3, len(starts), len(starts), channels)
    np.testing.assert_array_equal(folded[2, 0, 1], images[2, :4, 2:6].max(axis=(0, 1)))


def test_kernels_and_biases_start_within_the_fan_in():
    encoder = encoders.get("basic32x32", seed=3, widths=(64, 64, 64, 128))
    encoder.build((None, 32, 32, 3))
    layers = [layer for layer in leaves(encoder) if hasattr(layer, "kernel")]
    assert len(layers) == 5
    for layer in layers:
        limit = 1 / np.sqrt(np.prod(layer.kernel.shape[:-1]))
        for weight in (layer.kernel, layer.bias) if layer.use_bias else (layer.kernel,):
            values = weight.numpy().ravel()
            assert 0.9 * limit < np.abs(values).max() <= limit
            assert abs(values.std() * np.sqrt(3) / limit - 1) < 4 / np.sqrt(values.size)


def test_foldalex_starts_normal_with_biases():
    encoder, _ = thin("foldalex64x64", widths=(64, 64, 64, 64, 64, 48, 64))
    layers = {
        stage.name: next(part for part in stage.parts if hasattr(part, "kernel"))
        for stage in encoder.stages
        if hasattr(stage, "parts")
    }
    for name in ("conv_1", "conv_2", "conv_3", "conv_4", "conv_5", "dense_1"):
        kernel, bias = layers[name].kernel.numpy(), layers[name].bias.numpy()
        assert abs(kernel.std() / 0.02 - 1) < 4 / np.sqrt(2 * kernel.size)
        assert np.abs(kernel).max() > 0.05
        limit = 1 / np.sqrt(np.prod(kernel.shape[:-1]))
        assert 0.5 * limit < np.abs(bias).max() <= limit
    assert not layers["conv_6"].use_bias and layers["output"].use_bias
    assert np.abs(layers["conv_6"].kernel).max() <= 1 / np.sqrt(9 * 64)


def test_dropout_on_maps_drops_whole_channels_before_batch_norm():
    encoder, images = thin("foldalex64x64", widths=(4, 5, 6, 6, 8, 64, 7))
    images = tf.repeat(images, 8, axis=0)
    maps = np.asarray(encoder.endpoints(images, training=True)["conv_6"])
    # A dropped channel is zero everywhere: batch norm makes it one value, above 0 half the time.
    constant = (np.ptp(maps, axis=(1, 2)) == 0) & (maps.max(axis=(1, 2)) > 0)
    share = 2 * constant.mean()
    assert 0.05 < share < 0.15
    again = np.asarray(encoder.endpoints(images, training=True)["conv_6"])
    assert np.abs(again - maps).max() > 0.1
    one, two = (encoder.endpoints(images)["conv_6"] for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "name",
    [
        *("basic28x28", "alex64x64", "foldalex64x64", "foldmultialex64x64"),
        *("resnet19_32x32", "foldresnet19_32x32", "philish_resnet_64x64"),
    ],
)
def test_tail_takes_the_local_map(name):
    encoder, images = thin(name, output_units=5)
    local = encoder.endpoints(images)["local"]
    tail = encoder.tail(6, seed=1)
    outputs = tail(local)
    assert outputs.shape == (3, 6) and np.ptp(outputs) > 0
    configuration = configurations.CONFIGURATIONS[name]
    names = [layer for layer, _ in configuration.layers]
    later = names[names.index(configuration.endpoints["local"]) :]
    expected = [layer for layer in later if layer != "fold"]
    assert [stage.name for stage in tail.stages] == [*expected, "output"]


def test_tail_without_output_units_replaces_the_last_layer():
    encoder, _ = thin("basic32x32", output_units=0)
    tail = encoder.tail(6)
    tail.build((None, 8, 8, 5))
    assert [stage.name for stage in tail.stages] == ["conv_2", "conv_3", "flatten", "output"]


def test_tail_is_made_anew_and_survives_saving(tmp_path):
    encoder, images = thin("basic32x32")
    local = encoder.endpoints(images)["local"]
    tail, again, other = (encoder.tail(6, seed) for seed in (1, 1, 2))
    outputs = tail(local)
    np.testing.assert_array_equal(again(local), outputs)
    assert np.abs(other(local) - outputs).max() > 0.01
    assert not {id(v) for v in tail.variables} & {id(v) for v in encoder.variables}
    tail.save(tmp_path / "tail.keras")
    loaded = keras.saving.load_model(tmp_path / "tail.keras")
    np.testing.assert_array_equal(loaded(local), outputs)
    assert isinstance(loaded, EncoderTail) and loaded.get_config() == tail.get_config()


def test_plain_widths_and_colours_are_free():
    encoder = encoders.get("resnet19_32x32", widths=[4, 2, 3, 5, 4, 4, 7], output_units=3)
    # The third stage has another width than the second: its shortcut cannot be the identity.
    assert encoder(tf.ones([2, 32, 32, 1])).shape == (2, 3)
    assert encoder.endpoint_shapes["stage_2"] == (8, 8, 12)
    assert encoder.endpoint_shapes["stage_3"] == (8, 8, 20)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (4, 5, 6)}, r"`widths` must be 4 positive integers, of the layers conv_1, "),
        ({"widths": (4, 5, 6, 0)}, r"as released: \(64, 128, 256, 1024\).*widths=\(4, 5, 6, 0\)"),
        ({"widths": 8}, r"Received: widths=8"),
        ({"output_units": -1}, r"`output_units` must be .* Received: output_units=-1"),
        ({"output_units": 2.5}, r"Received: output_units=2.5"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        encoders.get("basic32x32", **options)


def test_an_unknown_configuration_names_the_nearest():
    with pytest.raises(ValueError, match=r"Did you mean 'basic32x32'"):
        LayeredEncoder("basic32x23")


# Name -> smallest side of images, worked out by hand from the last map backwards.
SMALLEST = {
    "basic28x28": 1,  # 5 - 2 * 2 = 1: padding alone keeps one place
    "basic32x32": 8,  # 4 x 4 with padding 1 halves: 8, 4, 2, 1
    "basic64x64": 16,
    "alex64x64": 15,  # three pools of 3 by stride 2: 1, 3, 7, 15
    "foldalex64x64": 32,  # its last convolution needs three crops of 16, half overlapping
    "foldmultialex64x64": 32,
    "resnet19_32x32": 1,
    "foldresnet19_32x32": 8,  # one crop
    "philish_resnet_32x32": 32,  # three of 3: 7; 2 by stride 2: 14; 4 by stride 2: 30; one of 3
}


@pytest.mark.parametrize("name", SMALLEST)
def test_smaller_images_than_the_smallest_are_refused(name):
    smallest = configurations.smallest_side(configurations.CONFIGURATIONS[name].layers)
    assert smallest == SMALLEST[name]
    encoder = encoders.get(name, widths=ENCODERS[name].options["widths"])
    encoder.build((None, smallest, smallest, 2))
    assert min(encoder.endpoint_shapes["conv"]) >= 1
    if smallest > 1:
        message = rf"{name} encodes square images .*least {smallest}\. Received: .*{smallest - 1}"
        with pytest.raises(ValueError, match=message):
            encoders.get(name).build((None, smallest - 1, smallest - 1, 2))


@pytest.mark.parametrize("side", [28, 48, 96])
@pytest.mark.parametrize("name", ["basic32x32", "alex64x64", "foldresnet19_32x32"])
def test_images_of_any_side_and_number_of_channels(name, side):
    encoder = encoders.get(name, **ENCODERS[name].options)
    endpoints = encoder.endpoints(tf.ones([2, side, side, 5]))
    assert endpoints["global"].shape == (2, 5)
    shapes = {name: tuple(value.shape[1:]) for name, value in endpoints.items()}
    assert shapes == encoder.endpoint_shapes
    # Halved twice; pooled twice; half-overlapping crops of 8.
    local = {"basic32x32": side // 4, "foldresnet19_32x32": side // 4 - 1}
    pooled = ((side - 3) // 2 + 1 - 3) // 2 + 1
    assert shapes["local"][0] == local.get(name, pooled)
    assert encoder.local_receptive_field <= side


def test_images_of_another_shape_than_the_encoder_was_built_for():
    built, _ = thin("basic32x32")
    unbuilt = encoders.get("basic32x32", widths=BASIC_WIDTHS)
    for encoder, images in ((built, [2, 28, 28, 3]), (unbuilt, [2, 28, 32, 3])):
        message = rf"basic32x32 encodes .*Received: images of shape .*{images[1]}, {images[2]}"
        for encode in (encoder, encoder.endpoints):
            with pytest.raises(ValueError, match=message):
                encode(tf.zeros(images))
    with pytest.raises(ValueError, match=r"32, 32, 3\].*Received: images of shape \(2, 32, 32, 1"):
        built.endpoints(tf.zeros([2, 32, 32, 1]))
    with pytest.raises(ValueError, match=r"built.*Received: basic32x32 without weights"):
        _ = encoders.get("basic32x32").endpoint_shapes


def test_endpoints_build_an_encoder_that_is_not():
    encoder = encoders.get("basic32x32", widths=BASIC_WIDTHS)
    assert encoder.endpoints(np.zeros((2, 32, 32, 3)))["local"].shape == (2, 8, 8, 5)


def test_an_unknown_endpoint_names_the_nearest():
    encoder, _ = thin("basic32x32")
    with pytest.raises(ValueError, match=r"Unknown endpoint 'conv_22'. Did you mean 'conv_2'"):
        encoder.endpoint("conv_22")


def test_tail_of_what_is_no_map():
    encoder, _ = thin("basic32x32")
    with pytest.raises(ValueError, match=r"local map \[K, H, W, C\]. Received: .*\(None, 7\)"):
        encoder.tail(3).build((None, 7))
    with pytest.raises(ValueError, match=r"`units` must be a positive integer. Received: units=0"):
        encoder.tail(0)


def test_repaired_configuration_shrinks_every_crop_to_one_cell():
    encoder = weightless("foldresnet34_32x32")
    shapes = encoder.endpoint_shapes
    assert [shapes[f"stage_{number}"][0] for number in range(1, 6)] == [4, 2, 2, 1, 1]
    assert shapes["local"] == shapes["conv"] == (7, 7, 1024)
