"""A worker besides the first one: it computes its share of the steps that the first one orders.

It reads neither the run's directory nor its checkpoints, and writes nothing.
"""

import hashlib
import json

from tf_infomax.running.build import build, load_images
from tf_infomax.running.execution import FINISHED, INTERRUPTED, NON_FINITE
from tf_infomax.running.inputs import inputs_of
from tf_infomax.training.devices import BUILD, COPY, END, STEPS, WARM_UP
from tf_infomax.training.interruption import current
from tf_infomax.training.loop import StepLoop

__all__ = ["STATUSES", "checksum_of", "follow"]

# How a run ended, by the number that the workers tell each other; ``None`` means it failed.
STATUSES = (None, FINISHED, INTERRUPTED, NON_FINITE)
_FAILED = "failed on the first worker, whose message says how"


def checksum_of(experiment, inputs):
    """A number that is the same for the same experiment, data, and versions."""
    plain = json.dumps([experiment.to_dict(), inputs["data"], inputs["versions"]], sort_keys=True)
    return int.from_bytes(hashlib.sha256(plain.encode()).digest()[:7], "big")


def follow(run, devices):
    """Carries out this worker's share of a run.

    Args:
        run: ``Run``; its directory is not read.
        devices: ``Devices`` of this worker, which is not the first.

    Returns:
        How the run ended, a status.

    Raises:
        ValueError: if this worker was started with another experiment, data or versions.
        WorkerLostError: if another worker has ended.
    """
    kind, number, _ = devices.order()
    if kind == END:
        return STATUSES[number] or _FAILED
    if kind != BUILD:
        raise RuntimeError(f"The first worker begins with BUILD. Received: {kind}.")
    images = load_images(run.experiment, run.data_dir)
    if checksum_of(run.experiment, inputs_of(images)) != number:
        raise ValueError(
            "All workers are started with the same flags, data and versions; the first one has "
            f"others. Received: {run.experiment.name}, {inputs_of(images)}."
        )
    with devices.scope():
        task = build(run.experiment, images).task
    loops = {}
    while True:
        kind, start, stop = devices.order()
        if kind == END:
            return STATUSES[start] or _FAILED
        if kind == COPY:
            devices.copy_from_chief(task.variables)
            continue
        if kind not in loops:
            part = {STEPS: task, WARM_UP: task.warmup}[kind]
            loops[kind] = StepLoop(part, False, devices, kind)
        with current().telling(loops[kind].stop):
            loops[kind].run(start, stop)
