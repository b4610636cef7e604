"""Says which of the papers' claims the rows of some work directories confirm.

    python launch/check_results.py <work directory> [<work directory> ...]

The verdicts are: holds, does not hold, not decided at this budget.
"""

from pathlib import Path

from absl import flags

from tf_infomax.naming.files import write_text
from tf_infomax.running import command_line

__all__ = ["define_flags", "main"]


def define_flags():
    """Defines the flags of the command."""
    command_line.define_work_directories()
    command_line.define_path("output", None, "Markdown file that also receives the table.")


@command_line.command("check_results")
def main(argv):
    """Prints the table of claims; returns the exit code."""
    given = flags.FLAGS
    paths = command_line.work_directories(argv)
    command_line.refuse_outputs_over_rows(paths, output=given.output)
    # Late, since the libraries of tables and figures take seconds.
    from tf_infomax.report.sections import collect
    from tf_infomax.results.rows import to_frame
    from tf_infomax.tables import verdict_tables
    from tf_infomax.tables.verdicts import verdicts

    rows = [row for source in collect(paths) for row in source.rows]
    found = verdicts(to_frame(rows))
    print(verdict_tables.text(found))
    if given.output:
        table = verdict_tables.markdown(found)
        Path(given.output).parent.mkdir(parents=True, exist_ok=True)
        parts = (table, verdict_tables.summary(found), verdict_tables.LEGEND)
        write_text(given.output, "\n\n".join(filter(None, parts)) + "\n")
    return 0
