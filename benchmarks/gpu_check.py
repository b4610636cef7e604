"""What somebody with a GPU runs first: whether everything works on it, and how fast.

    python -m benchmarks.gpu_check      # or: make gpu-check

Every training experiment of both papers in small takes some steps on the GPU and on the CPU;
spectra of Jacobians are decomposed on both; Deep InfoMax trains for a moment at its published size.
One table at the end, also in ``--output``. Without a GPU all of it runs on the CPU, and it says so.
"""

import functools
import pathlib
import time

import numpy as np
import tensorflow as tf
from absl import app, flags

from benchmarks.trials import trial_on_noise
from tests.devices.small import NAMES, images_of, small
from tf_infomax.encoders import MLP
from tf_infomax.evaluation.encoder_spectra import READ, EncoderSpectra, spectra_on_device
from tf_infomax.running.build import build
from tf_infomax.training.kernels import watched_kernels
from tf_infomax.training.loop import StepLoop

__all__ = ["NO_GPU", "check", "compare_spectra", "compare_steps", "publish", "title"]

NO_GPU = "no GPU: everything ran on the CPU"
_HEAD = (
    "| what | operations without a GPU kernel | first call, s | then, ms | on the CPU, ms | "
    "difference |\n| --- | --- | --- | --- | --- | --- |"
)
_SECONDS = 400.0
_WIDTH, _INPUTS = 256, 64


def title():
    """The GPU that is checked, or that there is none."""
    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        return NO_GPU
    details = tf.config.experimental.get_device_details(devices[0])
    return f"{details.get('device_name', 'GPU')}, TensorFlow {tf.__version__}"


def _place():
    return "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"


def _timed(function):
    began = time.perf_counter()
    found = function()
    return found, time.perf_counter() - began


def _steps(make, place, steps):
    """(means of the first step, its seconds, seconds of a later step, missing kernels)."""
    with watched_kernels() as missing, tf.device(place):
        loop = StepLoop(make().task, False)
        first, begun = _timed(lambda: loop.run(0, 1))
        _, later = _timed(lambda: loop.run(1, 1 + steps))
    missing.pop("functions")
    return first.means, begun, later / steps, missing


def compare_steps(name, make, steps):
    """A line of the table: steps of an experiment on the GPU, and beside it on the CPU.

    Args:
        name: what the line is called.
        make: function -> ``Trial``.
        steps: steps that are timed, after one that is not.
    """
    means, begun, seconds, missing = _steps(make, _place(), steps)
    beside = difference = ""
    if _place() != "/CPU:0":
        expected, _, on_cpu, _ = _steps(make, "/CPU:0", steps)
        beside = f"{1e3 * on_cpu:.1f}"
        difference = f"{max(abs(means[one] - expected[one]) for one in expected):.0e}"
    lacking = ", ".join(sorted({one[0] for one in missing})) or "none"
    return _line(name, lacking, f"{begun:.1f}", f"{1e3 * seconds:.1f}", beside, difference)


def compare_spectra(read, width=_WIDTH, inputs=_INPUTS):
    """A line of the table: spectra decomposed where the encoder is, and on the host."""
    encoder = MLP((width, width), shortcuts=True, seed=0)
    encoder.build((None, width))
    x = tf.random.stateless_uniform([inputs, width], [0, 0])
    with watched_kernels() as missing, tf.device(_place()):
        on_device, on_host = spectra_on_device(encoder, read), EncoderSpectra(encoder, read, "host")
        _, begun = _timed(lambda: on_device(x))
        found, seconds = _timed(lambda: on_device(x))
        on_host(x)
        expected, beside = _timed(lambda: on_host(x))
    missing.pop("functions")
    difference = np.max(np.abs(found / expected - 1.0))
    return _line(
        f"{read} of {inputs} Jacobians of {width} x {width}",
        ", ".join(sorted({one[0] for one in missing})) or "none",
        f"{begun:.1f}", f"{1e3 * seconds:.0f}", f"{1e3 * beside:.0f}", f"{difference:.0e}",
    )  # fmt: skip


def _line(*cells):
    return f"| {' | '.join(cells)} |"


def _deep_infomax():
    """Local Deep InfoMax as published, on 32 x 32 images of noise."""
    return trial_on_noise("dim_local", ["evaluate=none"], 256, (32, 32, 3))


def _in_small(name):
    return build(small(name), images_of(small(name)))


def check(names=NAMES, steps=5, width=_WIDTH, seconds=_SECONDS):
    """Lines of the table, as they come.

    Args:
        names: experiments of ``tests.devices.small``.
        steps: of each.
        width: of the Jacobians.
        seconds: after which nothing is begun any more; the lines that are left say so.
    """
    began = time.monotonic()
    made = {
        "dim_local as published": _deep_infomax,
        **{name: functools.partial(_in_small, name) for name in names},
    }
    works = [
        *((read, functools.partial(compare_spectra, read, width)) for read in READ),
        *(
            (name, functools.partial(compare_steps, name, make, steps))
            for name, make in made.items()
        ),
    ]
    for name, work in works:
        if time.monotonic() - began > seconds:
            yield _line(name, "not reached in time", "", "", "", "")
            continue
        try:
            yield work()
        except Exception as error:
            # What a foreign device does is what is asked here.
            reason = str(error).strip().splitlines()[-1:] or [""]
            yield _line(name, f"FAILED: {type(error).__name__}: {reason[0][:200]}", "", "", "", "")


def publish(lines, output):
    """Prints the lines as they come, and writes the table; whether nothing failed."""
    print(f"{title()}\n\n{_HEAD}", flush=True)
    told = []
    for line in lines:
        told.append(line)
        print(line, flush=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join([title(), "", _HEAD, *told, ""]), encoding="utf-8")
    failed = sum("FAILED" in line for line in told)
    print(f"\n{title()}. {len(told)} lines, {failed} failed; written to {output}.")
    return not failed


def main(argv):
    """Checks, prints and writes; ends with 1 if anything failed."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
    names = flags.FLAGS.experiments or NAMES
    lines = check(names, flags.FLAGS.steps, flags.FLAGS.width, flags.FLAGS.seconds)
    return int(not publish(lines, pathlib.Path(flags.FLAGS.output)))


if __name__ == "__main__":
    flags.DEFINE_list("experiments", [], "Some of the experiments; all by default.")
    flags.DEFINE_integer("steps", 5, "Steps that are timed.", lower_bound=1)
    flags.DEFINE_integer("width", _WIDTH, "Rows and columns of the Jacobians.", lower_bound=2)
    flags.DEFINE_float("seconds", _SECONDS, "After which nothing is begun any more.")
    flags.DEFINE_string("output", "runs/gpu_check.md", "The table.")
    app.run(main)
