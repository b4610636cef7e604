"""Evaluates a trained encoder, from a run directory or an export.

    python launch/evaluate.py --run=<work directory>/runs/<experiment>/<variant>/seed_<n> \
        --evaluate=mlp_probe,ndm --set=mlp_probe.epochs=20
"""

import sys

from absl import flags

from tf_infomax.evaluators.names import EVALUATORS
from tf_infomax.running import command_line
from tf_infomax.running.quiet_tensorflow import import_tensorflow
from tf_infomax.running.run_directory import RunDirectory, is_export

__all__ = ["define_flags", "main"]


def define_flags():
    """Defines the flags of the command."""
    command_line.define_path(
        "run", None, "Directory of one run, or of an export.", required=True
    )
    flags.DEFINE_list(
        "evaluate", None, "Names of evaluators, separated by commas.", required=True
    )
    flags.DEFINE_multi_string("set", [], "An evaluator's option, as in mlp_probe.epochs=20.")
    flags.DEFINE_bool(
        "accept_changed_inputs", False,
        "Whether the data may be other than the encoder was trained on; a row says so.",
    )
    command_line.define_data_dir()


@command_line.command("evaluate")
def main(argv):
    """Writes the rows beside the encoder and prints them; returns the exit code."""
    given = flags.FLAGS
    command_line.refuse_arguments(argv, "--set=mlp_probe.epochs=20")
    # Before the import, so that a misspelt name or a mistaken directory is reported at once.
    for name in given.evaluate:
        EVALUATORS.check(name)
    if not is_export(given.run):
        RunDirectory.open(given.run)
    import_tensorflow()
    from tf_infomax.running.evaluate import evaluate

    rows, path = evaluate(
        given.run,
        given.evaluate,
        given.set,
        given.data_dir,
        note=lambda text: print(text, file=sys.stderr, flush=True),
        accept_changed_inputs=given.accept_changed_inputs,
    )
    for row in rows:
        features = row.tags.get("features", "")
        print(f"{row.metric:32} {features:8} {row.split:6} {row.value:10.4f} {row.unit}")
    print(f"Rows: {path}")
    return 0
