"""One self-contained HTML page from any set of work directories."""

import base64
import datetime
import json
import os
import platform
from collections import Counter
from html import escape
from pathlib import Path

from tf_infomax import plots, tables
from tf_infomax.page import page
from tf_infomax.plots.style import data_set_name
from tf_infomax.published import PAPER, claim, published, read_official_curves
from tf_infomax.results import to_frame
from tf_infomax.sections import collect, sections_of
from tf_infomax.tables import summary_table

__all__ = ["collect", "make_report", "summary_table", "write_figures"]

# What stands beside published values, in this order: metric, split, features, heading.
_MAIN = (
    ("probe/linear/accuracy", "test", "code", "accuracy, codes"),
    ("probe/linear/accuracy", "test", "pixels", "accuracy, raw pixels"),
    ("bound", "test", None, "bound, test pairs"),
    ("bound", "train", None, "bound, training pairs"),
    ("train/bound", "train", None, "bound in training"),
    ("mutual_information", "test", None, "true mutual information"),
    ("log_condition_number", "train", None, "median log condition number"),
)
_ABOUT_THE_RUN = ("command", "started", "created", "date", "machine", "platform", "cores", "host")


def _table(head, body):
    """An HTML table; cells are HTML, ``body`` a list of (row class, cells)."""
    text = "".join(f"<th>{cell}</th>" for cell in head)
    lines = [f"<table><thead><tr>{text}</tr></thead><tbody>"]
    for kind, cells in body:
        text = "".join(f"<td>{cell}</td>" for cell in cells)
        lines.append(f'<tr class="{kind}">{text}</tr>')
    return "\n".join(lines) + "</tbody></table>"


def _value(record):
    kind = "" if record.is_finite() else ' class="bad"'
    return f"<span{kind}>{escape(record.text())}</span>"


def _overview(frame):
    lines = tables.overviews(frame)
    columns = [name for name in lines[0].values if any(line.values[name] for line in lines)]
    body, previous = [], None
    for line in lines:
        place = (line.experiment, line.dataset)
        kind = ("first " if place != previous else "") + ("failed" if line.failures else "")
        name = [escape(line.experiment), escape(data_set_name(line.dataset))]
        body.append((kind.strip(), [
            *(name if place != previous else ("", "")), escape(line.variant), line.seeds,
            f"{line.step:,}", *(escape(line.values[column]) for column in columns),
        ]))
        previous = place
    return _table(["experiment", "data set", "variant", "seeds", "step", *columns], body)


def _paper_cell(record):
    key = record.key
    entry = published(key["experiment"], key["metric"], key["split"], record.tags)
    if entry is None:
        return ""
    note = f"; {entry.note}" if entry.note else ""
    return f'{entry.text()} <span class="mark">[{entry.source}{escape(note)}]</span>'


def _official_cell(record, official):
    if official is None:
        return ""
    place = (record.key["experiment"], record.key["metric"], record.key["split"])
    return "<br>".join(
        f'{tables.number(value)} <span class="mark">at {step:,}</span>'
        for step, value in official.value_for(*place, record.tags, record.step)
    )


def _final_table(section, official):
    """Main final values of a section next to what the paper and the official code say."""
    chosen, names = [], [entry[:3] for entry in _MAIN]
    for record in tables.finals(section.frame):
        name = tuple(record.key[part] for part in ("metric", "split", "features"))
        if name in names:
            chosen.append((record.key["variant"], names.index(name), record))
    # Only runs without an evaluation of the bound are judged by that of their training steps.
    evaluated = {entry[0] for entry in chosen if _MAIN[entry[1]][0] == "bound"}
    chosen = [
        entry for entry in chosen
        if _MAIN[entry[1]][0] != "train/bound" or entry[0] not in evaluated
    ]
    chosen.sort(key=lambda entry: entry[:2])
    body, previous = [], None
    for variant, position, record in chosen:
        first = variant != previous
        body.append(("first" if first else "", [
            escape(variant) if first else "", _MAIN[position][3], _value(record),
            escape(record.key["unit"]), record.seeds_text(), f"{record.step:,}",
            _paper_cell(record), _official_cell(record, official),
        ]))
        previous = variant
    head = ["variant", "final value", "ours", "unit", "seeds", "step", "published",
            "official notebook (1 run)"]
    # A column without any entry says nothing.
    for column in (7, 6):
        if not any(cells[column] for _, cells in body):
            head = head[:column] + head[column + 1:]
            body = [(kind, cells[:column] + cells[column + 1:]) for kind, cells in body]
    return _table(head, body)


def _failures(section):
    found = section.frame[section.frame["metric"] == tables.FAILURE]
    if found.empty:
        return ""
    items = "".join(
        f"<li>{escape(row['variant'])}, seed {row['seed']}: stopped, the loss was not finite "
        f"at step {int(row['value']):,}.</li>"
        for row in found.sort_values(["variant", "seed"]).to_dict("records")
    )
    return (
        f'<div class="failure"><strong>Failed runs ({len(found)})</strong><ul>{items}</ul>'
        "Their rows up to there are part of the curves; final values are means over the seeds "
        "that reached the step given.</div>"
    )


def _documents(section):
    """(name, text) of the experiment.json files that describe a section: directory, first run."""
    for source in section.sources:
        if not source.path.is_dir():
            continue
        runs = sorted((source.path / "runs" / section.experiment).rglob("experiment.json"))
        for file in filter(Path.is_file, (source.path / "experiment.json", *runs[:1])):
            name = f"{source.path.name}/{file.relative_to(source.path)}"
            if file in runs and len(runs) > 1:
                name += f" (the first of {len(runs)} runs)"
            yield name, file.read_text(encoding="utf-8", errors="replace")


def _settings(section):
    parts, facts = [], {}
    for name, text in _documents(section):
        try:
            document = json.loads(text)
            text = json.dumps(document, indent=2)
        except ValueError:
            document = None
        if isinstance(document, dict):
            for key in _ABOUT_THE_RUN:
                if key in document:
                    facts.setdefault(key, document[key])
        parts.append(
            f"<details><summary>Settings: {escape(name)}</summary><pre>{escape(text)}</pre>"
            "</details>"
        )
    made = "".join(
        f"<dt>{escape(key)}</dt><dd>{_fact(value)}</dd>" for key, value in facts.items()
    )
    return (f'<dl class="made">{made}</dl>' if made else "") + "".join(parts)


def _fact(value):
    if isinstance(value, list):
        value = " ".join(map(str, value))
    elif isinstance(value, dict):
        value = ", ".join(f"{key}: {entry}" for key, entry in value.items())
    return f"<code>{escape(str(value))}</code>"


def _section(section, official):
    drawing = plots.draw(section.experiment, section.frame, official)
    data = base64.b64encode(plots.image(drawing.figure)).decode("ascii")
    known = claim(section.experiment)
    official = official if official is not None and section.dataset == official.dataset else None
    says = ""
    if known:
        says = (
            f'<p class="claim"><strong>The paper</strong> ({known.section}, {known.figure}): '
            f"{known.text}</p>"
        )
    runs = section.frame.groupby(["variant", "seed"])
    seeds = Counter(variant for variant, _ in runs.groups).values()
    if max(seeds) == 1:
        spread = "There is one seed a variant, so there are no bands."
    else:
        number = f"{min(seeds)} to {max(seeds)}" if min(seeds) < max(seeds) else f"{max(seeds)}"
        spread = f"Lines are means over {number} seeds, bands one standard deviation either side."
    return f"""<section id="{escape(section.anchor)}">
<h2>{escape(section.title)}</h2>
{says}{_failures(section)}
<figure><img alt="{escape(section.title)}" src="data:image/svg+xml;base64,{data}">
<figcaption>{escape(drawing.caption)} {spread}</figcaption></figure>
<h3>Final values</h3>
<div class="scroll">{_final_table(section, official)}</div>
{_settings(section)}
</section>"""


def _all_values(frame):
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
        features = f" ({key['features']})" if key["features"] else ""
        first = place != previous
        names = [escape(key["experiment"]), escape(data_set_name(place[1])), escape(key["variant"])]
        body.append(("first" if first else "", [
            *(names if first else ("", "", "")), escape(key["metric"] + features), key["split"],
            _value(record), escape(key["unit"]), record.seeds_text(), f"{record.step:,}",
        ]))
        previous = place
    head = ["experiment", "data set", "variant", "metric", "split", "value", "unit", "seeds"]
    return _table([*head, "step"], body)


def _count(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _write(path, text):
    """Replaces ``path`` in one move, so that an open report is never half a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def make_report(paths, output, official_curves=None):
    """Writes the report of some work directories: figures, tables, settings, all in one file.

    Args:
        paths: work directories or files of rows, of one or several experiments.
        output: path of the HTML file.
        official_curves: path of a CSV of the official code's curves on MNIST, to draw and print
            beside ours, or None.
    Returns:
        ``pathlib.Path`` of the page.
    Raises:
        FileNotFoundError, ValueError: as ``collect`` and ``read_official_curves``; ValueError if
            ``output`` is a directory.
    """
    output = Path(output)
    if output.is_dir():
        raise ValueError(f"Expected a file name for the report. Received: output={str(output)!r}.")
    official = read_official_curves(official_curves) if official_curves else None
    sources = collect(paths)
    sections = sections_of(sources)
    everything = to_frame([row for source in sources for row in source.rows])
    runs = everything.groupby(["experiment", "dataset", "variant", "seed"], dropna=False).ngroups
    failed = int((everything["metric"] == tables.FAILURE).sum())
    now = datetime.datetime.now().astimezone()
    text = page(
        title="Mutual information maximisation",
        lead=_count(runs, "run") + " of "
        + _count(everything["experiment"].nunique(), "experiment")
        + (f', <span class="bad">{failed} failed</span>' if failed else ""),
        contents=[(section.anchor, section.title) for section in sections],
        overview=_overview(everything),
        sections=[_section(section, official) for section in sections],
        all_values=_all_values(everything),
        paper=PAPER,
        sources=[str(source.path) for source in sources],
        made=f"{now:%Y-%m-%d %H:%M %Z} on {platform.platform()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}",
    )
    _write(output, text)
    return output


def write_figures(paths, directory, official_curves=None):
    """Writes the report's figures as PNG files, one for each experiment and data set.

    Args:
        paths, official_curves: as for ``make_report``.
        directory: receives ``<experiment>-<dataset>.png``; made if missing.
    Returns:
        List of ``pathlib.Path``.
    """
    official = read_official_curves(official_curves) if official_curves else None
    directory = Path(directory)
    sections = sections_of(collect(paths))
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for section in sections:
        drawing = plots.draw(section.experiment, section.frame, official)
        written.append(directory / f"{section.anchor}.png")
        written[-1].write_bytes(plots.image(drawing.figure, "png"))
    return written
