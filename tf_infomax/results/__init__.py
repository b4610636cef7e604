"""Rows: the one form in which every measured number is stored, read and averaged."""

from tf_infomax.results.rows import (
    EVALUATION_ROWS,
    GROUP,
    Row,
    RowWriter,
    final_values,
    over_seeds,
    read_rows,
    replaced,
    to_frame,
    write_rows,
)

__all__ = [
    "EVALUATION_ROWS",
    "GROUP",
    "Row",
    "RowWriter",
    "final_values",
    "over_seeds",
    "read_rows",
    "replaced",
    "to_frame",
    "write_rows",
]
