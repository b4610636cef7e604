"""Rows: the one form in which every measured number is stored, read and averaged.

A row is one JSON object on one line of a ``rows.jsonl`` file. Tables, figures and the report are
functions of rows and of nothing else. This module needs neither TensorFlow nor Keras.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tf_infomax.naming import arguments
from tf_infomax.naming.files import write_bytes
from tf_infomax.naming.paths import PathLike
from tf_infomax.results import strict_json
from tf_infomax.results.duplicates import first_occurrences
from tf_infomax.results.row_writer import RowWriter
from tf_infomax.results.tags import check_tags, check_text

__all__ = [
    "EVALUATION_LOCK",
    "EVALUATION_ROWS",
    "GROUP",
    "Row",
    "RowWriter",
    "final_values",
    "over_seeds",
    "read_rows",
    "replaced",
    "rows_by_file",
    "rows_files",
    "to_frame",
    "without_copies",
    "write_rows",
]

# Rows that were measured after the run, in a file beside its own.
EVALUATION_ROWS = "evaluation.jsonl"
# Held by the process that writes them.
EVALUATION_LOCK = ".evaluation.lock"

_FIELDS = ("experiment", "variant", "seed", "step", "split", "metric", "value", "unit")

# Rows are averaged over seeds if they agree in all of these; the tags may be absent.
GROUP = ("experiment", "dataset", "variant", "metric", "split", "features", "unit")


@dataclass(frozen=True)
class Row:
    """One number, with everything needed to know what it measures.

    Args:
        experiment: catalogue name, such as ``critic_impact``.
        variant: the member of the experiment's sweep, such as ``bilinear-infonce``.
        seed: int, the run's seed.
        step: int, training steps done when the number was taken, 0 or more.
        split: ``train`` or ``test``.
        metric: such as ``probe/linear/accuracy``.
        value: float, may be NaN or infinite.
        unit: ``nats``, ``fraction``, ``step`` or ``1``.
        tags: further facts, flat (``critic``, ``bound``, ``dataset``, ...), that JSON can hold. The
            tag ``values``, a sequence of numbers, is a distribution of which ``value`` is the
            median.
    Raises:
        ValueError: if a field is not a number where it should be, the step is negative, a tag has
            a field's name or cannot be written, or a text has lone surrogates.
    """

    experiment: str
    variant: str
    seed: int
    step: int
    split: str
    metric: str
    value: float
    unit: str
    tags: dict = field(default_factory=dict)

    def __post_init__(self):
        if not isinstance(self.tags, Mapping):
            raise ValueError(f"`tags` must be a dict. Received: tags={self.tags!r}.")
        taken = sorted({*_FIELDS, "tags"}.intersection(self.tags))
        if taken:
            raise ValueError(f"A tag must not be named like a field. Received: tags={taken}.")
        for name in ("experiment", "variant", "split", "metric", "unit"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(
                    f"`{name}` must be a string. Received: {name}={getattr(self, name)!r}."
                )
            check_text(getattr(self, name), name, self.metric)
        tags = dict(self.tags)
        check_tags(tags, self.metric)
        for name in ("dataset", "features"):
            if not isinstance(tags.get(name, ""), str | None):
                raise ValueError(
                    f"The tag `{name}` must be a string. Received: {name}={tags[name]!r}."
                )
        if "values" in tags:
            if not isinstance(tags["values"], list | tuple | np.ndarray):
                raise ValueError(
                    f"The tag `values` must be numbers. Received: values={tags['values']!r}."
                )
            tags["values"] = [strict_json.number(value, "values") for value in tags["values"]]
        # The dataclass is frozen, so fields can be converted only here.
        object.__setattr__(self, "seed", strict_json.integer(self.seed, "seed"))
        object.__setattr__(self, "step", strict_json.integer(self.step, "step"))
        if self.step < 0:
            raise ValueError(f"`step` must be 0 or more. Received: step={self.step}.")
        object.__setattr__(self, "value", strict_json.number(self.value, "value"))
        object.__setattr__(self, "tags", tags)

    def to_json(self):
        """One line of strict JSON without its newline: fields, tags by name, then ``values``.

        Non-finite numbers become the strings "NaN", "Infinity" and "-Infinity".
        """
        flat = {name: getattr(self, name) for name in _FIELDS}
        names = sorted(self.tags, key=lambda name: (name == "values", name))
        flat.update((name, self.tags[name]) for name in names)
        return json.dumps(strict_json.encoded(flat), allow_nan=False)

    @classmethod
    def from_json(cls, line):
        """Inverse of ``to_json``; ``ValueError`` says what the line lacks.

        In ``value`` and ``values`` the three strings become numbers; other tags stay as written.
        """
        received = f"Received: line={line[:80]!r}."
        try:
            flat = json.loads(line, parse_constant=strict_json.refuse_constant)
            if "\\u" in line:
                # A lone surrogate cannot be encoded when the row is written again.
                json.dumps(flat, ensure_ascii=False).encode()
        except (RecursionError, ValueError) as error:
            raise ValueError(f"Expected a JSON object ({error}). {received}") from None
        if not isinstance(flat, dict):
            raise ValueError(f"Expected a JSON object. {received}")
        missing = [name for name in _FIELDS if name not in flat]
        if missing:
            raise ValueError(f"A row needs {', '.join(missing)}. {received}")
        fields = {name: flat.pop(name) for name in _FIELDS}
        return cls(**fields, tags=flat)


def rows_files(path: PathLike) -> list[Path]:
    """The files of rows that ``read_rows`` reads, without those of later evaluations beside them.

    Raises:
        FileNotFoundError: if there are none.
    """
    place = arguments.path(path)
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise FileNotFoundError(
            f"Expected a file of rows or a work directory. Received: path={str(place)!r}."
        )
    files = sorted((place / "runs").rglob("rows.jsonl"))
    if not files and (place / "rows.jsonl").is_file():
        files = [place / "rows.jsonl"]
    if not files:
        raise FileNotFoundError(
            "Expected a work directory with rows.jsonl or runs/**/rows.jsonl in it. "
            f"Received: path={str(place)!r}."
        )
    return files


def _read_file(path):
    lines = path.read_bytes().split(b"\n")
    rows = []
    # After the last newline there is nothing, or a row that is being written at this moment.
    for number, line in enumerate(lines[:-1], start=1):
        if line.strip():
            try:
                rows.append(Row.from_json(line.decode("utf-8")))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
    return rows


def read_rows(path: PathLike) -> list[Row]:
    """All rows of a file, or of a work directory.

    A directory is read from ``runs/**/rows.jsonl``, sorted by path, if there are any, else from its
    own ``rows.jsonl``; of a run that was evaluated later, ``evaluation.jsonl`` beside it counts. A
    last line without newline belongs to a writer at work and is left out.

    Args:
        path: file or directory.
    Returns:
        List of ``Row``.
    Raises:
        FileNotFoundError: if there are no such files.
        ValueError: with file and line number, if a line is not a row.
    """
    return [row for rows in rows_by_file(path).values() for row in rows]


def rows_by_file(path: PathLike) -> dict[Path, list[Row]]:
    """As ``read_rows``: {file: its rows}. Those of ``evaluation.jsonl`` are of the file beside."""
    rows = {}
    for file in rows_files(path):
        later = file.with_name(EVALUATION_ROWS)
        rows[file] = _read_file(file)
        if file.name == "rows.jsonl" and later.is_file():
            rows[file] = replaced(rows[file], _read_file(later))
    return rows


def replaced(rows, newer):
    """``rows``, with those that ``newer`` rows measure again replaced by these."""
    same = {_what(row) for row in newer}
    return [*(row for row in rows if _what(row) not in same), *newer]


def _what(row):
    return row.experiment, row.variant, row.seed, row.step, row.split, row.metric, row.tags.get(
        "features"
    )


def write_rows(path: PathLike, rows: Iterable[Row]) -> None:
    """Writes ``rows`` to ``path`` in one move: readers see the old file or the new one."""
    file, rows = arguments.path(path), _all_rows(rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(file, (row.to_json().encode("utf-8") + b"\n" for row in rows))


def _all_rows(rows):
    try:
        found = list(rows)
    except TypeError:
        found = [rows]
    other = [row for row in found if not isinstance(row, Row)]
    if other:
        raise ValueError(
            f"`rows` must be `Row` objects. Received: {type(other[0]).__name__} among them."
        )
    return found


def to_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """``rows`` as a DataFrame: one column per field and per tag, absent tags are None.

    The columns ``dataset`` and ``features`` always exist.
    """
    names = {"dataset": None, "features": None}
    rows = _all_rows(rows)
    for row in rows:
        names.update(dict.fromkeys(row.tags))
    columns = {name: [getattr(row, name) for row in rows] for name in _FIELDS}
    for name in names:
        # dtype object: pandas would turn the missing integers into NaN and the rest into floats.
        columns[name] = pd.Series([row.tags.get(name) for row in rows], dtype=object)
    return pd.DataFrame(columns)


def without_copies(frame, files=None):
    """``frame`` without the rows that repeat another: a copy is no seed of its own.

    Args:
        frame: from ``to_frame``.
        files: the file of each row, for messages, or None.
    Raises:
        ValueError: if two rows differ in nothing but the number that was measured.
    """
    keys = [name for name in _FIELDS if name != "value" and name in frame]
    copied = np.flatnonzero(frame.duplicated(keys, keep=False)) if keys else []
    if not len(copied):
        return frame
    kept = np.ones(len(frame), bool)
    kept[copied] = first_occurrences(
        frame.iloc[copied].to_dict("records"), files and [files[place] for place in copied]
    )
    return frame if kept.all() else frame[kept]


def over_seeds(frame, by=GROUP):
    """Mean and spread over seeds at every step.

    Args:
        frame: from ``to_frame``. Rows that are equal count once.
        by: columns that tell groups apart, without the step.
    Returns:
        DataFrame with the columns ``by``, ``step``, ``mean``, ``sd`` (with n - 1; NaN for a single
        seed) and ``n``. One NaN among the seeds makes the mean NaN.
    Raises:
        ValueError: if columns are missing; as ``without_copies``.
    """
    return _over_seeds(_checked(frame, by), by)[0]


def _checked(frame, by):
    missing = {"value", "seed", "step", *by} - set(getattr(frame, "columns", ()))
    if missing:
        raise ValueError(
            "`frame` must be a DataFrame of `to_frame`. "
            f"Received: {type(frame).__name__} without {', '.join(map(str, sorted(missing)))}."
        )
    return without_copies(frame)


def _over_seeds(frame, by):
    """The table of ``over_seeds``, and for each of its lines the position of a row of it."""
    columns = [*by, "step"]
    group = frame.groupby(columns, dropna=False, sort=True).ngroup().to_numpy()
    values = frame["value"].to_numpy(dtype=np.float64)
    # Sums by hand: pandas leaves NaN out of its means, but a NaN of one seed must be seen, not
    # averaged away. No warnings: the reader is told by the value itself.
    with np.errstate(all="ignore"):
        n = np.bincount(group)
        mean = np.bincount(group, weights=values) / n
        squares = np.bincount(group, weights=(values - mean[group]) ** 2)
        sd = np.sqrt(squares / np.where(n > 1, n - 1, np.nan))
    first = np.unique(group, return_index=True)[1]
    table = frame[columns].iloc[first].reset_index(drop=True)
    return table.assign(mean=mean, sd=sd, n=n), first


def final_values(frame, by=GROUP):
    """Mean and spread over seeds at the last step of each group.

    Runs may end at different steps (a failed or unfinished seed). The mean is taken at the last
    step that any seed of the group reached, over the seeds that reached it: seeds are never mixed
    across steps.

    Args:
        frame: from ``to_frame``. Rows that are equal count once.
        by: columns that tell groups apart; a tag that is NaN counts as absent.
    Returns:
        DataFrame as from ``over_seeds``, one line a group, and ``seeds``: how many seeds the group
        has at any step, so that ``n < seeds`` shows that seeds are missing.
    Raises:
        ValueError: as ``over_seeds``.
    """
    by = list(by)
    frame = _checked(frame, by)
    table, first = _over_seeds(frame, by)
    if table.empty:
        return table.assign(seeds=[])
    # By number, since a NaN does not find itself in a dict.
    group = frame.groupby(by, dropna=False, sort=True).ngroup().to_numpy()
    seeds = frame["seed"].groupby(group).nunique()
    last = table["step"].groupby(group[first]).idxmax()
    return table.loc[last].reset_index(drop=True).assign(seeds=seeds.to_numpy())
