"""The report's tables as HTML: overview, final values of a section, all values, paper tables."""

from html import escape

from tf_infomax.published import published
from tf_infomax.results.display_names import data_set_name
from tf_infomax.results.metrics import described
from tf_infomax.tables import results_table as tables

__all__ = ["all_values", "final_values", "overview", "paper_table"]

_ENDPOINTS = ("conv", "fc", "global")


class _Html(str):
    """Text that is HTML; all other text of a table is escaped."""


def _table(head, body):
    """An HTML table; ``body`` is a list of (row class, cells)."""
    text = "".join(f"<th>{_cell(cell)}</th>" for cell in head)
    lines = [f"<table><thead><tr>{text}</tr></thead><tbody>"]
    for kind, cells in body:
        text = "".join(f"<td>{_cell(cell)}</td>" for cell in cells)
        lines.append(f'<tr class="{kind}">{text}</tr>')
    return "\n".join(lines) + "</tbody></table>"


def _cell(cell):
    return cell if isinstance(cell, _Html) else escape(str(cell))


def _value(record):
    kind = "" if record.is_finite() else ' class="bad"'
    return _Html(f"<span{kind}>{escape(record.text())}</span>")


def overview(frame):
    """A line per variant with its main numbers; variants with failed runs are marked."""
    lines = tables.overviews(frame)
    # Without lines there are only rows of other metrics.
    names = lines[0].values if lines else ()
    columns = [name for name in names if any(line.values[name] for line in lines)]
    body, previous = [], None
    for line in lines:
        place = (line.experiment, line.dataset)
        kind = ("first " if place != previous else "") + ("failed" if line.failures else "")
        name = [line.experiment, data_set_name(line.dataset)]
        body.append((kind.strip(), [
            *(name if place != previous else ("", "")), line.variant, line.seeds,
            f"{line.step:,}", *(line.values[column] for column in columns),
        ]))
        previous = place
    return _table(["experiment", "data set", "variant", "seeds", "step", *columns], body)


def _paper_cell(record):
    key = record.key
    entry = published(key["experiment"], key["metric"], key["split"], record.tags)
    if entry is None:
        return ""
    source = "; ".join(filter(None, (entry.source, entry.table, entry.note)))
    return _Html(f'{escape(entry.text())} <span class="mark">[{escape(source)}]</span>')


def _official_cell(record, official):
    if official is None:
        return ""
    place = (record.key["experiment"], record.key["metric"], record.key["split"])
    return _Html("<br>".join(
        f'{tables.number(value)} <span class="mark">at {step:,}</span>'
        for step, value in official.value_for(*place, record.tags, record.step)
    ))  # fmt: skip


def _place(record):
    """(position among the main values, position of the endpoint, heading), or None."""
    metric, split, features = (record.key[part] for part in ("metric", "split", "features"))
    found = described(metric, split, features)
    if found is None or found[1].heading is None:
        return None
    known = _ENDPOINTS.index(features) if features in _ENDPOINTS else len(_ENDPOINTS)
    return found[0], known, found[1].heading + _raw(record)


def _raw(record):
    """What the name of a value of codes that were not standardised ends with, or empty."""
    return ", raw codes" if record.key["raw_codes"] else ""


def final_values(frame, official):
    """Main final values of a section next to those of the paper and the official code.

    Args:
        frame: rows of one experiment on one data set.
        official: ``published.OfficialCurves`` or None.
    """
    chosen = []
    for record in tables.finals(frame):
        place = _place(record)
        if place is not None:
            chosen.append((record.key["variant"], *place, record))
    # The training bound is shown only for runs without an evaluation of the bound.
    evaluated = {entry[0] for entry in chosen if entry[-1].key["metric"] == "bound"}
    chosen = [
        entry for entry in chosen
        if entry[-1].key["metric"] != "train/bound" or entry[0] not in evaluated
    ]
    chosen.sort(key=lambda entry: entry[:-1])
    body, previous = [], None
    for variant, _, _, heading, record in chosen:
        first = variant != previous
        body.append(("first" if first else "", [
            variant if first else "", heading, _value(record),
            record.key["unit"], record.seeds_text(), f"{record.step:,}",
            _paper_cell(record), _official_cell(record, official),
        ]))
        previous = variant
    head = ["variant", "final value", "ours", "unit", "seeds", "step", "published",
            "official notebook (1 run)"]
    # Columns without any entry are left out.
    for column in (7, 6):
        if not any(cells[column] for _, cells in body):
            head = head[:column] + head[column + 1:]
            body = [(kind, cells[:column] + cells[column + 1:]) for kind, cells in body]
    return _table(head, body)


def all_values(frame):
    """Every final value."""
    body, previous = [], None
    records = sorted(
        tables.finals(frame),
        key=lambda record: (
            tables.paper_order(record.key["experiment"], record.key["dataset"]),
            record.key["variant"],
        ),
    )
    for record in records:
        key = record.key
        place = (key["experiment"], key["dataset"], key["variant"])
        features = f" ({key['features']}{_raw(record)})" if key["features"] else ""
        first = place != previous
        names = [key["experiment"], data_set_name(place[1]), key["variant"]]
        body.append(("first" if first else "", [
            *(names if first else ("", "", "")), key["metric"] + features, key["split"],
            _value(record), key["unit"], record.seeds_text(), f"{record.step:,}",
        ]))
        previous = place
    head = ["experiment", "data set", "variant", "metric", "split", "value", "unit", "seeds"]
    return _table([*head, "step"], body)


def paper_table(table):
    """A ``paper_records.PaperTable`` with heading, warning and legend."""
    has_probes = any(line.probe_epochs for line in table.lines)
    head = ["system", "epochs trained", *(["probe epochs"] * has_probes), "seeds"]
    has_published = table.has_published()
    for column, has in zip(table.columns, has_published, strict=True):
        head += [_Html(f"{escape(column.name)}<br>ours"), *([_Html("<br>published")] * has)]
    body = []
    for line in table.lines:
        epochs = table.epochs_text(line)
        if table.is_shorter(line):
            epochs = _Html(f'<span class="short">{escape(epochs)}</span>')
        cells = [line.label, epochs, *([line.probe_epochs] * has_probes), line.seeds]
        for cell, has in zip(line.cells, has_published, strict=True):
            theirs = escape(cell.published_text())
            mark = _Html(f'<span class="mark">{theirs}</span>') if theirs else ""
            cells += [
                _Html(f"<strong>{escape(cell.text())}</strong>") if cell.ours else "",
                *([mark] * has),
            ]
        body.append(("first", cells))
    warning = f'<p class="short">{escape(table.warning())}</p>' if table.warning() else ""
    legend = " ".join(table.legend())
    return (
        f"<h3>{escape(table.title)}</h3>\n<p class=\"lead\">{escape(table.caption)}.</p>{warning}\n"
        f'<div class="scroll">{_table(head, body)}</div>\n<p class="mark">{escape(legend)}</p>'
    )
