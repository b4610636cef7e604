"""Turns work directories into one HTML page with the paper's figures and tables.

    python launch/make_report.py <work directory> [<work directory> ...]
"""

import sys
from pathlib import Path

from absl import app, flags

from tf_infomax.report import (
    collect,
    make_report,
    summary_table,
    write_figures,
    write_tables,
)

_RUNS = flags.DEFINE_multi_string("runs", [], "Work directory; may be repeated or positional.")
_OUTPUT = flags.DEFINE_string("output", None, "HTML file; default <first dir>/report.html.")
_OFFICIAL = flags.DEFINE_string("official_curves", None, "CSV of the official code's curves.")
_TABLES = flags.DEFINE_string("tables", None, "Markdown file of the papers' tables with ours.")
_FIGURES = flags.DEFINE_string("figures", None, "Directory that also receives PNG figures.")


def main(argv):
    """Writes the report and prints the summary; returns the exit code."""
    paths = [*argv[1:], *_RUNS.value]
    try:
        if not paths:
            raise ValueError("Expected at least one work directory. Received: no directory.")
        first = Path(paths[0])
        output = _OUTPUT.value or (first if first.is_dir() else first.parent) / "report.html"
        page = make_report(paths, output, _OFFICIAL.value)
        if _FIGURES.value:
            write_figures(paths, _FIGURES.value, _OFFICIAL.value)
        if _TABLES.value:
            write_tables(paths, _TABLES.value)
    except (OSError, ValueError) as error:
        print(f"make_report: {error}", file=sys.stderr)
        return 2
    print(summary_table([row for source in collect(paths) for row in source.rows]))
    print(f"\nReport: {page.resolve()}")
    return 0


if __name__ == "__main__":
    app.run(main)
