"""Under ``MirroredStrategy`` the numbers of one device: bounds read the pairs of all replicas."""

import json
import subprocess
import sys

import pytest

# A process of its own, because TensorFlow's devices cannot be changed once it has started.
PROGRAM = """
import json, sys
import keras, numpy as np, tensorflow as tf
from tf_infomax import (
    AlignedViews, DeepInfoMax, InfoMax, RepresentationModel, bounds, critics, encoders, objectives,
)
from tf_infomax.encoders import MLP
from tf_infomax.objectives import (
    Classification, GlobalInformation, LocalInformation, PriorMatching, RelativeCoordinates,
    ViewInformation,
)

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


class Product(keras.layers.Layer):
    "A critic that cannot be had in blocks."

    def build(self, x_shape, y_shape):
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, x, y):
        return self.scale * tf.matmul(x, y, transpose_b=True)


def model_of(name):
    encoders = [MLP((6, 4), seed=seed) for seed in (1, 2)]
    if name == "aligned views":
        return AlignedViews(*encoders)
    dense = keras.layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(5))
    if name == "vae":
        term = objectives.Reconstruction(endpoint="code", decoder=dense, seed=3)
        return RepresentationModel({"x": encoders[0]}, [term], seed=6)
    if name == "bigan":
        term = objectives.BiGAN(widths=(), endpoint="code", generator=dense, seed=3)
        return RepresentationModel({"x": encoders[0]}, [term], seed=6)
    critic, bound, baseline = critics.SeparableCritic(5, 3, seed=3), name, None
    if name == "concat":
        critic, bound = critics.ConcatCritic(5, seed=3), "donsker_varadhan"
    if name == "no blocks":
        critic, bound = Product(), "jsd"
    if name == "own bound":
        bound = lambda scores: tf.linalg.trace(scores) - tf.reduce_logsumexp(scores)
    if name == "tuba":
        baseline = critics.baseline.get("learned", hidden_dim=4, layers=1, seed=4)
    return InfoMax(*encoders, critic, bound, baseline=baseline)


DEEP = {
    "local": lambda: [
        LocalInformation(critics.DotMapCritic(6, seed=1), activation_penalty=0.1),
        PriorMatching(hidden_units=(5,), seed=2),
    ],
    "places": lambda: [
        LocalInformation(
            critics.ConcatMapCritic((6, 5), seed=1), "jsd", occluded=True, local_samples=3,
            negative_images=3, self_score=-10.0,
        ),
        RelativeCoordinates(hidden_units=(5,), seed=2),
    ],
    "global": lambda: [
        GlobalInformation(critics.SeparableCritic(6, 4, seed=1), "mine", endpoint="local"),
        Classification(3, seed=2),
    ],
    "random views": lambda: [ViewInformation(critics.CosineCritic(0.5), endpoint="global")],
}


def deep_trained(name, strategy):
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, size=(16, 28, 28, 1)).astype("float32")
    labels = rng.integers(3, size=16)
    data = images if name != "global" else (images, labels)
    data = tf.data.Dataset.from_tensor_slices(data).batch(8, drop_remainder=True)
    with strategy.scope():
        encoder = encoders.get("basic28x28", widths=(3, 4, 5), output_units=4, seed=0)
        model = DeepInfoMax(encoder, DEEP[name](), seed=3)
        model.compile(keras.optimizers.SGD(0.05), jit_compile=False)
    history = model.fit(data, epochs=2, verbose=0, shuffle=False).history
    weights = np.concatenate([np.ravel(weight) for weight in model.get_weights()])
    return [*(v for values in history.values() for v in values), *weights.tolist()]


def trained(name, strategy):
    if name in DEEP:
        return deep_trained(name, strategy)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(24, 3)).astype("float32")
    y = (x + rng.normal(size=x.shape)).astype("float32")
    arrays = x if name in ("vae", "bigan") else (x, y)
    pairs = tf.data.Dataset.from_tensor_slices(arrays).batch(8, drop_remainder=True)
    with strategy.scope():
        model = model_of(name)
        # Not Adam, which forgives gradients that are too large.
        model.compile("sgd", jit_compile=False)
    history = model.fit(pairs, epochs=2, verbose=0, shuffle=False)
    weights = np.concatenate([np.ravel(weight) for weight in model.get_weights()])
    return [*history.history["loss"], *weights.tolist()]


one, two = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
found = {name: [trained(name, one), trained(name, two)] for name in sys.argv[1].split(",")}
print(json.dumps(found))
"""
NAMES = (
    "infonce", "local", "tuba", "own bound", "nwj", "mine", "concat", "no blocks", "aligned views",
    "places", "global", "random views", "vae", "bigan",
)


# The default tests train one model on replicas: tests/devices/test_equalities.py.
@pytest.mark.slow
def test_two_replicas_train_as_one_device():
    command = [sys.executable, "-c", PROGRAM, ",".join(NAMES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert tuple(found) == NAMES
    for name, (one, two) in found.items():
        assert one == pytest.approx(two, rel=1e-4, abs=1e-5), name


DEEP_PROGRAM = """
import numpy as np, tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.conformance.model_examples import MODELS, WITH_DECODERS
from tf_infomax import DeepInfoMax

# One for all models: a second strategy would number its collective operations from 0 again.
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for example in (*WITH_DECODERS.values(), MODELS[DeepInfoMax]):
    with strategy.scope():
        model = example.compiled()
    for data in (example.data(16, 8), (batch for batch in example.data(16, 8).map(lambda x: (x,)))):
        history = model.fit(data, steps_per_epoch=2, verbose=0).history
        assert np.isfinite(list(history.values())).all(), history
    assert len(model.predict(example.data(16, 8), verbose=0)) == 16
try:
    model.fit(example.data(14, 7), verbose=0)
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
def test_deep_infomax_fits_on_replicas_without_being_built():
    done = subprocess.run([sys.executable, "-c", DEEP_PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "a multiple of 2" in done.stdout and "Received: a batch of 7" in done.stdout
