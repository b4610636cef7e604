"""The HTML report: tables and figures of the rows of work directories."""

from tf_infomax.report.report import (
    collect,
    make_report,
    summary_table,
    write_figures,
    write_tables,
)

__all__ = ["collect", "make_report", "summary_table", "write_figures", "write_tables"]
