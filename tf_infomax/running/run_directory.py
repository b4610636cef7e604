"""The directory of one run: which run it holds, its files, and its lock for one writer."""

import contextlib
import fcntl
import json
import time
from pathlib import Path

from tf_infomax.experiments.spec import Experiment
from tf_infomax.naming.paths import write_text

__all__ = ["RunDirectory", "differences", "read_json", "write_json"]

# Files that a process leaves when it is killed in its first moments.
_UNFINISHED = (".lock", "experiment.json.partial")

# How many runs of a work directory an error names.
_NAMED_RUNS = 12

# How long to wait for a dying process to release a directory.
_LOCK_SECONDS = 10.0


class RunDirectory:
    """Where one run keeps its experiment, rows, checkpoints and TensorBoard events.

    Args:
        path: the directory; made if missing.
        experiment: the experiment that runs in it (one variant, one seed).
    """

    def __init__(self, path, experiment):
        self.path = Path(path)
        self.experiment = experiment

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
        try:
            return read_json(self._views)[key]
        except KeyError:
            raise ValueError(f"{self._views} lacks {key!r}; delete it to read the data.") from None

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
            if any(entry.name not in _UNFINISHED for entry in self.path.iterdir()):
                raise ValueError(
                    f"{self.path} holds files that are no run of this package. "
                    "Choose another work directory."
                )
            return
        written = read_json(self.description)
        changed = differences(self._completed(written), self.experiment.to_dict())
        if changed:
            raise ValueError(
                f"{self.path} holds a run with other settings ({'; '.join(changed)}). "
                "Use the settings it was started with, or another work directory."
            )

    def _completed(self, written):
        """The written experiment, with defaults for fields that are newer than the file."""
        try:
            return Experiment.from_dict(written).to_dict()
        except (KeyError, TypeError, ValueError):
            # A study, or a file of another form: compared as it is.
            return written

    @contextlib.contextmanager
    def locked(self):
        """Claims the directory for this process and writes ``experiment.json``."""
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self.path / ".lock", "w", encoding="utf-8") as lock:
            _wait_for(lock, self.path)
            self.check()
            if not self.description.exists():
                write_json(self.description, self.experiment.to_dict())
            yield


def _named_runs(workdir):
    runs = sorted(path.parent for path in workdir.glob("runs/*/*/seed_*/experiment.json"))
    named = ", ".join(str(run) for run in runs[:_NAMED_RUNS]) or "none"
    more = len(runs) - _NAMED_RUNS
    return f"{named} and {more} more" if more > 0 else named


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


def read_json(path):
    """The JSON object in the file ``path``, as a dict.

    Raises:
        ValueError: naming the file, if it holds anything else.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        reason = f"{error}".rstrip(".")
        raise ValueError(
            f"{path} is torn or damaged; bring it back from a copy, or delete its directory. "
            f"Received: no JSON ({reason})."
        ) from None
    if not isinstance(plain, dict):
        raise ValueError(
            f"{path} must hold a JSON object; bring it back from a copy, or delete its directory. "
            f"Received: {type(plain).__name__}."
        )
    return plain


def write_json(path, plain):
    """Writes in one move: readers see all of it or nothing."""
    write_text(path, json.dumps(plain, indent=1, allow_nan=False) + "\n")


def _wait_for(lock, path):
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            # Released by the system when the process ends, however it ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ValueError(f"{path} is being written by another process.") from None
            time.sleep(0.1)
