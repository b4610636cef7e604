"""Turns work directories into one HTML page with the paper's figures and tables.

    python launch/make_report.py <work directory> [<work directory> ...]
"""

import sys
from pathlib import Path

from absl import flags

from tf_infomax.published import PACKAGED
from tf_infomax.running import command_line

__all__ = ["define_flags", "main"]


def define_flags():
    """Defines the flags of the command."""
    command_line.define_work_directories()
    command_line.define_path("output", None, "HTML file; default <first dir>/report.html.")
    command_line.define_path(
        "official_curves", str(PACKAGED),
        "CSV of the official code's curves on MNIST, drawn beside ours; \"none\" leaves them out.",
    )
    command_line.define_path("tables", None, "Markdown file of the papers' tables with ours.")
    command_line.define_path("figures", None, "Directory that also receives PNG figures.")
    command_line.define_path(
        "gallery", None,
        "Markdown page of the papers' figures, with commands, numbers and verdicts.",
    )


@command_line.command("make_report")
def main(argv):
    """Writes the report and prints the summary; returns the exit code."""
    given = flags.FLAGS
    paths = command_line.work_directories(argv)
    # Late, since the libraries of figures take seconds.
    from tf_infomax.report.gallery import write_gallery
    from tf_infomax.report.report import (
        collect,
        make_report,
        summary_table,
        write_figures,
        write_tables,
    )
    from tf_infomax.report.sections import with_rows

    # Of several paths, as from `results/*`, those that are no runs are left out; a single one is an
    # error that says what it is.
    if len(paths) > 1:
        kept, others = with_rows(paths)
        if kept and others:
            print(f"Left out, without rows: {', '.join(map(str, others))}.", file=sys.stderr)
            paths = kept
    command_line.refuse_outputs_over_rows(
        paths, output=given.output, tables=given.tables, gallery=given.gallery
    )
    first = Path(paths[0])
    output = given.output or (first if first.is_dir() else first.parent) / "report.html"
    curves = given.official_curves
    curves = None if str(curves).lower() == "none" else curves
    page = make_report(paths, output, curves)
    if given.figures:
        write_figures(paths, given.figures, curves)
    if given.tables:
        write_tables(paths, given.tables)
    if given.gallery:
        write_gallery(paths, given.gallery)
    print(summary_table([row for source in collect(paths) for row in source.rows]))
    print(f"\nReport: {page.resolve()}")
    return 0
