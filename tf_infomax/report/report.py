"""One self-contained HTML page from any set of work directories."""

import base64
import datetime
import json
import os
import platform
from collections import Counter
from html import escape
from pathlib import Path

from tf_infomax import plots
from tf_infomax.naming.files import write_text
from tf_infomax.published import claim, papers_of, read_official_curves
from tf_infomax.report.page import figure, page
from tf_infomax.report.sections import collect, file_name, sections_of
from tf_infomax.results.display_names import data_set_name
from tf_infomax.results.metrics import INPUTS_CHANGED, NON_FINITE
from tf_infomax.results.rows import to_frame
from tf_infomax.tables import html_tables, verdict_tables
from tf_infomax.tables.paper_tables import markdown, paper_tables
from tf_infomax.tables.results_table import summary_table
from tf_infomax.tables.verdicts import verdicts

__all__ = ["collect", "make_report", "summary_table", "write_figures", "write_tables"]

_PICTURE_WIDTH, _ENLARGEMENT = 1000, 2  # pixels; screen pixels for one of the image's
_ABOUT_THE_RUN = ("command", "started", "created", "date", "machine", "platform", "cores", "host")


def _failures(section):
    found = section.frame[section.frame["metric"] == NON_FINITE]
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


def _changed_inputs(section):
    found = section.frame[section.frame["metric"] == INPUTS_CHANGED]
    if found.empty:
        return ""
    items = "".join(
        f"<li>{escape(row['variant'])}, seed {row['seed']}, from step {int(row['value']):,} on: "
        f"{escape(str(row.get('changed')))}.</li>"
        for row in found.sort_values(["variant", "seed", "step"]).to_dict("records")
    )
    return (
        f'<div class="failure"><strong>Runs that went on with other inputs ({len(found)})</strong>'
        f"<ul>{items}</ul></div>"
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
        except (RecursionError, ValueError):
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


def _pictures(section):
    """The pictures that the rows carry, enlarged so that pixels are visible."""
    figures = []
    for picture in plots.pictures(section.frame):
        data = base64.b64encode(picture.png).decode("ascii")
        width = min(_PICTURE_WIDTH, _ENLARGEMENT * picture.width)
        figures.append(
            f'<figure style="width: {width}px"><img alt="{escape(picture.name)}" '
            f'src="data:image/png;base64,{data}">'
            f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
        )
    return f'<div class="pictures">{"".join(figures)}</div>' if figures else ""


def _verdicts(section, found):
    """The verdicts on claims about a section's experiment, beside its figure."""
    table = verdict_tables.html(
        verdict_tables.of_section(found, section.experiment, section.dataset)
    )
    return f"<h3>What these rows say about the claims</h3>\n{table}" if table else ""


def _section(section, official, found):
    drawing = plots.draw(section.experiment, section.frame, official)
    known = claim(section.experiment)
    official = official if official is not None and section.dataset == official.dataset else None
    says = ""
    if known:
        place = f" ({known.place()})" if known.place() else ""
        says = f'<p class="claim"><strong>The paper</strong>{place}: {known.text}</p>'
    runs = section.frame.groupby(["variant", "seed"])
    seeds = Counter(variant for variant, _ in runs.groups).values()
    if max(seeds) == 1:
        spread = "There is one seed a variant, so there are no bands."
    else:
        number = f"{min(seeds)} to {max(seeds)}" if min(seeds) < max(seeds) else f"{max(seeds)}"
        spread = f"Lines are means over {number} seeds, bands one standard deviation either side."
    caption = f"{escape(drawing.caption)} {spread}"
    return f"""<section id="{escape(section.anchor)}">
<h2>{escape(section.title)}</h2>
{says}{_failures(section)}{_changed_inputs(section)}
{figure(section.title, plots.image(drawing.figure), caption)}
{_verdicts(section, found)}
{_pictures(section)}
<h3>Final values</h3>
<div class="scroll">{html_tables.final_values(section.frame, official)}</div>
{_settings(section)}
</section>"""


def _compared(frame):
    """(anchor, title, HTML) of the reconstructions of each data set, systems side by side."""
    found = []
    for dataset, drawing in _reconstructions(frame):
        anchor = f"side-by-side-{dataset}"
        title = f"Reconstructions \u00b7 {data_set_name(dataset)}"
        body = figure(title, plots.image(drawing.figure), escape(drawing.caption))
        heading = f"<h2>{escape(title)}</h2>"
        found.append((anchor, title, f'<section id="{escape(anchor)}">{heading}{body}</section>'))
    return found


def _reconstructions(frame):
    """(data set, ``Drawing``) for each data set with reconstructions of two systems or more."""
    for dataset, rows in frame.groupby("dataset"):
        drawing = plots.side_by_side(rows)
        if drawing is not None:
            yield str(dataset), drawing


def _count(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


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
    failed = int((everything["metric"] == NON_FINITE).sum())
    compared = _compared(everything)
    found = verdicts(everything)
    now = datetime.datetime.now().astimezone()
    text = page(
        title="Mutual information maximisation",
        lead=_count(runs, "run") + " of "
        + _count(everything["experiment"].nunique(), "experiment")
        + (f', <span class="bad">{failed} failed</span>' if failed else ""),
        contents=[
            *((anchor, title) for anchor, title, _ in compared),
            *((section.anchor, section.title) for section in sections),
        ],
        overview=html_tables.overview(everything),
        tables=[html_tables.paper_table(table) for table in paper_tables(everything)],
        sections=[
            *(html for _, _, html in compared),
            *(_section(section, official, found) for section in sections),
        ],
        all_values=html_tables.all_values(everything),
        papers=papers_of(everything["experiment"]),
        sources=[str(source.path) for source in sources],
        made=f"{now:%Y-%m-%d %H:%M %Z} on {platform.platform()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}",
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    write_text(output, text)
    return output


def write_figures(paths, directory, official_curves=None):
    """Writes the report's figures as PNG files, one for each experiment and data set.

    Pictures that rows carry (neighbours, reconstructions) are written beside them, enlarged;
    reconstructions of several systems also as one picture, ``side-by-side-<dataset>.png``.

    Args:
        paths, official_curves: as for ``make_report``.
        directory: receives ``<experiment>-<dataset>.png`` and, for pictures,
            ``<experiment>-<dataset>-<variant>-<what>.png``; made if missing.
    Returns:
        List of ``pathlib.Path``.
    """
    official = read_official_curves(official_curves) if official_curves else None
    directory = Path(directory)
    sources = collect(paths)
    sections = sections_of(sources)
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for section in sections:
        drawing = plots.draw(section.experiment, section.frame, official)
        written.append(directory / file_name(section.anchor, ".png"))
        written[-1].write_bytes(plots.image(drawing.figure, "png"))
        for picture in plots.pictures(section.frame):
            written.append(directory / file_name(f"{section.anchor}-{picture.name}", ".png"))
            written[-1].write_bytes(plots.enlarged(picture.png))
    everything = to_frame([row for source in sources for row in source.rows])
    for dataset, drawing in _reconstructions(everything):
        written.append(directory / file_name(f"side-by-side-{dataset}", ".png"))
        written[-1].write_bytes(plots.image(drawing.figure, "png"))
    return written


def write_tables(paths, output):
    """Writes the papers' tables with our numbers beside the published ones, as Markdown.

    Args:
        paths: as for ``make_report``.
        output: path of the file, to be pasted into a README.
    Returns:
        ``pathlib.Path`` of the file; it is empty if the rows belong to no table.
    """
    rows = [row for source in collect(paths) for row in source.rows]
    text = markdown(paper_tables(to_frame(rows)))
    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    write_text(output, f"{text}\n" if text else "")
    return output
