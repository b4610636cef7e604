"""One self-contained HTML page from any set of work directories."""

import datetime
import json
import os
import platform
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tf_infomax import plots
from tf_infomax.naming.files import write_text
from tf_infomax.naming.natural_order import natural_key
from tf_infomax.naming.paths import PathLike
from tf_infomax.published import claim, papers_of, read_official_curves
from tf_infomax.report.page import figure, render
from tf_infomax.report.sections import collect, file_name, sections_of
from tf_infomax.results.display_names import data_set_name
from tf_infomax.results.metrics import INPUTS_CHANGED, NON_FINITE
from tf_infomax.results.rows import to_frame
from tf_infomax.tables import html_tables, verdict_tables
from tf_infomax.tables.paper_tables import markdown, paper_tables
from tf_infomax.tables.results_table import overviews, step_text, summary_table
from tf_infomax.tables.seen_claims import LEGEND as CLAIMS_LEGEND
from tf_infomax.tables.seen_claims import seen_claims
from tf_infomax.tables.verdicts import verdicts

__all__ = ["collect", "make_report", "summary_table", "write_figures", "write_tables"]

_PICTURE_WIDTH, _ENLARGEMENT = 1000, 2  # pixels; screen pixels for one of the image's
_TOLD = 8  # variants whose numbers the text in place of a figure names
_ABOUT_THE_RUN = ("command", "started", "created", "date", "machine", "platform", "cores", "host")


def _failures(section):
    found = section.frame[section.frame["metric"] == NON_FINITE]
    rows = sorted(
        found.to_dict("records"), key=lambda row: (natural_key(row["variant"]), row["seed"])
    )
    return [
        {"variant": row["variant"], "seed": row["seed"], "step": step_text(row["value"])}
        for row in rows
    ]


def _changed_inputs(section):
    found = section.frame[section.frame["metric"] == INPUTS_CHANGED]
    rows = sorted(
        found.to_dict("records"),
        key=lambda row: (natural_key(row["variant"]), row["seed"], row["step"]),
    )
    return [
        {"variant": row["variant"], "seed": row["seed"], "step": step_text(row["value"]),
         "changed": str(row.get("changed"))}
        for row in rows
    ]  # fmt: skip


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
    """(facts about the run, documents): pairs of texts, both."""
    documents, facts = [], {}
    for name, text in _documents(section):
        try:
            document = json.loads(text)
            text = json.dumps(document, indent=2)
        except ValueError:
            document = None
        if isinstance(document, dict):
            for key in _ABOUT_THE_RUN:
                if key in document:
                    facts.setdefault(key, _fact(document[key]))
        documents.append((name, text))
    return list(facts.items()), documents


def _fact(value):
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {entry}" for key, entry in value.items())
    return str(value)


def _pictures(section):
    """The pictures that the rows carry, enlarged so that pixels are visible."""
    return [
        figure(
            f"{section.title}: {picture.name}", f"{picture.name}: {picture.caption}",
            picture.png, picture.caption, kind="image/png",
            width=min(_PICTURE_WIDTH, _ENLARGEMENT * picture.width),
        )
        for picture in plots.pictures(section.frame)
    ]


def _seen(section):
    """What the figure shows, in words: the final numbers of the variants."""
    lines = overviews(section.frame)
    told = []
    for line in lines[:_TOLD]:
        values = ", ".join(f"{name} {text}" for name, text in line.values.items() if text)
        told.append(f"{line.variant}: {values or 'no main number'} at step {line.step:,}")
    if len(lines) > _TOLD:
        told.append(f"and {len(lines) - _TOLD} more variants, listed under final values")
    return f"{section.title}. {'; '.join(told)}." if told else section.title


def _section(section, official, found):
    """What the template shows of a section, as a dict."""
    drawing = plots.draw(section.experiment, section.frame, official)
    official = official if official is not None and section.dataset == official.dataset else None
    facts, documents = _settings(section)
    return {
        "anchor": section.anchor,
        "title": section.title,
        "claim": claim(section.experiment),
        "failures": _failures(section),
        "changed_inputs": _changed_inputs(section),
        "figure": figure(
            section.title, _seen(section), plots.image(drawing.figure),
            f"{drawing.caption} {_spread(section)}",
        ),
        "verdicts": verdict_tables.table(
            verdict_tables.of_section(found, section.experiment, section.dataset)
        ),
        "pictures": _pictures(section),
        "final_values": html_tables.final_values(section.frame, official),
        "facts": facts,
        "documents": documents,
    }


def _spread(section):
    runs = section.frame.groupby(["variant", "seed"])
    seeds = Counter(variant for variant, _ in runs.groups).values()
    if max(seeds) == 1:
        return "There is one seed a variant, so there are no bands."
    number = f"{min(seeds)} to {max(seeds)}" if min(seeds) < max(seeds) else f"{max(seeds)}"
    return (
        f"Lines are means over {number} seeds, bands one standard deviation either side, as far as "
        "seeds have such values."
    )


def _compared(frame):
    """The reconstructions of each data set, systems side by side, as dicts for the template."""
    return [
        {
            "anchor": f"side-by-side-{dataset}",
            "title": title,
            "figure": figure(title, title, plots.image(drawing.figure), drawing.caption),
        }
        for dataset, drawing in _reconstructions(frame)
        for title in [f"Reconstructions \u00b7 {data_set_name(dataset)}"]
    ]


def _reconstructions(frame):
    """(data set, ``Drawing``) for each data set with reconstructions of two systems or more."""
    for dataset, rows in frame.groupby("dataset"):
        drawing = plots.side_by_side(rows)
        if drawing is not None:
            yield str(dataset), drawing


def _count(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


def made():
    """When and on which machine a page is made."""
    now = datetime.datetime.now().astimezone()
    return (
        f"{now:%Y-%m-%d %H:%M %Z} on {platform.platform()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )


def make_report(
    paths: Sequence[PathLike], output: PathLike, official_curves: PathLike | None = None
) -> Path:
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
    rows = [row for source in sources for row in source.rows]
    everything = to_frame(rows)
    runs = everything.groupby(["experiment", "dataset", "variant", "seed"], dropna=False).ngroups
    found = verdicts(everything)
    text = render(
        "report.html",
        title="Mutual information maximisation",
        lead=f"{_count(runs, 'run')} of {_count(everything['experiment'].nunique(), 'experiment')}",
        failed=int((everything["metric"] == NON_FINITE).sum()),
        claims=html_tables.claims(seen_claims(rows)),
        claims_legend=CLAIMS_LEGEND,
        overview=html_tables.overview(everything),
        tables=[html_tables.paper_table(table) for table in paper_tables(everything)],
        compared=_compared(everything),
        sections=[_section(section, official, found) for section in sections_of(sources)],
        legend=verdict_tables.LEGEND,
        all_values=html_tables.all_values(everything),
        papers=papers_of(everything["experiment"]),
        sources=[str(source.path) for source in sources],
        made=made(),
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    write_text(output, text)
    return output


def write_figures(
    paths: Sequence[PathLike], directory: PathLike, official_curves: PathLike | None = None
) -> list[Path]:
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
    # The sections' own names come first, since the gallery looks for them.
    figures = [directory / file_name(section.anchor, ".png") for section in sections]
    written, taken = [], set(figures)

    def write(path, content):
        path.write_bytes(content)
        written.append(path)

    for section, figure_path in zip(sections, figures, strict=True):
        drawing = plots.draw(section.experiment, section.frame, official)
        write(figure_path, plots.image(drawing.figure, "png"))
        for picture in plots.pictures(section.frame):
            path = _free(directory, f"{section.anchor}-{picture.name}", section.title, taken)
            write(path, plots.enlarged(picture.png))
    everything = to_frame([row for source in sources for row in source.rows])
    for dataset, drawing in _reconstructions(everything):
        path = _free(directory, f"side-by-side-{dataset}", "", taken)
        write(path, plots.image(drawing.figure, "png"))
    return written


def _free(directory, name, section, taken):
    """Path of a picture, which joins ``taken``; of a name that is in it, one with a hash."""
    path = directory / file_name(name, ".png")
    count = 1
    while path in taken:
        count += 1
        path = directory / file_name(f"{name}\0{section}\0{count}", ".png")
    taken.add(path)
    return path


def write_tables(paths: Sequence[PathLike], output: PathLike) -> Path:
    """Writes the papers' tables with our numbers beside the published ones, as Markdown.

    Args:
        paths: as for ``make_report``.
        output: path of the file, to be pasted into a page.
    Returns:
        ``pathlib.Path`` of the file; it is empty if the rows belong to no table.
    """
    rows = [row for source in collect(paths) for row in source.rows]
    text = markdown(paper_tables(to_frame(rows)))
    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    write_text(output, f"{text}\n" if text else "")
    return output
