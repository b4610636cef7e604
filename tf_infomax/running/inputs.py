"""What a run is computed from besides its experiment: data, versions, threads, devices."""

import joblib
import keras
import tensorflow as tf

from tf_infomax.naming.version import VERSION
from tf_infomax.running.run_directory import differences

__all__ = ["changes", "check_inputs", "inputs_of", "threads", "versions"]


# Earlier versions had this one only, and did not note it.
_ONE_DEVICE = {"strategy": "none", "replicas": 1}


def inputs_of(images, devices=None):
    """The inputs of a run in this process, as JSON.

    Args:
        images: the run's ``ImageData``; ``None`` where batches are drawn from a distribution.
        devices: ``Devices`` that share its steps; ``None`` means one device.
    """
    return {
        "data": None if images is None else images.checksum,
        "versions": versions(),
        "threads": threads(),
        "devices": dict(_ONE_DEVICE) if devices is None else devices.noted,
    }


def versions():
    """Versions of this package and of what computes for it, by name."""
    return {
        "tf_infomax": VERSION,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def threads():
    """Number of threads that one operation of TensorFlow may use in this process."""
    # 0 leaves the choice to TensorFlow, which takes all cores.
    return tf.config.threading.get_intra_op_parallelism_threads() or joblib.cpu_count()


def changes(before, after):
    """What differs between two inputs: ``["versions.keras was '3.14', is '3.15'", ...]``.

    Entries that only one of them has are left out: other versions may note other things.
    """
    return [
        change for change in differences(before, after) if "was None" not in change
        and "is None" not in change
    ]


def check_inputs(directory, inputs, is_accepted):
    """The changes since the run was started that its next rows will show, as a list of texts.

    Of a finished run nothing is computed any more: other versions, threads and devices are no
    matter then, while other data is still refused, since further seeds would be of that data.

    Args:
        directory: ``RunDirectory``.
        inputs: from ``inputs_of``.
        is_accepted: whether the user accepts that rows of one run have different inputs.

    Raises:
        ValueError: if there are changes that are not accepted.
    """
    noted, is_finished = directory.inputs or {}, directory.is_finished
    compared = {"data": noted.get("data")} if is_finished else {"devices": _ONE_DEVICE, **noted}
    changed = changes(compared, inputs) if noted else []
    if changed and not is_accepted:
        raise ValueError(
            f"{directory.path} was started with other inputs ({'; '.join(changed)}): its rows "
            "would not be those of one run. Use the former inputs, or another work directory, or "
            "go on with --accept_changed_inputs, which is noted in the rows."
        )
    return [] if is_finished else changed
