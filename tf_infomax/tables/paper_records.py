"""The records of a table of the paper: cells with our value and the published one, and lines."""

import math
from dataclasses import dataclass

from tf_infomax.published import Published
from tf_infomax.results.display_names import data_set_name
from tf_infomax.tables.paper_layouts import PAPER_EPOCHS, TRAINING_IMAGES, Column
from tf_infomax.tables.results_table import Final

__all__ = ["Cell", "Line", "PaperTable", "epochs_of", "epochs_text", "is_probe"]

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


def epochs_text(epochs):
    """A number of epochs, short; empty for ``None``."""
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
        text, theirs = epochs_text(line.epochs), PAPER_EPOCHS.get(self.dataset)
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
        counts = dict.fromkeys(epochs_text(epochs) for epochs in (min(short), max(short)))
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
            if epochs is not None and not is_probe(cell.column):
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


def is_probe(column):
    """Whether a column is an accuracy of the MLP probe."""
    return column.metric == "probe/mlp/accuracy"
