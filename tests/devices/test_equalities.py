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
