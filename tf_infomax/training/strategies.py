"""Which devices share the steps of a run: one, several of a machine, or those of several machines.

TensorFlow takes them once in a process, before anything else.
"""

import contextlib
import json
import os
import signal
import sys
import threading

import tensorflow as tf

from tf_infomax.training.devices import Devices, WorkerLostError
from tf_infomax.training.strategy_choice import ONE_DEVICE, Choice

__all__ = ["ONE_DEVICE", "Choice", "start"]

# Logical CPUs of a machine without a GPU, unless told otherwise.
_CPUS = 2


# A second strategy would number its collective operations from 0 again.
_STARTED: dict[Choice, Devices] = {}


def start(choice, threads=0, patience=600.0):
    """The ``Devices`` of this process, which stay the same for its life.

    Args:
        choice: ``Choice``.
        threads: of each operation, at the first call; 0 leaves their number as it is.
        patience: seconds to wait for the other workers, after which SIGALRM ends the process:
            TensorFlow's waiting cannot be broken off.

    Before the first call TensorFlow must not have been used in this process, unless the strategy is
    "none" or there is a GPU.

    Raises:
        ValueError: if this process has started with another choice, the machine lacks the devices,
            or ``TF_CONFIG`` does not name the workers.
    """
    if choice.name == "none":
        return Devices("none", tf.distribute.get_strategy())
    if choice not in _STARTED:
        if _STARTED:
            (other,) = _STARTED
            raise ValueError(
                "A process has one strategy: TensorFlow numbers the collective operations of a "
                f"second one from 0 again. Received: {choice.name} after {other.name}."
            )
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
        if choice.name == "multi_worker":
            print(f"Waits for the other workers, {patience:g} seconds at most.", file=sys.stderr)
        with _limited(patience):
            _STARTED[choice] = Devices(choice.name, _MADE[choice.name](choice.devices))
    return _STARTED[choice]


@contextlib.contextmanager
def _limited(seconds):
    """SIGALRM ends the process unless the context is left in time.

    Neither a thread nor a handler in Python would get its turn: TensorFlow waits for the other
    workers without releasing the interpreter.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _mirrored(number):
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        names = [f"GPU:{place}" for place in range(_of_gpus(number, gpus))]
    else:
        _make_logical_cpus(number or _CPUS)
        names = [f"CPU:{place}" for place in range(number or _CPUS)]
    return tf.distribute.MirroredStrategy(names)


def _of_gpus(number, gpus):
    if number > len(gpus):
        raise ValueError(f"This machine has {len(gpus)} GPUs. Received: devices={number}.")
    return number or len(gpus)


def _make_logical_cpus(number):
    (cpu,) = tf.config.list_physical_devices("CPU")
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * number
        )
    except RuntimeError:
        if len(tf.config.list_logical_devices("CPU")) < number:
            raise ValueError(
                "Logical CPUs are made before TensorFlow is first used in a process. "
                f"Received: devices={number} after its first use."
            ) from None


def _multi_worker(number):
    _check_cluster(os.environ.get("TF_CONFIG"))
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        tf.config.set_visible_devices(gpus[: _of_gpus(number, gpus)], "GPU")
    elif number > 1:
        raise ValueError(
            "A worker without a GPU has one device; start more workers instead. "
            f"Received: devices={number}."
        )
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise ValueError(f"The workers cannot be started: {error}.") from error
    except tf.errors.OpError as error:
        reason = (error.message or type(error).__name__).splitlines()[0].rstrip(".")
        raise WorkerLostError(
            f"The workers of TF_CONFIG did not come together ({reason[:200]})."
        ) from None


def _check_cluster(text):
    form = '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'
    try:
        plain = json.loads(text or "")
        jobs, task = plain["cluster"], plain["task"]
        are_lists = all(isinstance(hosts, list) for hosts in jobs.values())
        is_known = are_lists and {*jobs} <= {"chief", "worker"}
        if is_known and 0 <= int(task["index"]) < len(jobs[task["type"]]):
            return
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise ValueError(
        "The strategy multi_worker reads the workers from the environment variable TF_CONFIG, "
        f"{form}. Received: TF_CONFIG={text!r}."
    )


_MADE = {"mirrored": _mirrored, "multi_worker": _multi_worker}
