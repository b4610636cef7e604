"""Rows: the one form in which every measured number is stored, read and averaged.

The modules are imported on first use: ``measurements`` needs no pandas.
"""

from typing import TYPE_CHECKING

from tf_infomax.naming.lazy import lazy_names

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
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

_HOMES = dict.fromkeys(__all__, "rows")

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
