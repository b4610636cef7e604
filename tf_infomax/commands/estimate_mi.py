"""Estimates the mutual information of two samples, from files.

    python launch/estimate_mi.py pairs.csv --x=height,weight --y=age --output=estimates/age

Reads .npy, .npz, .csv, .tsv, .txt (text also as .csv.gz) and .parquet; --x_file and --y_file in
place of one file.
"""

import sys

from absl import flags

from tf_infomax.estimation.named_options import QUANTITIES, check_names
from tf_infomax.naming.paths import expanded
from tf_infomax.pair_files import read_pairs
from tf_infomax.running import command_line
from tf_infomax.running.quiet_tensorflow import import_tensorflow
from tf_infomax.training.progress import note

__all__ = ["define_flags", "main"]

# Names of columns that are shown while one waits.
_SHOWN = 5
# Flags that are options of the estimator; the defaults are its own.
_ESTIMATOR = ("bound", "margins", "critic", "folds", "seed", "confidence")


def define_flags():
    """Defines the flags of the command."""
    flags.DEFINE_string(
        "x", None,
        "Columns (of an .npz: arrays) that are x: names, positions, ranges, as in a,3,5:9.",
    )
    flags.DEFINE_string("y", None, "Columns that are y.")
    command_line.define_path("x_file", None, "File of x alone.")
    command_line.define_path(
        "y_file", None, "File of y alone, its rows in the order of x's."
    )
    flags.DEFINE_bool(
        "drop_missing", False,
        "Whether to leave out rows with missing values (by default an error).",
    )
    flags.DEFINE_list(
        "missing_values", [], "Further entries of text files that are missing values, as in ?,-."
    )
    flags.DEFINE_enum(
        "decimal", None, [".", ","],
        "Decimal sign of text files; by default detected from the entries.",
    )
    flags.DEFINE_string("z", None, "Columns to condition on, of the file of pairs.")
    flags.DEFINE_string(
        "quantity", None,
        f"In place of I(X; Y): {', '.join(QUANTITIES)}.",
    )
    flags.DEFINE_list("lags", ["0", "1"], "Lags of y behind x, for lagged_mutual_information.")
    flags.DEFINE_enum(
        "unit", "nats", ["nats", "bits", "hartleys"],
        "Unit of another quantity; I(X; Y) is in both.",
    )
    flags.DEFINE_string("bound", None, "Bound for training and for the estimate.")
    flags.DEFINE_string("margins", None, "Map of every column, applied first.")
    flags.DEFINE_string("critic", None, "Critic.")
    flags.DEFINE_integer("folds", None, "Parts of the data, each held out once.")
    flags.DEFINE_integer("seed", None, "Seed of all random numbers.")
    flags.DEFINE_float("confidence", None, "Confidence of the interval, as in 0.95.")
    flags.DEFINE_multi_string("set", [], "Another option of the estimator, as in epochs=20.")
    command_line.define_path(
        "output", None, "Directory for a report; by default none is written."
    )
    flags.DEFINE_bool("json", False, "Whether to print a JSON object.")


@command_line.command("estimate_mi")
def main(argv):
    """Prints the estimate; returns the exit code."""
    given = flags.FLAGS
    if len(argv) > 2:
        raise ValueError(f"Expected one file of pairs. Received: {argv[1:]}.")
    options = {
        name: given[name].value
        for name in _ESTIMATOR
        if given[name].value is not None
    }
    check_names(given.bound, given.critic, given.margins, given.quantity)
    quantity_name = given.quantity or ("conditional_mutual_information" if given.z else None)
    lags = _checked(given, quantity_name)
    pairs = read_pairs(
        *(expanded(path, "The file of pairs") for path in argv[1:]),
        x=given.x, y=given.y, z=given.z, x_file=given.x_file, y_file=given.y_file,
        drop_missing=given.drop_missing, missing_values=given.missing_values,
        decimal=given.decimal,
    )  # fmt: skip
    if sys.stderr.isatty():
        note(*_announcement(pairs))
    # Imported after names are checked and data are read, so that a mistake is reported at once.
    import_tensorflow()
    from tf_infomax.estimation.quantities import quantity
    from tf_infomax.estimation.summary import estimate

    try:
        if quantity_name:
            print(quantity(
                quantity_name, pairs, lags=lags,
                unit=given.unit, as_json=given.json, settings=given.set, **options,
            ))  # fmt: skip
            return 0
        found = estimate(pairs, given.output, given.set, **options)
    except FloatingPointError as error:
        command_line.say("estimate_mi", error)
        return 1
    print(found.json() if given.json else found.text())
    return 0


def _checked(given, quantity_name):
    """The lags as ints, after a check of flags that do not fit the quantity."""
    if quantity_name and given.output:
        raise ValueError(
            "--output is for the report of I(X; Y); another quantity is printed, with --json as a "
            f"JSON object. Received: --output={given.output} --quantity={quantity_name}."
        )
    if given["lags"].present and quantity_name != "lagged_mutual_information":
        raise ValueError(
            "--lags belongs to --quantity=lagged_mutual_information. "
            f"Received: --lags={','.join(given.lags)} without it."
        )
    try:
        return [int(lag) for lag in given.lags]
    except ValueError:
        raise ValueError(
            f"--lags must be integers, as in 0,1,2. Received: --lags={','.join(given.lags)}."
        ) from None


def _announcement(pairs):
    """(name, text) of what begins, for somebody who waits."""
    columns = {"x": pairs.columns_x, "y": pairs.columns_y, "z": pairs.columns_z}
    named = "; ".join(f"{name}: {_some(names)}" for name, names in columns.items() if names)
    text = f"{len(pairs.x):,} pairs, {named}; loads TensorFlow and trains"
    return " and ".join(map(str, pairs.files)), text


def _some(names):
    shown = ", ".join(map(str, names[:_SHOWN]))
    return f"{shown}, ... ({len(names)} in all)" if len(names) > _SHOWN else shown
