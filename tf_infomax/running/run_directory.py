"""The directory of one run: which run it holds, its files, and its lock for one writer."""

import contextlib
import dataclasses
import datetime
import os
import platform
from pathlib import Path

from tf_infomax.experiments.spec import Experiment
from tf_infomax.naming.files import check_no_directory, locked, remove_leftovers
from tf_infomax.naming.json_files import read_json, write_json
from tf_infomax.results.row_writer import check_kept
from tf_infomax.results.rows import EVALUATION_ROWS, read_rows
from tf_infomax.training.checkpoint_files import newest_sound

__all__ = [
    "CARD",
    "EXPORT_FORMATS",
    "RunDirectory",
    "check_workdir",
    "differences",
    "is_export",
]

# By this file the folder of an export is known.
CARD = "card.json"
# What an export may be written in besides a SavedModel.
EXPORT_FORMATS = ("tflite", "onnx")
# Files that a process leaves when it is killed in its first moments.
_UNFINISHED = (".lock", "status.json")
_LEFTOVER = ".partial"
# What a work directory receives besides its runs.
_WRITTEN = ("experiment.json", "rows.jsonl", "report.html")

# How many runs of a work directory an error names.
_NAMED_RUNS = 12

# How long to wait for a dying process to release a directory.
_LOCK_SECONDS = 10.0


class RunDirectory:
    """Where one run keeps its experiment, rows, checkpoints and TensorBoard events.

    Args:
        path: the directory; made if missing.
        experiment: the experiment that runs in it (one variant, one seed).
        train_further: whether it may be a run that was begun with fewer ``train.steps``, all else
            being equal; it takes the new number over as soon as it is ``locked``.
    """

    def __init__(self, path, experiment, train_further=False):
        self.path = Path(path)
        self.experiment = experiment
        self._train_further = train_further

    @property
    def rows(self):
        """The run's rows, one JSON object a line."""
        return self.path / "rows.jsonl"

    @property
    def checkpoints(self):
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def events(self):
        """Folder of the TensorBoard events."""
        return self.path / "events"

    @property
    def description(self):
        """The experiment, as JSON."""
        return self.path / "experiment.json"

    @property
    def view_shape(self):
        """Shape of the run's views, ``(H / 2, W, C)`` or ``(H, W, C)``; ``None`` if not noted.

        With it, trained models can be rebuilt where the images are not.
        """
        if not self._views.is_file():
            return None
        return tuple(self._noted("shape"))

    @property
    def sizes(self):
        """Sizes of the run's data set, as ``build.sizes_of`` gives them; ``None`` if not noted."""
        if not self._views.is_file():
            return None
        # Earlier versions noted the classes alone, and had no term that needs the others.
        others = {name: size for name, size in read_json(self._views).items() if name != "shape"}
        return {**others, "num_classes": self._noted("num_classes")}

    def _noted(self, key):
        noted = read_json(self._views)
        kinds = {"shape": list, "num_classes": int}
        if not isinstance(noted.get(key), kinds[key]) or not all(
            isinstance(size, int) and size > 0 for size in noted.get("shape", ())
        ):
            raise ValueError(
                f"{self._views} lacks {key!r}, or holds something else; delete this file to read "
                "the data instead."
            )
        return noted[key]

    @property
    def variant(self):
        """The variant that its rows name; without rows, the name of the folder that it lies in."""
        rows = read_rows(self.rows) if self.rows.is_file() else []
        # A directory may have been copied or renamed.
        return rows[0].variant if rows else self.path.resolve().parent.name

    def note_inputs(self, view_shape, **sizes):
        """Writes the shape of the run's views and ``build.sizes_of`` beside the experiment."""
        write_json(self._views, {"shape": list(view_shape), **sizes})

    @property
    def _views(self):
        return self.path / "views.json"

    @classmethod
    def open(cls, path):
        """The run directory that exists at ``path``.

        Raises:
            FileNotFoundError: if there is none; for a work directory, the message names the runs.
            ValueError: if its ``experiment.json`` is not an experiment.
        """
        path = Path(path)
        if (path / "runs").is_dir():
            raise FileNotFoundError(
                "Expected the directory of one run. "
                f"Received: the work directory {path}, whose runs are: {_named_runs(path)}."
            )
        description = path / "experiment.json"
        if not description.is_file() or not (path / "checkpoints").is_dir():
            raise FileNotFoundError(
                "Expected the directory of one run, with experiment.json and checkpoints/ in it "
                f"(runs/<experiment>/<variant>/seed_<n> of a work directory). Received: {path}."
            )
        plain = read_json(description)
        try:
            return cls(path, Experiment.from_dict(plain))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{description} cannot be read as an experiment ({type(error).__name__}: {error})."
            ) from None

    def check(self):
        """Raises ``ValueError`` if the directory holds something else, or another experiment."""
        if not self.path.exists():
            return
        if not self.description.is_file():
            if not all(map(_is_unfinished, self.path.iterdir())):
                raise ValueError(
                    f"{self.path} holds files that are no run of this package. "
                    "Choose another work directory."
                )
            return
        begun = self._begun()
        # What cannot be read, as a study or a file of another form, is compared as it is.
        written = read_json(self.description) if begun is None else begun.to_dict()
        changed = differences(written, self.experiment.to_dict())
        is_longer = bool(changed) and self._is_longer()
        if not changed or (is_longer and self._train_further):
            return
        further = "; to train this run further, add --train_further" if is_longer else ""
        raise ValueError(
            f"{self.path} holds a run with other settings ({'; '.join(changed)}). "
            f"Use the settings it was started with, or another work directory{further}."
        )

    def _begun(self):
        """The experiment that the run was begun with; ``None`` without a file that holds one."""
        try:
            return Experiment.from_dict(read_json(self.description))
        except (AttributeError, FileNotFoundError, KeyError, TypeError, ValueError):
            return None

    def _is_longer(self):
        """Whether the experiment has more steps than it was begun with, and all else is equal.

        Never where a step's pairs depend on the number of all steps, as levels of ``data.law`` do.
        """
        begun, now = self._begun(), self.experiment
        if begun is None or not isinstance(now, Experiment) or now.data.law is not None:
            return False
        train = dataclasses.replace(begun.train, steps=now.train.steps)
        longer = dataclasses.replace(begun, train=train).to_dict() == now.to_dict()
        steps = begun.train.steps
        return longer and isinstance(steps, int) and steps < now.train.steps

    @contextlib.contextmanager
    def locked(self):
        """Claims the directory for this process and writes ``experiment.json``."""
        self.path.mkdir(parents=True, exist_ok=True)
        busy = (
            f"{self.path} is being written by another process. Wait for its end, or choose another "
            "work directory."
        )
        with locked(self.path / ".lock", _LOCK_SECONDS, busy):
            self.check()
            remove_leftovers(self.path)
            if not self.description.exists():
                write_json(self.description, self.experiment.to_dict())
            elif self._train_further and self._is_longer():
                # First, so that nobody takes the longer run for a finished one.
                self.note_status("to be trained further")
                write_json(self.description, self.experiment.to_dict())
            yield

    def check_resumable(self):
        """Raises ``ValueError`` if its files are damaged such that the run cannot go on.

        Reads the rows and the checkpoints' checksums, and writes nothing.
        """
        for path in (self.rows, self.rows.with_name(EVALUATION_ROWS)):
            check_no_directory(path)
            if path.is_file():
                _check_rows(path)
        if self.is_finished or not isinstance(self.experiment, Experiment):
            return
        checkpoint = newest_sound(self.checkpoints)
        if checkpoint is None:
            self.check_no_rows()
        elif checkpoint.manifest:
            length = self.rows.stat().st_size if self.rows.is_file() else 0
            check_kept(
                self.rows, length, checkpoint.manifest["row_bytes"],
                checkpoint.manifest.get("rows_checksum"),
            )  # fmt: skip

    def check_no_rows(self):
        """Raises ``ValueError`` if there are rows that a start from step 0 would cut."""
        steps = [row.step for row in read_rows(self.rows)] if self.rows.is_file() else []
        if max(steps, default=0) > 0:
            raise ValueError(
                f"{self.rows} has rows up to step {max(steps)}, but {self.checkpoints} holds no "
                f"checkpoint: bring the files back from a copy, or delete {self.path} to start "
                "again."
            )

    @property
    def is_finished(self):
        """Whether the run has been carried out to the last step of its experiment."""
        return self.status.get("status") == "finished" and not self._is_longer()

    @property
    def status(self):
        """What ``note_status`` wrote last; empty if there is nothing, or the file is torn."""
        # Nothing depends on it, except that a finished run is not looked at again.
        with contextlib.suppress(OSError, ValueError):
            return read_json(self.path / "status.json")
        return {}

    def note_status(self, status, **facts):
        """Writes how the run stands to ``status.json``; earlier ``failures`` stay in it.

        Args:
            status: "running", or how it ended.
            facts: further entries, as JSON.
        """
        known = self.status.get("failures")
        failures = [*(known if isinstance(known, list) else []), *facts.pop("failures", [])]
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        process = {"id": os.getpid(), "host": platform.node()}
        plain = {"status": status, "time": now, "process": process, **facts}
        # A process may die before it has made the directory.
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "status.json", plain | ({"failures": failures} if failures else {}))

    @property
    def inputs(self):
        """What the run was computed from, as ``write_inputs`` wrote it; ``None`` if not noted."""
        return read_json(self._inputs) if self._inputs.is_file() else None

    def write_inputs(self, inputs):
        """Writes what the run is computed from; see ``running.inputs``."""
        write_json(self._inputs, inputs)

    @property
    def _inputs(self):
        return self.path / "inputs.json"


def _is_unfinished(entry):
    return entry.name in _UNFINISHED or entry.suffix == _LEFTOVER


def _check_rows(path):
    try:
        read_rows(path)
    except ValueError as error:
        raise ValueError(
            f"{error} Bring the file back from a copy, or delete {path.parent} to start its run "
            "again."
        ) from None


def _named_runs(workdir):
    runs = sorted(path.parent for path in workdir.glob("runs/*/*/seed_*/experiment.json"))
    named = ", ".join(str(run) for run in runs[:_NAMED_RUNS]) or "none"
    more = len(runs) - _NAMED_RUNS
    return f"{named} and {more} more" if more > 0 else named


def is_export(path):
    """Whether the folder ``path`` is that of an export."""
    return (Path(path) / CARD).is_file()


def check_workdir(workdir):
    """Makes the work directory; ``ValueError`` if it is something else, or cannot be written."""
    workdir = Path(workdir)
    try:
        if workdir.exists() and not workdir.is_dir():
            raise ValueError(f"The work directory must be a directory. Received: {workdir}.")
        if workdir.is_dir() and not (workdir / "runs").is_dir() and any(workdir.iterdir()):
            raise ValueError(
                f"{workdir} is not empty and holds no runs of this package. "
                "Choose another work directory."
            )
        for name in _WRITTEN:
            check_no_directory(workdir / name)
        (workdir / "runs").mkdir(parents=True, exist_ok=True)
        probe = workdir / "runs" / f".writable_{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(f"The work directory {workdir} cannot be written ({error}).") from None


def differences(before, after, path=""):
    """The leaves in which two nested dicts differ: ``["train.steps was 10, is 20", ...]``."""
    if isinstance(before, dict) and isinstance(after, dict):
        found = []
        for key in sorted({*before, *after}):
            where = f"{path}.{key}" if path else key
            found += differences(before.get(key), after.get(key), where)
        return found
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            change
            for index, (one, other) in enumerate(zip(before, after, strict=True))
            for change in differences(one, other, f"{path}[{index}]")
        ]
    return [] if before == after else [f"{path} was {before!r}, is {after!r}"]
