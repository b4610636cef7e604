"""Checkpoints from which a killed run continues bit for bit, and which detect their own damage."""

import dataclasses
import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

import keras
import tensorflow as tf

from tf_infomax.naming.paths import without_wildcards, write_text

__all__ = ["Checkpoints", "read_newest"]

_KEPT = 2
# TensorFlow's own list of checkpoints, for its tools. Nothing here depends on it, except in
# directories of earlier versions, where only this list tells which checkpoint is finished.
_STATE = "checkpoint"
_UNFINISHED = "unfinished-"
# Stored in TensorFlow's counter of checkpoints, which is 0 or more in earlier versions: this value
# means that a step-N.json was written, so that its absence is a loss.
_DESCRIBED = -1
# Includes TensorFlow's own temporary names, which earlier versions left.
_LEFTOVERS = (f"{_UNFINISHED}*", "step-*_temp", "*.partial", f"{_STATE}.tmp*")
_NAME = re.compile(r"step-(\d+)\.(json|index|data-\d{5}-of-\d{5})")


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
        self.measured = ()

    def save(self, step, row_bytes):
        """Writes a checkpoint, and then deletes those before the last two."""
        self._step.assign(step)
        self._row_bytes.assign(row_bytes)
        self._checkpoint.save_counter.assign(_DESCRIBED)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.recover()
        with without_wildcards(self.directory) as directory:
            self._checkpoint.write(str(directory / f"{_UNFINISHED}{step}"))
        self._files, self.measured = {}, ()
        for path in sorted(self.directory.glob(f"{_UNFINISHED}{step}.*")):
            self._files[path.name.replace(_UNFINISHED, "step-")] = _synced_checksum(path)
        # With this file the checkpoint is complete, however many of the moves have been made.
        self._write_manifest(f"{_UNFINISHED}{step}.json", row_bytes)
        _finish_moves(self.directory)
        found = _found(self.directory)
        # Later checkpoints are damaged: this run was continued from an earlier one.
        complete = sorted((n for n in found if n <= step and found[n].manifest), reverse=True)
        _write_state(self.directory, complete[:_KEPT])
        self._delete(set(found) - set(complete[:_KEPT]), found)
        _sync_directory(self.directory)

    def recover(self):
        """Finishes or removes what a process that died while saving has left in the directory.

        For the one process that writes the directory; others may only ``restore``.
        """
        if not self.directory.is_dir():
            return
        _finish_moves(self.directory)
        for pattern in _LEFTOVERS:
            for path in self.directory.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def restore(self):
        """The last sound checkpoint's (step, length of the rows file); ``None`` without any.

        Afterwards ``measured`` holds the names of the evaluators whose rows of that step are in the
        rows file, or ``None`` if those of all are (checkpoints of earlier versions).

        Raises:
            ValueError: naming the files, if there are checkpoints and none can be read.
        """
        read = read_newest(self.directory, self._checkpoint, whole=True, note=self._note)
        if read is None:
            return None
        if read.manifest is None:
            self.measured = None
            return int(self._step), int(self._row_bytes)
        self._files = read.manifest["files"]
        self.measured = tuple(read.manifest["measured"])
        return int(self._step), read.manifest["row_bytes"]

    def note_measured(self, name, row_bytes):
        """Notes that evaluator ``name`` has measured the checkpoint that was saved or restored.

        Args:
            name: of the evaluator.
            row_bytes: length of the rows file with its rows.
        """
        self.measured = (*self.measured, name)
        self._write_manifest(f"step-{int(self._step)}.json", row_bytes)

    def _write_manifest(self, file, row_bytes):
        manifest = {"files": self._files, "row_bytes": row_bytes, "measured": list(self.measured)}
        # A checksum of its own: a flipped digit in the length would cut the rows elsewhere.
        manifest["checksum"] = _checksum_of(manifest)
        write_text(self.directory / file, json.dumps(manifest, indent=1) + "\n")

    def _delete(self, steps, found):
        for step in steps:
            # The description is deleted last: without it, the other files would look like those of
            # an earlier version.
            for path in sorted(found[step].paths, key=lambda path: path.suffix == ".json"):
                path.unlink(missing_ok=True)


@dataclasses.dataclass
class _Found:
    """The files of one checkpoint in a directory.

    Attributes:
        step: its number.
        paths: of all its files.
        manifest: content of ``step-N.json``; ``None`` without that file, ``{}`` if it is damaged.
    """

    step: int
    paths: list = dataclasses.field(default_factory=list)
    manifest: dict | None = None


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
    candidates = _candidates(directory)
    if not candidates:
        return None
    damages = []
    for found in candidates:
        damage = _damage(found, directory) or _restored(found, directory, checkpoint, whole)
        if damage is None:
            for other in damages:
                (note or _to_standard_error)(
                    f"{other} The checkpoint of step {found.step} is used instead."
                )
            return found
        damages.append(damage)
    raise ValueError(
        f"{' '.join(damages)} No other checkpoint is left: bring the files back from a copy, or "
        "delete the run's directory to start it again."
    )


def _candidates(directory):
    """The checkpoints that were complete once, newest first."""
    found = _found(directory)
    described = [step for step in found if found[step].manifest is not None]
    others = sorted(set(found) - set(described), reverse=True)
    # Earlier versions kept one checkpoint; their list names it only if it is finished.
    listed = _listed(directory)
    if listed is not None and (listed in found or not described):
        others = [listed]
        found.setdefault(listed, _Found(listed))
    order = sorted({*described, *others}, reverse=True)
    return [found[step] for step in order]


def _found(directory):
    """Step -> its files, of all checkpoints in a directory."""
    found = {}
    if not directory.is_dir():
        return found
    for path in directory.iterdir():
        match = _NAME.fullmatch(path.name)
        if match:
            step = int(match[1])
            one = found.setdefault(step, _Found(step))
            one.paths.append(path)
            if match[2] == "json":
                one.manifest = _read_manifest(path)
    return found


def _read_manifest(path):
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        checksum = manifest.pop("checksum")
        return manifest if checksum == _checksum_of(manifest) else {}
    except (AttributeError, KeyError, OSError, ValueError):
        return {}


def _checksum_of(manifest):
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _listed(directory):
    """The step that TensorFlow's list of checkpoints names, or ``None``."""
    try:
        text = (directory / _STATE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    match = re.search(r'^model_checkpoint_path: "(?:.*/)?step-(\d+)"', text, re.MULTILINE)
    return int(match[1]) if match else None


def _damage(found, directory):
    """One sentence on what is wrong with the files, or ``None`` if nothing is known to be."""
    if found.manifest is None:
        return None
    if not found.manifest:
        return f"{directory / f'step-{found.step}.json'} is damaged."
    for name, checksum in found.manifest["files"].items():
        path = directory / name
        if not path.is_file():
            return f"{path} is missing."
        if _checksum(path) != checksum:
            return f"{path} is damaged: its checksum is another one than when it was written."
    return None


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


def _finish_moves(directory):
    """Gives the complete checkpoint its names, if a process died before it had them all."""
    for manifest in directory.glob(f"{_UNFINISHED}*.json"):
        step = manifest.stem.removeprefix(_UNFINISHED)
        if not _read_manifest(manifest):
            continue
        for path in sorted(directory.glob(f"{_UNFINISHED}{step}.*")):
            if path != manifest:
                os.replace(path, directory / path.name.replace(_UNFINISHED, "step-"))
        _sync_directory(directory)
        os.replace(manifest, directory / f"step-{step}.json")


def _write_state(directory, steps):
    newest, *_ = steps
    lines = [f'model_checkpoint_path: "step-{newest}"']
    lines += [f'all_model_checkpoint_paths: "step-{step}"' for step in sorted(steps)]
    write_text(directory / _STATE, "\n".join(lines) + "\n")


def _synced_checksum(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    return _checksum(path)


def _checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_directory(directory):
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _to_standard_error(text):
    print(text, file=sys.stderr, flush=True)
