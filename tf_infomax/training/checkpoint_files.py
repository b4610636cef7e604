"""The files of checkpoints: which are complete, which are damaged, and how they get their names.

Needs no TensorFlow, so that a run directory can be checked before any work.
"""

import dataclasses
import hashlib
import json
import os
import re
from pathlib import Path

from tf_infomax.naming.files import sync_directory, write_text

__all__ = [
    "STATE",
    "UNFINISHED",
    "CheckpointFiles",
    "candidates",
    "checksum_of",
    "damage_of",
    "finish_moves",
    "found_in",
    "newest_sound",
    "no_other_left",
    "read_manifest",
    "synced_checksum",
    "unfinished",
    "write_state",
]

# TensorFlow's own list of checkpoints, for its tools. Nothing here depends on it, except in
# directories of earlier versions, where only this list tells which checkpoint is finished.
STATE = "checkpoint"
UNFINISHED = "unfinished-"
_NAME = re.compile(r"step-(\d+)\.(json|index|data-\d{5}-of-\d{5})")


@dataclasses.dataclass
class CheckpointFiles:
    """The files of one checkpoint in a directory.

    Attributes:
        step: its number.
        paths: of all its files.
        manifest: content of ``step-N.json``; ``None`` without that file, ``{}`` if it is damaged.
    """

    step: int
    paths: list = dataclasses.field(default_factory=list)
    manifest: dict | None = None


def candidates(directory):
    """The checkpoints that were complete once, newest first."""
    found = found_in(directory)
    described = [step for step in found if found[step].manifest is not None]
    others = sorted(set(found) - set(described), reverse=True)
    # Earlier versions kept one checkpoint; their list names it only if it is finished.
    listed = _listed(directory)
    if listed is not None and (listed in found or not described):
        others = [listed]
        found.setdefault(listed, CheckpointFiles(listed))
    order = sorted({*described, *others}, reverse=True)
    return [found[step] for step in order]


def found_in(directory):
    """Step -> its files, of all checkpoints in a directory."""
    found = {}
    if not directory.is_dir():
        return found
    for path in directory.iterdir():
        match = _NAME.fullmatch(path.name)
        if match:
            step = int(match[1])
            one = found.setdefault(step, CheckpointFiles(step))
            one.paths.append(path)
            if match[2] == "json":
                one.manifest = read_manifest(path)
    return found


def read_manifest(path):
    """The description of a checkpoint; ``{}`` if it is damaged."""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        checksum = manifest.pop("checksum")
        return manifest if checksum == checksum_of(manifest) else {}
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError):
        return {}


def checksum_of(manifest):
    """A checksum of the description itself: a flipped digit would cut the rows elsewhere."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _listed(directory):
    """The step that TensorFlow's list of checkpoints names, or ``None``."""
    try:
        text = (directory / STATE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    match = re.search(r'^model_checkpoint_path: "(?:.*/)?step-(\d+)"', text, re.MULTILINE)
    return int(match[1]) if match else None


def damage_of(found, directory):
    """One sentence on what is wrong with the files, or ``None`` if nothing is known to be."""
    if found.manifest is None:
        # Of an earlier version: only TensorFlow can tell more.
        index = directory / f"step-{found.step}.index"
        return None if index.is_file() else f"{index} is missing."
    if not found.manifest:
        return f"{directory / f'step-{found.step}.json'} is damaged."
    for name, checksum in found.manifest["files"].items():
        path = directory / name
        if not path.is_file():
            return f"{path} is missing."
        if _checksum(path) != checksum:
            return f"{path} is damaged: its checksum is another one than when it was written."
    return None


def newest_sound(directory):
    """The newest checkpoint whose files are not known to be damaged; ``None`` if there is none.

    Raises:
        ValueError: naming the files, if there are checkpoints and all are damaged.
    """
    directory = Path(directory)
    found = candidates(directory) if directory.is_dir() else []
    damages = []
    for one in found:
        damage = damage_of(one, directory)
        if damage is None:
            return one
        damages.append(damage)
    if damages:
        raise no_other_left(damages)
    return None


def no_other_left(damages):
    """The error where every checkpoint is damaged, of one sentence on each."""
    return ValueError(
        f"{' '.join(damages)} No other checkpoint is left: bring the files back from a copy, or "
        "delete the run's directory to start it again."
    )


def finish_moves(directory):
    """Gives the complete checkpoint its names, if a process died before it had them all."""
    for manifest in directory.glob(f"{UNFINISHED}*.json"):
        step = manifest.stem.removeprefix(UNFINISHED)
        if not read_manifest(manifest):
            continue
        for path in unfinished(directory, step):
            if path != manifest:
                os.replace(path, directory / path.name.replace(UNFINISHED, "step-"))
        sync_directory(directory)
        os.replace(manifest, directory / f"step-{step}.json")


def unfinished(directory, step):
    """The files, sorted, of the checkpoint of ``step`` that have not got their names yet.

    No pattern: Python keeps the last hundreds of patterns, and each step would be another one.
    """
    begin = f"{UNFINISHED}{step}."
    return sorted(path for path in directory.iterdir() if path.name.startswith(begin))


def write_state(directory, steps):
    """Writes TensorFlow's list of checkpoints, of ``steps`` with the newest first."""
    newest, *_ = steps
    lines = [f'model_checkpoint_path: "step-{newest}"']
    lines += [f'all_model_checkpoint_paths: "step-{step}"' for step in sorted(steps)]
    write_text(directory / STATE, "\n".join(lines) + "\n")


def synced_checksum(path):
    """Brings a file to the disk; returns the checksum of its content."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    return _checksum(path)


def _checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
