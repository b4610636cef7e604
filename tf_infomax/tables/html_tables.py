"""The report's tables as data: overview, final values of a section, all values, paper tables."""

import dataclasses

from tf_infomax.naming.natural_order import natural_key
from tf_infomax.published import published
from tf_infomax.results.display_names import data_set_name
from tf_infomax.results.metrics import described
from tf_infomax.tables import results_table as tables
from tf_infomax.tables.cells import Cell, Line, Table, cell, number, table

__all__ = [
    "ShownTable", "all_values", "claims", "estimate_values", "final_values", "overview",
    "paper_table",
]

_ENDPOINTS = ("conv", "fc", "global")
_VERDICTS = {"seen": "seen", "unclear": "unclear"}


def _value(record):
    return number(record.text(), kind="" if record.is_finite() else "bad")


def claims(found):
    """A line per number of every claim.

    Args:
        found: list of ``seen_claims.SeenClaim``.
    Returns:
        ``Table``, or ``None`` without claims.
    """
    body = []
    for one in found:
        for place, measured in enumerate(one.numbers):
            first = place == 0
            body.append(("first" if first else "", [
                cell(one.verdict, _VERDICTS.get(one.verdict, "bad")) if first else "",
                cell(one.claim, mark=f"({one.source})", look="prose") if first else "",
                measured.name, number(measured.before_text()), number(measured.value_text()),
            ]))
    return table(["verdict", "claim", "measured", "step 0", "last step"], body) if body else None


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
            *(name if place != previous else ("", "")), line.variant, number(line.seeds),
            number(f"{line.step:,}"), *(number(line.values[column]) for column in columns),
        ]))
        previous = place
    return table(["experiment", "data set", "variant", "seeds", "step", *columns], body)


def _paper_cell(record):
    key = record.key
    entry = published(key["experiment"], key["metric"], key["split"], record.tags)
    if entry is None:
        return ""
    source = "; ".join(filter(None, (entry.source, entry.table, entry.note)))
    return number(entry.text(), mark=f"[{source}]")


def _official_cell(record, official):
    if official is None:
        return ""
    place = (record.key["experiment"], record.key["metric"], record.key["split"])
    return Cell(
        tuple(
            Line(tables.number(value), f"at {step:,}")
            for step, value in official.value_for(*place, record.tags, record.step)
        ),
        look="number",
    )


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
    chosen.sort(key=lambda entry: (natural_key(entry[0]), *entry[1:-1]))
    body, previous = [], None
    for variant, _, _, heading, record in chosen:
        first = variant != previous
        body.append(("first" if first else "", [
            variant if first else "", heading, _value(record),
            record.key["unit"], number(record.seeds_text()), number(f"{record.step:,}"),
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
    return table(head, body)


def all_values(frame):
    """Every final value."""
    body, previous = [], None
    records = sorted(
        tables.finals(frame),
        key=lambda record: (
            tables.paper_order(record.key["experiment"], record.key["dataset"]),
            natural_key(record.key["variant"]),
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
            _value(record), key["unit"], number(record.seeds_text()), number(f"{record.step:,}"),
        ]))
        previous = place
    head = ["experiment", "data set", "variant", "metric", "split", "value", "unit", "seeds"]
    return table([*head, "step"], body)


@dataclasses.dataclass(frozen=True)
class ShownTable:
    """A table of a paper: heading, caption, a warning or "", the table, and its legend."""

    title: str
    caption: str
    warning: str
    table: Table
    legend: str


def paper_table(shown):
    """A ``paper_records.PaperTable`` as a ``ShownTable``."""
    has_probes = any(line.probe_epochs for line in shown.lines)
    head = ["system", "epochs trained", *(["probe epochs"] * has_probes), "seeds"]
    has_published = shown.has_published()
    for column, has in zip(shown.columns, has_published, strict=True):
        head += [
            Cell((Line(column.name), Line("ours"))),
            *([Cell((Line(""), Line("published")))] * has),
        ]
    body = []
    for line in shown.lines:
        epochs = number(shown.epochs_text(line), "short" if shown.is_shorter(line) else "")
        cells = [
            line.label, epochs, *([number(line.probe_epochs)] * has_probes), number(line.seeds)
        ]
        for value, has in zip(line.cells, has_published, strict=True):
            theirs = number(value.published_text(), "mark") if value.published_text() else ""
            cells += [number(value.text(), "ours") if value.ours else "", *([theirs] * has)]
        body.append(("first", cells))
    return ShownTable(
        shown.title, shown.caption, shown.warning() or "", table(head, body),
        " ".join(shown.legend()),
    )


def estimate_values(value, error, ends, confidence):
    """The value of one estimate, its error and its interval, in nats and bits.

    Args:
        value, error, ends: dicts with the keys "nats" and "bits"; ``ends`` holds pairs.
        confidence: text, "95 %".
    """
    units = ("nats", "bits")
    return table(["quantity", *units], [
        ("", ["estimate", *(number(f"{value[unit]:.4f}") for unit in units)]),
        ("", ["standard error", *(number(f"{error[unit]:.4f}") for unit in units)]),
        ("", [f"{confidence} interval",
              *(number("{:.4f} to {:.4f}".format(*ends[unit])) for unit in units)]),
    ])  # fmt: skip
