"""Rows: the one form in which every measured number is stored, read and averaged.

The modules are imported on first use: ``measurements`` needs no pandas.
"""

from tf_infomax.naming.lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, dict.fromkeys(__all__, "rows"))
