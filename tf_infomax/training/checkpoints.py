"""Checkpoints that a killed run goes on from, bit for bit."""

import keras
import tensorflow as tf

__all__ = ["Checkpoints"]


class Checkpoints:
    """Saves variables with the step and the length of the rows file at that step.

    Everything else that a run depends on is a pure function of its seed and the step. Rows
    written after the checkpoint are cut off on resuming, and written again.

    Args:
        directory: where the files go.
        variables: Keras or TensorFlow variables, in an order that does not change.
    """

    def __init__(self, directory, variables):
        self._step = tf.Variable(0, dtype=tf.int64)
        self._row_bytes = tf.Variable(0, dtype=tf.int64)
        self._checkpoint = tf.train.Checkpoint(
            step=self._step,
            row_bytes=self._row_bytes,
            variables=[v.value if isinstance(v, keras.Variable) else v for v in variables],
        )
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(directory), max_to_keep=1, checkpoint_name="step"
        )

    def save(self, step, row_bytes):
        """Writes a checkpoint; the one before is deleted once it is complete."""
        self._step.assign(step)
        self._row_bytes.assign(row_bytes)
        self._manager.save(checkpoint_number=step)

    def restore(self):
        """The last checkpoint's (step, length of the rows file), or ``None`` if there is none."""
        if self._manager.latest_checkpoint is None:
            return None
        self._checkpoint.restore(self._manager.latest_checkpoint).assert_consumed()
        return int(self._step), int(self._row_bytes)
