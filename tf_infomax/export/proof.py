"""The proof of an export: a process without this package computes what the live model does."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

__all__ = ["TOLERANCE", "ProofError", "largest_difference", "prove"]

# Absolute for outputs up to 1; relative to the largest output if that is larger.
TOLERANCE = 1e-5

# Rows of each input; inputs of one signature take neighbouring entries, so K and M differ.
_BATCH_SIZES = (1, 3, 7)

# Runs alone: it may use TensorFlow and NumPy, but nothing from this package.
_SCRIPT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tf_infomax":
            raise ImportError("tf_infomax is blocked in this process")

sys.meta_path.insert(0, Blocked())
try:
    import tf_infomax
except ImportError:
    pass
else:
    sys.exit("tf_infomax can be imported, so nothing would be proved")

import json
import numpy as np
import tensorflow as tf

export, calls, inputs, outputs = sys.argv[1:]
loaded = tf.saved_model.load(export)
values = np.load(inputs)
results = {}
with open(calls, encoding="utf-8") as file:
    calls = json.load(file)
names = sorted({call["signature"] for call in calls})
if sorted(loaded.signatures) != names:
    sys.exit(f"expected the signatures {names}, found {sorted(loaded.signatures)}")
for call in calls:
    arguments = {name: tf.constant(values[key]) for name, key in call["arguments"].items()}
    for name, value in loaded.signatures[call["signature"]](**arguments).items():
        results[f"{call['key']}/{name}"] = value.numpy()
if any(name.partition(".")[0] == "tf_infomax" for name in sys.modules):
    sys.exit("tf_infomax was imported by the export")
np.savez(outputs, **results)
"""


class ProofError(RuntimeError):
    """The exported model does not compute what the live model computes."""


def prove(path, found):
    """Loads the SavedModel in a fresh process that cannot import ``tf_infomax``, and compares.

    Every signature is called with several batch sizes, on uniform numbers in [0, 1].

    Args:
        path: the SavedModel's folder.
        found: dict of name -> ``Signature`` of the live model.

    Returns:
        Dict of output ("encode/code") -> largest absolute difference, divided by the largest
        absolute output where that is above 1.

    Raises:
        ProofError: if the export cannot be loaded or called, or a difference is above 1e-5.
    """
    calls = list(_calls(found))
    inputs = {
        f"{call['key']}/{name}": value
        for call in calls
        for name, value in call["values"].items()
    }
    answers = _in_fresh_process(Path(path).absolute(), calls, inputs)
    differences = {}
    for call in calls:
        name = call["signature"]
        for output, expected in _live(found[name], call["values"]).items():
            answer = answers.get(f"{call['key']}/{output}")
            difference = largest_difference(answer, expected)
            where = f"{name}/{output}"
            # Not `>`: NaN must fail, too.
            if not difference <= TOLERANCE:
                raise ProofError(
                    f"The output {where} of the export must equal the live model's to {TOLERANCE}. "
                    f"Received: a difference of {difference:.3g} at inputs of shapes "
                    f"{[value.shape for value in call['values'].values()]}."
                )
            differences[where] = max(differences.get(where, 0.0), difference)
    return differences


def largest_difference(answer, expected):
    """max |answer - expected| / max(1, max |expected|); infinite if the shapes differ."""
    if answer is None or np.shape(answer) != np.shape(expected):
        return float("inf")
    answer, expected = (np.asarray(values, np.float64) for values in (answer, expected))
    return float(np.max(np.abs(answer - expected)) / max(1.0, np.max(np.abs(expected))))


def _calls(found):
    rng = np.random.default_rng(0)
    for name, signature in found.items():
        for number in range(len(_BATCH_SIZES)):
            values = {}
            for position, spec in enumerate(signature.inputs):
                rows = _BATCH_SIZES[(number + position) % len(_BATCH_SIZES)]
                # The last call has the other accepted shape, if there is one.
                last = number == len(_BATCH_SIZES) - 1
                shape = signature.accepts[0] if last and signature.accepts else spec.shape
                values[spec.name] = rng.random((rows, *shape[1:]), np.float32)
            yield {"signature": name, "key": f"{name}/{number}", "values": values}


def _live(signature, values):
    # On the CPU, like the fresh process: other devices round differently.
    with tf.device("CPU:0"):
        tensors = {name: tf.constant(value) for name, value in values.items()}
        return {name: value.numpy() for name, value in signature.function(**tensors).items()}


def _in_fresh_process(path, calls, inputs):
    with tempfile.TemporaryDirectory() as folder:
        plain = [
            {
                "signature": call["signature"],
                "key": call["key"],
                "arguments": {name: f"{call['key']}/{name}" for name in call["values"]},
            }
            for call in calls
        ]
        files = [Path(folder) / name for name in ("calls.json", "inputs.npz", "outputs.npz")]
        files[0].write_text(json.dumps(plain), encoding="utf-8")
        np.savez(files[1], **inputs)
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT, str(path), *map(str, files)],
            cwd=folder,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise ProofError(
                "The export must load in a fresh process without tf_infomax. "
                f"Received: exit code {done.returncode}, {reason}."
            )
        with np.load(files[2]) as answers:
            return dict(answers)
