"""Tables 1 to 5 of Hjelm et al. (2019) with our numbers beside the published ones, as records.

A table is made for each data set that has rows of its systems. The report and the Markdown printer
show the same records.
"""

import math
from collections import Counter
from dataclasses import dataclass

from tf_infomax.published import Published, published
from tf_infomax.results.display_names import data_set_name, display_name
from tf_infomax.tables.paper_layouts import LAYOUTS, PAPER_EPOCHS, TRAINING_IMAGES, Column
from tf_infomax.tables.results_table import Final, finals

__all__ = ["Cell", "Line", "PaperTable", "epochs_of", "markdown", "paper_tables"]

# Letters for the sources in narrow cells.
_LETTERS = {
    "recalled, unverified": "R",
    "paper (read)": "S",
    "paper, quoted in issue #34 of its code": "P",
}
# Our trainings count as shorter than the paper's below this fraction of its epochs.
_AS_LONG = 0.9


def epochs_of(record):
    """Epochs trained: steps times batch over training images, or None if that is not known.

    Args:
        record: ``tables.Final``.
    """
    images = TRAINING_IMAGES.get(record.key["dataset"])
    batch_size = record.tags.get("batch_size")
    return record.step * batch_size / images if images and batch_size else None


def _epochs_text(epochs):
    if epochs is None:
        return ""
    return f"{epochs:,.0f}" if epochs >= 9.95 or epochs == 0 else f"{epochs:.1f}"


@dataclass(frozen=True)
class Cell:
    """Our value and the published value of a system in a column.

    Args:
        column: ``table_layouts.Column``.
        ours: ``tables.Final`` or None.
        published: ``published.Published`` or None.
        spread: ``Final`` of the sd over the fits to one encoder, or None.
        note: a remark on our value, or empty.
    """

    column: Column
    ours: Final | None = None
    published: Published | None = None
    spread: Final | None = None
    note: str = ""

    def text(self):
        """Our mean, and its sd over seeds (over fits if there are several)."""
        if self.ours is None:
            return ""
        sd = self.ours.sd if self.spread is None else self.spread.mean
        text = self._number(self.ours.mean)
        if math.isfinite(sd):
            text += f" \u00b1 {self._number(sd)}"
        return text + (f" ({self.note})" if self.note else "")

    def published_text(self):
        """The published value, its spread, and the letter of its source; or empty."""
        entry = self.published
        if entry is None:
            return ""
        values = [entry.low] if entry.sd is None else [entry.low, entry.sd]
        text = " \u00b1 ".join(f"{self.column.factor * value:.2f}" for value in values)
        return f"{text} {_LETTERS.get(entry.source, entry.source)}"

    def _number(self, value):
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else ("infinite" if value > 0 else "-infinite")
        return f"{self.column.factor * value:.{self.column.decimals}f}"


@dataclass(frozen=True)
class Line:
    """A system of a table: one of our variants, or none yet.

    Args:
        label: the paper's name, and the variant's if several belong to that system.
        cells: a ``Cell`` for each column.
        epochs: epochs of our training, or None.
        probe_epochs: epochs of the MLP probes, as text, or empty.
        seeds: seeds behind the numbers, as text, or empty.
    """

    label: str
    cells: list
    epochs: float | None = None
    probe_epochs: str = ""
    seeds: str = ""


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper for one data set.

    Args:
        name: "Table 1".
        dataset: tag of its rows.
        caption: what the numbers are, in words.
        columns: list of ``table_layouts.Column``.
        lines: list of ``Line``, in the order of the paper.
    """

    name: str
    dataset: str
    caption: str
    columns: list
    lines: list

    @property
    def title(self):
        """Heading, such as "Table 1: CIFAR-10"."""
        return f"{self.name}: {data_set_name(self.dataset)}"

    def epochs_text(self, line):
        """Our epochs out of the paper's: "8 of 1,000"."""
        text, theirs = _epochs_text(line.epochs), PAPER_EPOCHS.get(self.dataset)
        return f"{text} of {theirs[0]:,}" if line.epochs and theirs else text

    def is_shorter(self, line):
        """Whether our variant was trained, but for less than nine tenths of the paper's epochs."""
        theirs = PAPER_EPOCHS.get(self.dataset)
        return bool(theirs and line.epochs and line.epochs < _AS_LONG * theirs[0])

    def has_published(self):
        """Whether there is a published value in each of the columns."""
        return [
            any(line.cells[position].published is not None for line in self.lines)
            for position in range(len(self.columns))
        ]

    def warning(self):
        """A remark on how much shorter our variants were trained; or empty."""
        short = [line.epochs for line in self.lines if self.is_shorter(line)]
        if not short:
            return ""
        counts = dict.fromkeys(_epochs_text(epochs) for epochs in (min(short), max(short)))
        epochs, source = PAPER_EPOCHS[self.dataset]
        return (
            f"Ours: {' to '.join(counts)} epochs of training; the paper: {epochs:,} ({source}). "
            "Compare the order of the systems, not the level of the numbers."
        )

    def legend(self):
        """Sentences below the table: sources, remarks on published cells, our budgets."""
        cells = [cell for line in self.lines for cell in line.cells]
        entries = [cell.published for cell in cells if cell.published is not None]
        sentences = []
        if not entries:
            sentences.append("The paper has no numbers on this data set.")
        marks = [
            f"{letter}: {source}"
            for source, letter in _LETTERS.items()
            if source in {entry.source for entry in entries}
        ]
        if marks:
            sentences.append(f"Published values by their source: {'; '.join(marks)}.")
        sentences += self._remarks()
        budgets = {}
        for cell in cells:
            epochs = None if cell.ours is None else cell.ours.tags.get("epochs")
            if epochs is not None and not _is_probe(cell.column):
                budgets.setdefault(_short(cell.column), set()).add(int(epochs))
        if budgets:
            parts = (
                f"{name} {' or '.join(f'{epochs:,}' for epochs in sorted(found))}"
                for name, found in budgets.items()
            )
            sentences.append(f"Epochs of our estimators: {', '.join(parts)}.")
        return sentences

    def _remarks(self):
        """The notes on published cells, each once, by systems or else by columns."""
        cells = [
            (line.label, _short(cell.column), cell.published.note.split("; "))
            for line in self.lines
            for cell in line.cells
            if cell.published is not None
        ]
        for remark in dict.fromkeys(note for *_, notes in cells for note in notes if note):
            labels = dict.fromkeys(label for label, _, notes in cells if remark in notes)
            columns = dict.fromkeys(column for _, column, notes in cells if remark in notes)
            whole = all(remark in notes for label, _, notes in cells if label in labels)
            yield f"Published for {', '.join(labels if whole else columns)}: {remark}."


def _short(column):
    return column.name.split(",")[0]


def _is_probe(column):
    return column.metric == "probe/mlp/accuracy"


def paper_tables(frame):
    """The tables that ``frame`` has numbers for.

    Args:
        frame: rows of any experiments and data sets, from ``results.to_frame``.
    Returns:
        List of ``PaperTable``, in the paper's order and by data set. A cell without rows lacks
        ``ours``; a table with only such cells is left out (systems that are listed only for
        comparison do not count), and so are lines and columns without any values.
    """
    known = {system.experiment for layout in LAYOUTS for system in layout.systems}
    runs = {}
    for record in finals(frame[frame["experiment"].isin(known)]):
        key = record.key
        place = (key["experiment"], key["variant"])
        runs.setdefault(key["dataset"], {}).setdefault(place, []).append(record)
    tables = [
        _table(layout, dataset, runs[dataset])
        for layout in LAYOUTS
        for dataset in sorted(runs, key=str)
        if layout.is_for(dataset)
    ]
    return [table for table in tables if table is not None]


def _table(layout, dataset, runs):
    lines, counts = [], False
    remaining = dict(runs)
    for system in layout.systems:
        matching = [
            place for place, records in remaining.items()
            if system.matches(place[0], records[0].tags)
        ]
        own = [
            (place[1], _line(layout, system, dataset, remaining.pop(place)))
            for place in sorted(matching)
        ]
        own = [(variant, line) for variant, line in own if any(c.ours for c in line.cells)]
        labels = Counter(line.label for _, line in own)
        for variant, line in own:
            # Variants with equal labels are a sweep over something that the paper keeps fixed.
            label = f"{line.label} ({variant})" if labels[line.label] > 1 else line.label
            lines.append(Line(label, line.cells, line.epochs, line.probe_epochs, line.seeds))
        counts |= bool(own) and not system.borrowed
        if not own:
            lines.append(_line(layout, system, dataset, []))
    if not counts:
        return None
    lines = [line for line in lines if any(c.ours or c.published for c in line.cells)]
    kept = [
        position
        for position in range(len(layout.columns))
        if any(line.cells[position].ours or line.cells[position].published for line in lines)
    ]
    lines = [
        Line(line.label, [line.cells[p] for p in kept], line.epochs, line.probe_epochs, line.seeds)
        for line in lines
    ]
    columns = [layout.columns[position] for position in kept]
    return PaperTable(layout.name, dataset, layout.caption, columns, lines)


def _line(layout, system, dataset, records):
    by_kind = {
        tuple(record.key[part] for part in ("metric", "split", "features")): record
        for record in records
    }
    kinds = [(column.metric, column.split, column.features) for column in layout.columns]
    found = [by_kind[kind] for kind in kinds if kind in by_kind]
    step = max((record.step for record in found), default=0)
    cells = []
    for column, kind in zip(layout.columns, kinds, strict=True):
        ours = by_kind.get(kind)
        # The bound matters only if the paper's line names it.
        tags = {"dataset": dataset, "features": column.features, **system.tags}
        entry = published(system.experiment, column.metric, column.split, tags, layout.name)
        spread = by_kind.get((column.spread, column.split, column.features))
        early = ours is not None and ours.step < step
        note = f"after {_epochs_text(epochs_of(ours))} epochs" if early else ""
        cells.append(Cell(column, ours, entry, spread, note))
    label = system.label
    if system.tells_bound and records and records[0].tags.get("bound"):
        label += f", {display_name('bound', records[0].tags['bound'])}"
    last = next((record for record in found if record.step == step), None)
    probes = {c.ours.tags.get("epochs") for c in cells if c.ours and _is_probe(c.column)} - {None}
    return Line(
        label,
        cells,
        None if last is None else epochs_of(last),
        " or ".join(f"{int(epochs):,}" for epochs in sorted(probes)),
        "" if last is None else last.seeds_text(),
    )


def markdown(tables):
    """``tables`` (from ``paper_tables``) as Markdown text, for a page; no final newline."""
    return "\n\n".join(_markdown(table) for table in tables)


def _markdown(table):
    has_probes = any(line.probe_epochs for line in table.lines)
    head = ["system", "epochs", *(["probe epochs"] * has_probes), "seeds"]
    has_published = table.has_published()
    for column, has in zip(table.columns, has_published, strict=True):
        head += [f"{column.name}, **ours**", *(["paper"] * has)]
    rows = [head, ["---"] * len(head)]
    for line in table.lines:
        probe = [line.probe_epochs] * has_probes
        row = [line.label, table.epochs_text(line), *probe, line.seeds]
        for cell, has in zip(line.cells, has_published, strict=True):
            row += [f"**{cell.text()}**" if cell.ours else "", *([cell.published_text()] * has)]
        rows.append(row)
    text = [f"**{table.title}.** {table.caption}. {table.warning()}".rstrip(), ""]
    text += [f"| {' | '.join(row)} |" for row in rows]
    legend = table.legend()
    return "\n".join([*text, *(["", " ".join(legend)] if legend else [])])
