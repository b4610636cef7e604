"""Bytes that a training step exchanges between its replicas: counted in the graph of the step.

    python -m benchmarks.device_traffic REPLICAS [EXPERIMENT[:SETTING;...] ...]

One process a number of replicas, as TensorFlow's devices are made once. Every replica is a logical
CPU; the collective operations are those of replicas on any device. Lines are JSON.
"""

import json
import math
import sys

from tf_infomax.training import strategies

__all__ = ["reduced", "sent"]

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
    from tf_infomax.experiments import catalog

    data = catalog.get(name)[0].data.name
    with devices.scope():
        trial = trial_on_noise(
            name, settings, 2_000, {"mnist": (28, 28, 1)}.get(data, (32, 32, 3))
        )
    task = trial.task

    @tf.function
    def step():
        batch = task.draw(tf.constant(0, tf.int64))
        return devices.update(task.update, batch, task.batches, tf.constant(False))

    found = reduced(step.get_concrete_function().graph, devices.replicas)
    weights = sum(math.prod(v.shape) * 4 for v in task.model.trainable_variables)
    return {
        "experiment": name, "settings": settings, "replicas": devices.replicas,
        "batch": trial.source.batch_size,
        "weights": weights, "reduced": found, "sent": sent(found, weights, devices.replicas),
    }  # fmt: skip


def main(replicas, *cases):
    """Prints one line a case."""
    devices = strategies.start(strategies.Choice("mirrored", int(replicas)))
    for case in cases:
        name, _, settings = case.partition(":")
        found = _of_experiment(name, [one for one in settings.split(";") if one], devices)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
