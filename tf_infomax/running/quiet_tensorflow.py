"""Imports TensorFlow for a command: without the lines that its libraries log while loading."""

import logging
import os
import re
import sys
import tempfile

from tf_infomax.running.host_memory import keep_buffers

__all__ = ["import_tensorflow"]

# Lines that C++ code logs before a level can be set, and TensorFlow's note on the CPU.
_START_UP = re.compile(
    r"WARNING: All log messages before absl::InitializeLog|[IWE]\d{4} \d\d:\d\d|"
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] |To enable the following instructions"
)


def import_tensorflow():
    """Imports TensorFlow, unless it is imported already, and drops its start-up lines.

    For processes of commands, whose standard error is read by people: later log lines below an
    error are switched off, too, here and in child processes. Other output to standard error during
    the import is written afterwards. ``TF_CPP_MIN_LOG_LEVEL=0`` brings everything back. Memory is
    handled as commands need it, too: see ``keep_buffers``.
    """
    keep_buffers()
    if "tensorflow" in sys.modules or os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        standard_error = os.dup(2)
    except OSError:
        return
    # C++ code writes to the file descriptor, not to Python's sys.stderr.
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
