"""What somebody with a GPU runs first runs here, too, and says that there is none."""

import subprocess
import sys

import pytest
import tensorflow as tf

from tests.devices.loopback import clean_environment


@pytest.mark.slow
@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="there is a GPU")
def test_the_check_runs_on_a_cpu_and_says_so(tmp_path):
    output = tmp_path / "table.md"
    # However busy the machine is.
    command = [
        "-m", "benchmarks.gpu_check", "--steps=1", "--width=16", "--seconds=3600",
        f"--output={output}",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, *command, "--experiments=critic_impact,dim_global"],
        env=clean_environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no GPU: everything ran on the CPU" in done.stdout
    lines = output.read_text().splitlines()
    assert lines[0] == "no GPU: everything ran on the CPU"
    named = [line.split(" | ")[0].removeprefix("| ") for line in lines[4:]]
    assert [name.split(" of ")[0] for name in named] == [
        "singular_values", "log_condition_numbers", "dim_local as published", "critic_impact",
        "dim_global",
    ]
    for line in lines[4:]:
        assert line.split(" | ")[1] == "none"
    # Spectra in both formulations, to 1e-5.
    for line in lines[4:6]:
        assert float(line.removesuffix(" |").rsplit(" | ", 1)[1]) < 1e-5
