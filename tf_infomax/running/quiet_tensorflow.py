"""TensorFlow without the lines that its libraries write on being loaded."""

import logging
import os
import re
import sys
import tempfile

__all__ = ["import_tensorflow"]

# What C++ code logs before anybody can set a level, and how TensorFlow says which CPU it is for.
_START_UP = re.compile(
    r"WARNING: All log messages before absl::InitializeLog|[IWE]\d{4} \d\d:\d\d|"
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] |To enable the following instructions"
)


def import_tensorflow():
    """Imports TensorFlow, if that is still to be done, and keeps its start-up lines to itself.

    For processes of commands, whose standard error is read by people: later log lines below an
    error are switched off, too, here and in child processes. Whatever else is written to standard
    error meanwhile is written there afterwards. ``TF_CPP_MIN_LOG_LEVEL=0`` brings everything back.
    """
    if "tensorflow" in sys.modules or os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        standard_error = os.dup(2)
    except OSError:
        return
    # C++ code knows the file descriptor, not Python's sys.stderr.
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                if not _START_UP.match(line):
                    print(line, file=sys.stderr)
