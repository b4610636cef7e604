"""More devices mean the same mathematics: losses and weights after 20 steps are one device's."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.devices.loopback import Workers, clean_environment
from tests.devices.small import NAMES
from tests.devices.table import largest_difference
from tests.tiny import TINY

# In float32 Adam turns the rounding errors of gradients that are zero (of biases before batch norm,
# or below a bound that ignores shifts) into steps of full size.
_DOUBLE = "train.precision=float64"


def trained(path, strategy, devices, cases):
    """What ``tests.devices.trained`` writes: array by name."""
    command = ["-m", "tests.devices.trained", str(path), strategy, str(devices), *cases]
    done = subprocess.run(
        [sys.executable, *command], env=clean_environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return dict(np.load(path))


def check(case, of_means, of_variables):
    assert of_means < 1e-5, case
    assert of_variables < 1e-5, case


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    cases = [f"{name}:{_DOUBLE}" for name in NAMES]
    return trained(tmp_path_factory.mktemp("one") / "one.npz", "none", 0, cases)


@pytest.mark.slow
@pytest.mark.parametrize("devices", [2, 4])
def test_logical_cpus_train_every_experiment_as_one_device(devices, one_device, tmp_path):
    cases = [f"{name}:{_DOUBLE}" for name in NAMES]
    found = trained(tmp_path / "found.npz", "mirrored", devices, cases)
    for case, differences in largest_difference(found, one_device).items():
        check(case, *differences)


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 3])
def test_workers_train_every_experiment_as_one_device(number, one_device, tmp_path):
    cases = [f"{name}:{_DOUBLE}" for name in NAMES]
    path = tmp_path / "found.npz"
    command = ["-m", "tests.devices.trained", str(path), "multi_worker", "0", *cases]
    with Workers(number, command) as workers:
        for code, errors in workers.ended():
            assert code == 0, errors
    for case, differences in largest_difference(dict(np.load(path)), one_device).items():
        check(case, *differences)


# 31 rows in batches of 8, and 14 in batches of 7: the last batch, and every batch. No data set says
# how many rows a batch has.
UNEVEN = """
import json, sys
import keras, numpy as np, tensorflow as tf
from tf_infomax import InfoMax, critics, encoders

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
x, y = np.random.default_rng(0).normal(size=(2, 31, 6)).astype(np.float32)


def new_model():
    found = InfoMax(encoders.MLP((4,), seed=0), None, critics.BilinearCritic(4, seed=1))
    found.compile(keras.optimizers.SGD(0.1))
    return found


def pairs(rows, size):
    data = tf.data.Dataset.from_tensor_slices((x[:rows], y[:rows])).batch(size)
    return data.filter(lambda x, y: True)


def tried(call, rows, size):
    try:
        call(pairs(rows, size), verbose=0)
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        return str(error)
    return "not refused"


with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    model = new_model()
one_device = new_model()
sizes = ((31, 8), (14, 7))
found = [tried(call, *one) for call, one in zip((model.fit, model.evaluate), sizes, strict=True)]
model.fit(pairs(16, 8), verbose=0)
for rows in (24, 16):
    one_device.fit(pairs(rows, 8), verbose=0)
both = zip(model.get_weights(), one_device.get_weights(), strict=True)
difference = max(np.abs(ours - theirs).max().item() for ours, theirs in both)
print(json.dumps([*found, model.predict(pairs(31, 8), verbose=0)[0].shape, difference]))
"""


@pytest.mark.slow
def test_batches_that_the_replicas_cannot_divide_are_refused():
    done = subprocess.run(
        [sys.executable, "-c", UNEVEN], env=clean_environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    *refused, shape, difference = json.loads(done.stdout.splitlines()[-1])
    for message in refused:
        assert "2 replicas needs the same number of rows" in message, message
    assert len(refused) == 2 and shape == [31, 4]
    assert "rows of this replica=" in refused[0] and refused[1].endswith("a batch of 7.")
    # The three batches before the refused one, and two later ones.
    assert difference < 1e-5


def rows_of(workdir):
    """(step, metric, split, features) -> value."""
    found = {}
    for line in (workdir / "rows.jsonl").read_text().splitlines():
        row = json.loads(line)
        found[row["step"], row["metric"], row["split"], row.get("features")] = row["value"]
    return found


@pytest.mark.slow
def test_rows_of_a_mirrored_run_are_those_of_one_device(tmp_path):
    flags = ["--experiment=critic_impact", *(f"--set={one}" for one in TINY["critic_impact"])]
    found = []
    for name, more in (("one", ()), ("two", ("--strategy=mirrored", "--devices=2"))):
        workdir = tmp_path / name
        command = ["launch/run_experiment.py", *flags, f"--workdir={workdir}", "--jobs=1", *more]
        done = subprocess.run(
            [sys.executable, *command], env=clean_environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        found.append(rows_of(workdir))
        (inputs,) = workdir.rglob("inputs.json")
        number = {"one": 1, "two": 2}[name]
        strategy = {"one": "none", "two": "mirrored"}[name]
        noted = json.loads(inputs.read_text())["devices"]
        assert noted == {"strategy": strategy, "replicas": number}
    assert found[0] == pytest.approx(found[1], abs=1e-5) and len(found[0]) > 10
