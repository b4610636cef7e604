"""The competing methods as Keras models: files, exports, half precision, and two replicas."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import DeepInfoMax, critics, encoders, objectives
from tf_infomax.layers.optimizers import Adam

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, size=(16, 32, 32, 1)).astype(np.float32)
FACTS = {"index": np.arange(16), "attributes": RNG.integers(0, 2, size=(16, 3)).astype(np.uint8)}
# Whole images: random crops and colours are another test's subject.
VIEW = {"crop_area": 1.0, "colour_jitter": 0.2, "seed": 1}

MAKE = {
    "cpc": lambda: objectives.PredictiveCoding(
        [critics.DotMapCritic(6, seed=k) for k in range(2)], seed=1
    ),
    "nat": lambda: objectives.NoiseAsTargets(16, seed=1),
    "attributes": lambda: objectives.AttributeClassification(3, seed=1),
    "nt_xent": lambda: objectives.NTXent(projection=(6, 4), **VIEW),
    "barlow_twins": lambda: objectives.BarlowTwins(projection=(6, 4), **VIEW),
    "vicreg": lambda: objectives.VICReg(projection=(6, 4), **VIEW),
    "multi_scale": lambda: objectives.MultiScaleInformation(units=6, **VIEW),
}
each = pytest.mark.parametrize("name", MAKE)


def model_of(name, **options):
    encoder = encoders.get("basic32x32", output_units=5, widths=(4, 6, 8, 10), seed=0)
    model = DeepInfoMax(encoder, [MAKE[name]()], seed=3)
    model.compile(Adam(1e-2), **options)
    return model


def data(rows=16):
    arrays = {"images": IMAGES, **FACTS}
    slices = tf.data.Dataset.from_tensor_slices({key: a[:rows] for key, a in arrays.items()})
    return slices.batch(8, drop_remainder=True)


@pytest.mark.slow
@each
def test_training_a_file_going_on_and_an_export(name, tmp_path):
    model = model_of(name)
    history = model.fit(data(), epochs=8, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert np.mean(history["loss"][-2:]) < history["loss"][0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for ours, theirs in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    after = [one.fit(data(), verbose=0).history["loss"] for one in (model, loaded)]
    assert after[0] == pytest.approx(after[1], rel=1e-4)
    model.export(tmp_path / "export", verbose=False)
    exported = tf.saved_model.load(tmp_path / "export")
    served = exported.serve(IMAGES[:4])
    np.testing.assert_allclose(served, model.encoder(IMAGES[:4]), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@each
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_gives_the_loss_of_float32(name, policy):
    losses = []
    for chosen in ("float32", policy):
        keras.config.set_dtype_policy(chosen)
        try:
            model = model_of(name, run_eagerly=True)
            losses.append(model.fit(data(8), verbose=0).history["loss"][0])
            assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
        finally:
            keras.config.set_dtype_policy("float32")
    # BatchNorm over few places amplifies roundings.
    assert losses[1] == pytest.approx(losses[0], rel=0.1, abs=0.1)


def plain_model_of(name):
    """No batch norm in the encoder, which sees a replica's own rows, and no random views."""
    pixels = keras.Input((32, 32, 1))
    local = keras.layers.Conv2D(4, 8, 8, data_format="channels_last", activation="relu")(pixels)
    conv = keras.layers.Conv2D(6, 2, 2, data_format="channels_last", activation="relu")(local)
    code = keras.layers.Dense(5)(keras.layers.Flatten("channels_last")(conv))
    encoder = keras.Model(pixels, {"local": local, "conv": conv, "global": code})
    term = MAKE[name]()
    if hasattr(term, "pair"):
        still = {"crop_area": 1.0, "flip": False, "colour_jitter": 0.0, "grey": 0.0}
        term = type(term).from_config({**term.get_config(), **still})
    return DeepInfoMax(encoder, [term], seed=3)


def trained(name, strategy):
    """Losses before, in and after training, and what the term holds of the examples."""
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = plain_model_of(name)
        # Not Adam, which forgives gradients that are too large.
        model.compile(keras.optimizers.SGD(1e-2), jit_compile=False)
    found = [model.evaluate(data(8), verbose=0, return_dict=True)["loss"]]
    found += model.fit(data(8), epochs=2, verbose=0, shuffle=False).history["loss"]
    found.append(model.evaluate(data(8), verbose=0, return_dict=True)["loss"])
    return found + (model.objectives[0].assignment.numpy().tolist() if name == "nat" else [])


# A process of its own, because TensorFlow's devices cannot be changed once it has started.
PROGRAM = """
import json, tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.models.test_competing_terms import MAKE, trained

one, two = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
print(json.dumps({name: [trained(name, one), trained(name, two)] for name in MAKE}))
"""


@pytest.mark.slow
def test_two_replicas_train_as_one_device():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for name, (one, two) in json.loads(done.stdout.splitlines()[-1]).items():
        assert two == pytest.approx(one, rel=1e-4, abs=1e-5), name
