"""Exports a run's models as a SavedModel, and proves it in a process without this package.

    python launch/export_model.py --run=<work directory>/runs/<experiment>/<variant>/seed_<n>
"""

import os
import sys

# Before TensorFlow is imported: its start-up lines would bury the answer.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from absl import app, flags, logging

from tf_infomax.experiments.run_directory import RunDirectory

_RUN = flags.DEFINE_string("run", None, "Directory of one run.", required=True)
_OUTPUT = flags.DEFINE_string("output", None, "Folder to write; default: export in the run's.")
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Folder of prepared TFDS data sets (default: TFDS_DATA_DIR)."
)


def main(argv):
    """Writes the export and prints what it offers; returns the exit code."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}. Did you mean --run=...?")
    logging.set_verbosity(logging.WARNING)
    try:
        RunDirectory.open(_RUN.value)
    except (OSError, ValueError) as error:
        print(f"export_model: {error}", file=sys.stderr)
        return 2
    # A mistaken directory should not wait for TensorFlow.
    from tf_infomax import export

    try:
        path = export.export_model(_RUN.value, _OUTPUT.value, _DATA_DIR.value)
    except (OSError, ValueError) as error:
        print(f"export_model: {error}", file=sys.stderr)
        return 2
    except export.ProofError as error:
        print(f"export_model: {error}", file=sys.stderr)
        return 1
    print(export.summary(path))
    return 0


if __name__ == "__main__":
    app.run(main)
