"""Tables 1 to 5 of Hjelm et al. (2019) with our numbers beside the published ones, as records.

A table is made for each data set that has rows of its systems. The report and the Markdown printer
show the same records.
"""

from collections import Counter

from tf_infomax.published import published
from tf_infomax.results.display_names import display_name
from tf_infomax.tables import markdown_text
from tf_infomax.tables.paper_layouts import LAYOUTS
from tf_infomax.tables.paper_records import (
    Cell,
    Line,
    PaperTable,
    epochs_of,
    epochs_text,
    is_probe,
)
from tf_infomax.tables.results_table import finals

__all__ = ["markdown", "paper_tables"]


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
        tuple(record.key[part] for part in ("metric", "split", "features", "raw_codes")): record
        for record in records
    }
    kinds = [
        (column.metric, column.split, column.features, column.raw_codes)
        for column in layout.columns
    ]
    found = [by_kind[kind] for kind in kinds if kind in by_kind]
    step = max((record.step for record in found), default=0)
    cells = []
    for column, kind in zip(layout.columns, kinds, strict=True):
        ours = by_kind.get(kind)
        # The bound matters only if the paper's line names it.
        tags = {"dataset": dataset, "features": column.features, **system.tags}
        entry = None
        if not column.raw_codes:
            entry = published(system.experiment, column.metric, column.split, tags, layout.name)
        spread = by_kind.get((column.spread, column.split, column.features, False))
        early = ours is not None and ours.step < step
        note = f"after {epochs_text(epochs_of(ours))} epochs" if early else ""
        cells.append(Cell(column, ours, entry, spread, note))
    label = system.label
    if system.tells_bound and records and records[0].tags.get("bound"):
        label += f", {display_name('bound', records[0].tags['bound'])}"
    last = next((record for record in found if record.step == step), None)
    probes = {c.ours.tags.get("epochs") for c in cells if c.ours and is_probe(c.column)} - {None}
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
    title = markdown_text.escaped(table.title)
    text = [f"**{title}.** {table.caption}. {table.warning()}".rstrip(), ""]
    text += [markdown_text.row(row) for row in rows]
    legend = markdown_text.escaped(" ".join(table.legend()))
    return "\n".join([*text, *(["", legend] if legend else [])])
