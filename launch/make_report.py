"""Turns work directories into one HTML page with the paper's figures and tables.

    python launch/make_report.py <work directory> [<work directory> ...]
"""

from pathlib import Path

from tf_infomax.naming.paths import expanded
from tf_infomax.published import PACKAGED
from tf_infomax.report.gallery import write_gallery
from tf_infomax.report.report import (
    collect,
    make_report,
    summary_table,
    write_figures,
    write_tables,
)
from tf_infomax.running import command_line

_RUNS = command_line.define_paths("runs", "Work directory; may be repeated or positional.")
_OUTPUT = command_line.define_path("output", None, "HTML file; default <first dir>/report.html.")
_OFFICIAL = command_line.define_path(
    "official_curves", str(PACKAGED),
    "CSV of the official code's curves on MNIST, drawn beside ours; \"none\" leaves them out.",
)
_TABLES = command_line.define_path("tables", None, "Markdown file of the papers' tables with ours.")
_FIGURES = command_line.define_path("figures", None, "Directory that also receives PNG figures.")

_GALLERY = command_line.define_path(
    "gallery", None, "Markdown page of the papers' figures, with commands, numbers and verdicts."
)


@command_line.command("make_report")
def main(argv):
    """Writes the report and prints the summary; returns the exit code."""
    paths = [*(expanded(path, "The work directory") for path in argv[1:]), *_RUNS.value]
    if not paths:
        raise ValueError("Expected at least one work directory. Received: no directory.")
    first = Path(paths[0])
    output = _OUTPUT.value or (first if first.is_dir() else first.parent) / "report.html"
    curves = None if str(_OFFICIAL.value).lower() == "none" else _OFFICIAL.value
    page = make_report(paths, output, curves)
    if _FIGURES.value:
        write_figures(paths, _FIGURES.value, curves)
    if _TABLES.value:
        write_tables(paths, _TABLES.value)
    if _GALLERY.value:
        write_gallery(paths, _GALLERY.value)
    print(summary_table([row for source in collect(paths) for row in source.rows]))
    print(f"\nReport: {page.resolve()}")
    return 0


if __name__ == "__main__":
    command_line.start(main)
