"""Measures a trained encoder: of a run directory, or of an export.

    python launch/evaluate.py --run=<work directory>/runs/<experiment>/<variant>/seed_<n> \
        --evaluate=mlp_probe,ndm --set=mlp_probe.epochs=20
"""

import os
import sys

# Before TensorFlow is imported: its start-up lines would bury the answer.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from absl import app, flags, logging

_RUN = flags.DEFINE_string("run", None, "Directory of one run, or of an export.", required=True)
_EVALUATE = flags.DEFINE_list(
    "evaluate", None, "What to measure: names of evaluators, separated by commas.", required=True
)
_SET = flags.DEFINE_multi_string("set", [], "An evaluator's option, as in mlp_probe.epochs=20.")
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Folder of prepared TFDS data sets (default: TFDS_DATA_DIR)."
)


def main(argv):
    """Writes the rows beside the encoder and prints them; returns the exit code."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}. Did you mean --set=...?")
    logging.set_verbosity(logging.WARNING)
    from tf_infomax.experiments.evaluate import evaluate

    try:
        rows, path = evaluate(
            _RUN.value,
            _EVALUATE.value,
            _SET.value,
            _DATA_DIR.value,
            note=lambda text: print(text, file=sys.stderr, flush=True),
        )
    except (OSError, ValueError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    for row in rows:
        features = row.tags.get("features", "")
        print(f"{row.metric:32} {features:8} {row.split:6} {row.value:10.4f} {row.unit}")
    print(f"Rows: {path}")
    return 0


if __name__ == "__main__":
    app.run(main)
