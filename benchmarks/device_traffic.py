"""Bytes that a training step exchanges between its replicas, and what the step takes.

    python -m benchmarks.device_traffic REPLICAS [EXPERIMENT[:SETTING;...] ...]
    python -m benchmarks.device_traffic 2w [EXPERIMENT[:SETTING;...] ...]

One process a number of replicas, as TensorFlow's devices are made once. Every replica is a logical
CPU, or (2w, 3w) a worker process that the others reach over loopback gRPC; all share the cores of
this machine. Bytes are counted in the graph of the step: the collective operations are those of
replicas on any device. Lines are JSON.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import time

from tests.devices.loopback import configurations
from tf_infomax.training import strategies

__all__ = ["reduced", "sent"]

_SECONDS = 4.0  # of steps that are timed, three at least

_SUMS = ("CollectiveReduceV2", "CollectiveReduceV3")


def reduced(graph, replicas):
    """Bytes that each replica hands to the sums over replicas of a step.

    Args:
        graph: of a step, with the operations of all replicas of this process.
        replicas: their number.
    """
    values = [op.inputs[0] for op in graph.get_operations() if op.type in _SUMS]
    return sum(math.prod(value.shape) * value.dtype.size for value in values) // replicas


def sent(reduced_bytes, weights, replicas):
    """Bytes that each replica sends in a step, by algorithms of a ring.

    A sum of B bytes sends ``2 (R - 1) / R B``. What is summed besides the gradients of weights are
    gradients of gathered features, as many bytes as were gathered (``(R - 1) / R`` of them are
    sent), and the sums of batch norm, which are few.
    """
    gathered = max(reduced_bytes - weights, 0)
    return round((replicas - 1) / replicas * (2 * reduced_bytes + gathered))


def _of_experiment(name, settings, devices):
    import tensorflow as tf

    from benchmarks.trials import trial_on_noise

    with devices.scope():
        trial = trial_on_noise(name, settings, 2_000)
    task = trial.task

    part = {"part": devices.part} if devices.workers > 1 else {}

    @tf.function
    def step():
        batch = task.draw(tf.constant(0, tf.int64), **part)
        return devices.update(task.update, batch, task.batches, tf.constant(False))

    local = devices.replicas // devices.workers
    found = reduced(step.get_concrete_function().graph, local)
    weights = sum(math.prod(v.shape) * 4 for v in task.model.trainable_variables)
    return {
        "experiment": name, "settings": settings, "replicas": devices.replicas,
        "batch": trial.source.batch_size,
        "weights": weights, "reduced": found, "sent": sent(found, weights, devices.replicas),
        "workers": devices.workers, "milliseconds": _milliseconds(step, devices),
    }  # fmt: skip


def _milliseconds(step, devices):
    """Median time of a step, after a warm-up; all workers make the same number of steps."""

    def seconds():
        began = time.perf_counter()
        step()[0]["loss"].numpy()
        return time.perf_counter() - began

    first = [seconds() for _ in range(4)][1:]
    number = max(3, round(_SECONDS / statistics.median(first)))
    number = devices.largest(number)
    return round(1e3 * statistics.median(seconds() for _ in range(number)), 2)


def _start_workers(number, cases):
    """Starts the workers as processes, and waits for their ends."""
    command = [sys.executable, "-m", "benchmarks.device_traffic", "0", *cases]
    started = [
        subprocess.Popen(command, env={**os.environ, "TF_CONFIG": text})
        for text in configurations(number)
    ]
    return max(abs(one.wait()) for one in started)


def main(replicas, *cases):
    """Prints one line a case; "0" is one of several workers."""
    if replicas.endswith("w"):
        sys.exit(_start_workers(int(replicas[:-1]), cases))
    name = "mirrored" if int(replicas) else "multi_worker"
    devices = strategies.start(strategies.Choice(name, int(replicas)))
    for case in cases:
        name, _, settings = case.partition(":")
        found = _of_experiment(name, [one for one in settings.split(";") if one], devices)
        if devices.is_chief:
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
