"""Evaluates a trained encoder, from a run directory or an export.

    python launch/evaluate.py --run=<work directory>/runs/<experiment>/<variant>/seed_<n> \
        --evaluate=mlp_probe,ndm --set=mlp_probe.epochs=20
"""

import sys

from absl import flags

from tf_infomax.running import command_line
from tf_infomax.running.quiet_tensorflow import import_tensorflow

_RUN = command_line.define_path(
    "run", None, "Directory of one run, or of an export.", required=True
)
_EVALUATE = flags.DEFINE_list(
    "evaluate", None, "Names of evaluators, separated by commas.", required=True
)
_SET = flags.DEFINE_multi_string("set", [], "An evaluator's option, as in mlp_probe.epochs=20.")
_DATA_DIR = command_line.define_path(
    "data_dir", None, "Folder of prepared TFDS data sets (default: TFDS_DATA_DIR)."
)


@command_line.command("evaluate")
def main(argv):
    """Writes the rows beside the encoder and prints them; returns the exit code."""
    command_line.refuse_arguments(argv, "--set=mlp_probe.epochs=20")
    import_tensorflow()
    from tf_infomax.running.evaluate import evaluate

    rows, path = evaluate(
        _RUN.value,
        _EVALUATE.value,
        _SET.value,
        _DATA_DIR.value,
        note=lambda text: print(text, file=sys.stderr, flush=True),
    )
    for row in rows:
        features = row.tags.get("features", "")
        print(f"{row.metric:32} {features:8} {row.split:6} {row.value:10.4f} {row.unit}")
    print(f"Rows: {path}")
    return 0


if __name__ == "__main__":
    command_line.start(main)
