"""Encoders of one's own: models with named features, networks cut at layers, other classes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.keras_examples import feature_model
from tf_infomax import DeepInfoMax, critics, encoders, objectives
from tf_infomax.encoders.protocol import missing_members
from tf_infomax.evaluation import representations
from tf_infomax.layers import optimizers

IMAGES = np.random.default_rng(0).normal(size=(8, 12, 12, 2)).astype(np.float32)


@keras.saving.register_keras_serializable(package="tests")
class Subclassed(keras.Model):
    """A model whose outputs are known only once it is called."""

    def __init__(self, wrong=None, **kwargs):
        super().__init__(**kwargs)
        self.wrong = wrong
        self.map = keras.layers.Conv2D(4, 3, 2, data_format="channels_last")
        self.norm = keras.layers.BatchNormalization()
        self.code = keras.layers.Dense(3)

    def call(self, images, training=False):
        local = self.norm(self.map(images), training=training)
        code = self.code(tf.reduce_mean(local, axis=[1, 2]))
        wrong = {"tensor": code, "names": {"code": code}, "rank": {"local": code, "global": code}}
        return wrong.get(self.wrong, {"local": local, "conv": local, "global": code})

    def get_config(self):
        return {**super().get_config(), "wrong": self.wrong}


class Protocol(keras.Model):
    """A class that follows the protocol, and no more."""

    def build(self, input_shape):
        self.map = keras.layers.Conv2D(4, 4, 4, data_format="channels_last")
        self.map.build(input_shape)
        side = input_shape[1] // 4
        self.endpoint_shapes = {"local": (side, side, 4), "global": (4,)}
        self.built = True

    def endpoints(self, images, training=False):
        local = self.map(images)
        return {"local": local, "global": tf.reduce_mean(local, axis=[1, 2])}

    def call(self, images, training=False):
        return self.endpoints(images)["global"]


def backbone(**options):
    return encoders.Backbone(feature_model(), local="norm", global_="code", **options)


def trained(encoder, images=IMAGES, epochs=1):
    """A Deep InfoMax model around an encoder of one's own, after an epoch."""
    terms = [
        objectives.LocalInformation(critics.DotMapCritic(4)),
        objectives.PriorMatching(hidden_units=(4,)),
    ]
    model = DeepInfoMax(encoder, terms, seed=0)
    model.compile(optimizers.Adam(1e-2))
    log = model.fit(images, batch_size=4, epochs=epochs, verbose=0).history
    assert np.isfinite(log["loss"]).all()
    return model


@pytest.mark.parametrize("make", [
    feature_model, backbone, Protocol, pytest.param(Subclassed, marks=pytest.mark.slow),
])
def test_deep_infomax_trains_an_encoder_of_ones_own(make):
    keras.utils.set_random_seed(0)
    made = make()
    made(IMAGES[:2])
    before = [weight.copy() for weight in made.get_weights()]
    model = trained(made)
    moved = [not np.array_equal(a, b) for a, b in zip(before, made.get_weights(), strict=True)]
    # Every kernel and statistic; a bias may stay where batch norm takes it out again.
    assert sum(moved) >= len(moved) - 1
    codes = model.encoder.predict(IMAGES, verbose=0)
    found = representations.encode_endpoints(made, ["local", "global"], IMAGES)
    np.testing.assert_allclose(found["global"], codes, rtol=1e-5, atol=1e-6)
    assert found["local"].shape[0] == 8 and found["local"].ndim == 2


@pytest.mark.parametrize("make", [feature_model, Subclassed, backbone])
def test_a_model_around_it_survives_saving(make, tmp_path):
    model = DeepInfoMax(make(), [objectives.LocalInformation(critics.DotMapCritic(4))])
    model.build((None, 12, 12, 2))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(IMAGES), model(IMAGES))
    assert type(loaded.encoder) is type(model.encoder)
    assert loaded.encoder.endpoint_shapes == model.encoder.endpoint_shapes


def test_features_are_the_models_own():
    model = feature_model()
    encoder = encoders.as_encoder(model)
    with pytest.raises(ValueError, match=r"built.* Received: .* without weights"):
        _ = encoder.endpoint_shapes
    outputs, features = model(IMAGES), encoder.endpoints(IMAGES)
    assert list(features) == ["local", "conv", "global"] == list(encoder.endpoint_names)
    for name, value in outputs.items():
        np.testing.assert_array_equal(features[name], value)
        assert encoder.endpoint_shapes[name] == value.shape[1:]
        np.testing.assert_array_equal(encoder.endpoint(name)(IMAGES), value)
    # In training, batch norm goes by the batch.
    batch = encoder.endpoints(IMAGES, training=True)["local"]
    np.testing.assert_allclose(np.mean(batch, axis=(0, 1, 2)), 0, atol=1e-5)


def test_a_network_cut_at_its_layers_leaves_out_what_comes_after():
    network = keras.Sequential(
        [
            keras.Input((12, 12, 2)),
            keras.layers.Conv2D(4, 3, name="first"),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(10, name="classes"),
        ]
    )
    encoder = encoders.Backbone(network, local="first", global_="pool")
    encoder.build((None, 12, 12, 2))
    assert encoder.endpoint_shapes == {"local": (10, 10, 4), "global": (4,)}
    assert len(encoder.trainable_variables) == 2
    np.testing.assert_allclose(
        encoder(IMAGES), np.mean(network.get_layer("first")(IMAGES), axis=(1, 2)), rtol=1e-5
    )


@pytest.mark.slow
def test_a_network_of_keras_applications():
    network = keras.applications.MobileNetV2(
        (32, 32, 3), alpha=0.35, weights=None, include_top=False, pooling="avg"
    )
    encoder = encoders.Backbone(
        network, local="block_6_expand_relu", conv="out_relu", global_="global_average_pooling2d"
    )
    images = np.random.default_rng(0).normal(size=(4, 32, 32, 3)).astype(np.float32)
    model = trained(encoder, images)
    np.testing.assert_allclose(model.encoder(images), network(images), rtol=1e-5, atol=1e-6)


def test_occlusion_needs_a_receptive_field():
    term = objectives.LocalInformation(critics.DotMapCritic(4), occluded=True)
    model = DeepInfoMax(feature_model(), [term])
    model.build((None, 12, 12, 2))
    with pytest.raises(ValueError, match=r"receptive field.* Received: local_receptive_field=None"):
        model.evaluate_batch(IMAGES, None, tf.constant([0, 1]))
    given = encoders.NamedFeatures(feature_model(), local_receptive_field=3)
    term = objectives.LocalInformation(critics.DotMapCritic(4), occluded=True)
    model = DeepInfoMax(given, [term])
    model.build((None, 12, 12, 2))
    assert np.isfinite(model.evaluate_batch(IMAGES, None, tf.constant([0, 1]))["loss"])


def single_output():
    images = keras.Input((4, 4, 1))
    return keras.Model(images, keras.layers.Flatten()(images))


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        (lambda: None, r"Missing: being a Keras layer or model, .*Received: encoder=None"),
        (lambda: "basic32x32", r"encoders\.get\(name\).* Received: encoder='basic32x32'"),
        (single_output, r"one output.*encoders\.Backbone\(model, local=.*"),
        (lambda: keras.layers.Dense(3), r"Missing: endpoints, endpoint_shapes\. Received"),
        (lambda: encoders.MLP((3, 2)), r"global"),
    ],
)
def test_what_is_no_encoder_is_refused_when_it_is_handed_over(encoder, message):
    term = objectives.LocalInformation(critics.DotMapCritic(4))
    with pytest.raises(ValueError, match=rf"(?s){message}"):
        DeepInfoMax(encoder(), [term]).build((None, 4, 4, 1))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("tensor", r'a dict with "global".* Received: outputs='),
        ("names", r"Received: outputs=\['code'\]"),
        ("rank", r"'local' must have shape \[K, H, W, C\]. Received: shape \(None, 3\)"),
    ],
)
def test_features_that_do_not_fit(wrong, message):
    encoder = encoders.as_encoder(Subclassed(wrong))
    with pytest.raises(ValueError, match=message):
        encoder.build((None, 12, 12, 2))


def test_backbones_of_unknown_layers():
    with pytest.raises(ValueError, match=r"Unknown layer for `local` 'nrm'. Did you mean 'norm'"):
        encoders.Backbone(feature_model(), local="nrm", global_="code")
    with pytest.raises(ValueError, match=r"'local' must have shape"):
        encoders.Backbone(feature_model(), local="code", global_="code")


def test_the_encoders_of_this_package_follow_the_protocol():
    for name in ("basic32x32", "foldresnet19_32x32"):
        encoder = encoders.get(name)
        assert missing_members(encoder) == [] and encoders.as_encoder(encoder) is encoder
