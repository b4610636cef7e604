"""Checkpoints from which a killed run continues bit for bit, and which detect their own damage."""

import json
import shutil
import sys
from pathlib import Path

import keras
import tensorflow as tf

from tf_infomax.naming.files import remove_leftovers, sync_directory, write_text
from tf_infomax.naming.paths import without_wildcards
from tf_infomax.training.checkpoint_files import (
    STATE,
    UNFINISHED,
    candidates,
    checksum_of,
    damage_of,
    finish_moves,
    found_in,
    no_other_left,
    synced_checksum,
    unfinished,
    write_state,
)
from tf_infomax.training.disk_errors import writing

__all__ = ["Checkpoints", "read_newest"]

_KEPT = 2
# Stored in TensorFlow's counter of checkpoints, which is 0 or more in earlier versions: this value
# means that a step-N.json was written, so that its absence is a loss.
_DESCRIBED = -1
# Includes TensorFlow's own temporary names, which earlier versions left.
_LEFTOVERS = (f"{UNFINISHED}*", "step-*_temp", f"{STATE}.tmp*")


class Checkpoints:
    """Saves variables with the step and the length of the rows file at that step.

    Everything else that a run depends on is a pure function of its seed and the step. Rows
    written after the checkpoint are cut off on resuming, and written again.

    Checkpoint N is ``step-N.index`` and ``step-N.data-*``, as TensorFlow writes them, and
    ``step-N.json`` with their SHA-256 checksums. Files are written under other names, synced, and
    moved when they are complete. The last two checkpoints are kept.

    Args:
        directory: where the files go.
        variables: Keras or TensorFlow variables, in an order that does not change.
        note: called with one sentence when a damaged checkpoint is skipped; by default the
            sentence goes to standard error.
    """

    def __init__(self, directory, variables, note=None):
        self.directory = Path(directory)
        self._note = note
        self._step = tf.Variable(0, dtype=tf.int64)
        self._row_bytes = tf.Variable(0, dtype=tf.int64)
        self._checkpoint = tf.train.Checkpoint(
            step=self._step,
            row_bytes=self._row_bytes,
            variables=[v.value if isinstance(v, keras.Variable) else v for v in variables],
        )
        self._checkpoint.save_counter.assign(_DESCRIBED)
        self._files = {}
        self.measured, self.segment, self.rows_checksum = (), None, None

    def save(self, step, row_bytes, rows_checksum=None, segment=None):
        """Writes a checkpoint, and then deletes those before the last two.

        Args:
            step: training steps done.
            row_bytes: length of the rows file.
            rows_checksum: of that file, to detect that it was changed.
            segment: what else a step between two boundaries needs, as JSON; see ``StepLoop``.

        Raises:
            OSError: naming the directory, if it cannot be written.
        """
        self._step.assign(step)
        self._row_bytes.assign(row_bytes)
        self._checkpoint.save_counter.assign(_DESCRIBED)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.recover()
        what = f"The checkpoint of step {step}"
        with writing(what, self.directory), without_wildcards(self.directory) as directory:
            self._checkpoint.write(str(directory / f"{UNFINISHED}{step}"))
        self._files, self.measured, self.segment = {}, (), segment
        for path in unfinished(self.directory, step):
            self._files[path.name.replace(UNFINISHED, "step-")] = synced_checksum(path)
        # With this file the checkpoint is complete, however many of the moves have been made.
        self._write_manifest(f"{UNFINISHED}{step}.json", row_bytes, rows_checksum)
        finish_moves(self.directory)
        found = found_in(self.directory)
        # Later checkpoints are damaged: this run was continued from an earlier one.
        complete = sorted((n for n in found if n <= step and found[n].manifest), reverse=True)
        write_state(self.directory, complete[:_KEPT])
        self._delete(set(found) - set(complete[:_KEPT]), found)
        sync_directory(self.directory)

    def recover(self):
        """Finishes or removes what a process that died while saving has left in the directory.

        For the one process that writes the directory; others may only ``restore``.
        """
        if not self.directory.is_dir():
            return
        finish_moves(self.directory)
        remove_leftovers(self.directory)
        for pattern in _LEFTOVERS:
            for path in self.directory.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def restore(self):
        """The last sound checkpoint's (step, length of the rows file); ``None`` without any.

        Afterwards ``measured`` holds the names of the evaluators whose rows of that step are in the
        rows file, or ``None`` if those of all are (checkpoints of earlier versions). ``segment``
        and ``rows_checksum`` are what was saved, or ``None``.

        Raises:
            ValueError: naming the files, if there are checkpoints and none can be read.
        """
        read = read_newest(self.directory, self._checkpoint, whole=True, note=self._note)
        if read is None:
            return None
        if read.manifest is None:
            self.measured, self.segment, self.rows_checksum = None, None, None
            return int(self._step), int(self._row_bytes)
        self._files = read.manifest["files"]
        self.measured = tuple(read.manifest["measured"])
        # Descriptions of earlier versions lack these two.
        self.segment = read.manifest.get("segment")
        self.rows_checksum = read.manifest.get("rows_checksum")
        return int(self._step), read.manifest["row_bytes"]

    def note_measured(self, name, row_bytes, rows_checksum=None):
        """Notes that evaluator ``name`` has measured the checkpoint that was saved or restored.

        Args:
            name: of the evaluator.
            row_bytes, rows_checksum: of the rows file with its rows.
        """
        self.measured = (*self.measured, name)
        self._write_manifest(f"step-{int(self._step)}.json", row_bytes, rows_checksum)

    def _write_manifest(self, file, row_bytes, rows_checksum):
        manifest = {"files": self._files, "row_bytes": row_bytes, "measured": list(self.measured)}
        for name, value in (("segment", self.segment), ("rows_checksum", rows_checksum)):
            if value is not None:
                manifest[name] = value
        # A checksum of its own: a flipped digit in the length would cut the rows elsewhere.
        manifest["checksum"] = checksum_of(manifest)
        write_text(self.directory / file, json.dumps(manifest, indent=1) + "\n")

    def _delete(self, steps, found):
        for step in steps:
            # The description is deleted last: without it, the other files would look like those of
            # an earlier version.
            for path in sorted(found[step].paths, key=lambda path: path.suffix == ".json"):
                path.unlink(missing_ok=True)


def read_newest(directory, checkpoint, whole, note=None):
    """Restores the newest checkpoint of a directory that is not damaged.

    Args:
        directory: of ``Checkpoints``; of this version or an earlier one.
        checkpoint: ``tf.train.Checkpoint`` that receives the values.
        whole: whether ``checkpoint`` must hold all that was saved, or may hold a part.
        note: as for ``Checkpoints``.

    Returns:
        The checkpoint that was read, with ``step`` and ``manifest`` (``None`` for one of an earlier
        version); ``None`` if the directory holds no checkpoint.

    Raises:
        ValueError: naming the files, if all checkpoints are damaged or hold other variables.
    """
    directory = Path(directory)
    if not directory.is_dir():
        return None
    complete = candidates(directory)
    if not complete:
        return None
    damages = []
    for found in complete:
        damage = damage_of(found, directory) or _restored(found, directory, checkpoint, whole)
        if damage is None:
            for other in damages:
                (note or _to_standard_error)(
                    f"{other} The checkpoint of step {found.step} is used instead."
                )
            return found
        damages.append(damage)
    raise no_other_left(damages)


def _restored(found, directory, checkpoint, whole):
    """Restores the values; returns ``None``, or one sentence on why that was not possible."""
    try:
        with without_wildcards(directory) as plain:
            status = checkpoint.restore(str(plain / f"step-{found.step}"))
            if whole:
                status.assert_consumed()
            else:
                status.assert_existing_objects_matched()
                status.expect_partial()
    # TensorFlow's reader has exceptions of many kinds; an IndexError is a file cut short.
    except (
        AssertionError, LookupError, OSError, RuntimeError, TypeError, ValueError, tf.errors.OpError
    ) as error:  # fmt: skip
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        where = directory / f"step-{found.step}"
        other = f"other variables than the experiment.json in {directory.parent} says"
        if found.manifest:
            # The bytes are what was saved: an older checkpoint would fit no better.
            raise ValueError(f"The checkpoint {where} holds {other} ({reason}).") from None
        return f"The checkpoint {where} is damaged, or holds {other} ({reason})."
    if found.manifest is None and int(checkpoint.save_counter) == _DESCRIBED:
        return f"{directory / f'step-{found.step}.json'} is missing."
    return None


def _to_standard_error(text):
    print(text, file=sys.stderr, flush=True)
