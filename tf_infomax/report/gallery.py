"""A Markdown page of the papers' figures: ours, how each was made, its numbers and the verdicts."""

import os
from pathlib import Path
from urllib.parse import quote

from tf_infomax.naming.files import write_text
from tf_infomax.naming.json_files import read_json
from tf_infomax.published import claim
from tf_infomax.report.sections import collect, file_name, sections_of
from tf_infomax.results.rows import to_frame
from tf_infomax.tables import verdict_tables
from tf_infomax.tables.markdown_text import escaped, row
from tf_infomax.tables.results_table import overviews
from tf_infomax.tables.verdicts import verdicts

__all__ = ["write_gallery"]

_HEAD = """# Gallery

Every figure of the two papers that has rows in `results/`, with the command, hardware and time of
its runs, final values (mean and standard deviation over seeds), and what the rows say about the
paper's claims. `make figures` draws the figures and writes this page from the committed rows.
"""


def write_gallery(paths, output):
    """Writes the gallery of some work directories.

    A figure is looked for beside its work directory, as ``write_figures`` names it. Command,
    machine and time are read from the work directory's ``experiment.json``.

    Args:
        paths: work directories.
        output: path of the Markdown file.
    Returns:
        ``pathlib.Path`` of the page.
    Raises:
        FileNotFoundError, ValueError: as ``collect``.
    """
    output = Path(output)
    sources = collect(paths)
    found = verdicts(to_frame([row for source in sources for row in source.rows]))
    parts = [_HEAD]
    for section in sections_of(sources):
        known = claim(section.experiment)
        if known is not None and known.place():
            parts.append(_section(section, known, found, output.resolve().parent))
    parts.append(f"## All claims\n\n{verdict_tables.summary(found)}\n\n{verdict_tables.LEGEND}")
    output.parent.mkdir(parents=True, exist_ok=True)
    write_text(output, "\n".join(parts) + "\n")
    return output


def _section(section, known, found, folder):
    title = escaped(section.title)
    parts = [f"## {title}", f"The paper ({known.place()}): {known.text}"]
    name = file_name(section.anchor, ".png")
    picture = next(
        (path for path in (source.path.parent / name for source in section.sources)
         if path.is_file()),
        None,
    )
    if picture is not None:
        address = quote(os.path.relpath(picture, folder), safe="/+,=@:~")
        parts.append(f"![{title}]({address})")
    made = [_made(source) for source in section.sources]
    parts.append("\n".join(text for text in made if text))
    parts.append(_numbers(section.frame))
    own = verdict_tables.of_section(found, section.experiment, section.dataset)
    parts.append(verdict_tables.markdown(own) or "No claim is decided by these rows.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _made(source):
    """One line on how a work directory's rows were made, or an empty text."""
    path = source.path / "experiment.json"
    if not path.is_file():
        return ""
    try:
        facts = read_json(path)
    except ValueError:
        return ""
    command = facts.get("command", "")
    if isinstance(command, list):
        command = " ".join(map(str, command))
    told = [str(facts[key]) for key in ("machine", "time", "started") if key in facts]
    command = " ".join(command.splitlines())
    return f"- `{source.path.name}`: `{command}` ({escaped('; '.join(told))})"


def _numbers(frame):
    """The main final values, a line for each variant."""
    lines = overviews(frame)
    if not lines:
        # Only pictures were measured.
        return ""
    columns = [name for name in lines[0].values if any(one.values[name] for one in lines)]
    rows = [["variant", "seeds", "step", *columns]]
    rows.append(["---"] * len(rows[0]))
    for one in lines:
        values = (one.values[name] or "-" for name in columns)
        rows.append([one.variant, one.seeds, f"{one.step:,}", *values])
    return "\n".join(map(row, rows))
