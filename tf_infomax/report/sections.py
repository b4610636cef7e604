"""Rows of several work directories, sorted into the sections of a report."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tf_infomax.naming.paths import short_name
from tf_infomax.published import claim
from tf_infomax.results.display_names import data_set_name
from tf_infomax.results.rows import rows_by_file, to_frame, without_copies
from tf_infomax.tables.results_table import paper_order

__all__ = ["Section", "Source", "collect", "file_name", "sections_of", "with_rows"]


_DIGITS = 8  # of a hash that tells names apart


@dataclass(frozen=True)
class Source:
    """A work directory (or a file of rows) and the rows that were read from it."""

    path: Path
    rows: list


@dataclass(frozen=True)
class Section:
    """One experiment on one data set: its rows as a frame, and their sources."""

    experiment: str
    dataset: str | None
    frame: object
    sources: list

    @property
    def anchor(self):
        """Fragment of the section's address, and the name of its figure; of no other section.

        Usually the names of experiment and data set. Where these could be those of another
        section, a hash follows.
        """
        parts = (self.experiment, *([] if self.dataset is None else [self.dataset]))
        # A hyphen in the first part, or an empty second one: they could be parted otherwise.
        is_unclear = "-" in self.experiment or "" in parts
        return _plain("-".join(filter(None, parts)), parts, is_unclear)

    @property
    def title(self):
        """Heading: the experiment and its data set."""
        known = claim(self.experiment)
        name = known.title if known else self.experiment
        return f"{name} \u00b7 {data_set_name(self.dataset)}" if self.dataset else name


def collect(paths):
    """Reads work directories and checks that no run occurs twice with different rows.

    Args:
        paths: directories or files of rows; the same one given twice counts once.
    Returns:
        List of ``Source``. A run with equal rows in two of them is kept in the first.
    Raises:
        FileNotFoundError, ValueError: if there is nothing to read, if two sources hold different
            rows under the same experiment, data set, variant and seed, or if the files of one hold
            rows that differ only in the number that was measured. Equal rows count once.
    """
    sources, owners = [], {}
    for path in dict.fromkeys(Path(path).resolve() for path in paths):
        runs = {}
        for row in _distinct(path):
            key = (row.experiment, row.tags.get("dataset"), row.variant, row.seed)
            runs.setdefault(key, []).append(row)
        kept = []
        for key, rows in runs.items():
            owner, known = owners.setdefault(key, (path, rows))
            if owner == path:
                kept += rows
            elif _lines(known) != _lines(rows):
                raise ValueError(
                    f"Two sources hold different rows of {key[0]}/{key[2]}, seed {key[3]}, data "
                    f"set {key[1]}; give only one of them. "
                    f"Received: paths={[str(owner), str(path)]}."
                )
        sources.append(Source(path, kept))
    if not any(source.rows for source in sources):
        raise ValueError(
            "There are no rows yet; let the runs reach their first evaluation. "
            f"Received: paths={[str(path) for path in paths]}."
        )
    return sources


def _distinct(path):
    """The rows of a source, each once: a run's folder may have been copied inside it."""
    found = [(row, file) for file, rows in rows_by_file(path).items() for row in rows]
    rows, files = (list(part) for part in zip(*found, strict=True)) if found else ([], [])
    return [rows[place] for place in without_copies(to_frame(rows), files).index]


def with_rows(paths):
    """Sorts paths into (those that can hold rows, the others), as a shell's ``results/*`` needs it.

    A directory holds rows if it has a file of them; a file, if it ends in ``.jsonl``. What does not
    exist is kept, for the error that names it.
    """
    kept, others = [], []
    for path in map(Path, paths):
        if path.is_dir():
            found = (path / "rows.jsonl").is_file() or any((path / "runs").rglob("rows.jsonl"))
        else:
            found = path.suffix == ".jsonl" or not path.exists()
        (kept if found else others).append(path)
    return kept, others


def _lines(rows):
    return sorted(row.to_json() for row in rows)


def sections_of(sources):
    """The report's sections, in the paper's order: a list of ``Section``."""
    rows, contributors = {}, {}
    for source in sources:
        for row in source.rows:
            key = (row.experiment, row.tags.get("dataset"))
            rows.setdefault(key, []).append(row)
            contributors.setdefault(key, {})[source.path] = source
    return [
        Section(*key, to_frame(rows[key]), list(contributors[key].values()))
        for key in sorted(rows, key=lambda key: paper_order(*key))
    ]


def file_name(name, ending):
    """A valid file name, whatever characters the rows' names have: different for different ones."""
    return short_name(_plain(name, name), len(ending)) + ending


def _plain(name, whole, is_unclear=False):
    """``name`` as part of a path; with a hash of ``whole`` if a character was replaced for it."""
    plain = name.replace("/", "-").replace("\0", "-")
    if plain == name and not is_unclear:
        return plain
    digest = hashlib.sha256(repr(whole).encode()).hexdigest()[:_DIGITS]
    return f"{plain}-{digest}"
