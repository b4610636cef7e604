"""Estimates the mutual information of two samples, from files.

    python launch/estimate_mi.py pairs.csv --x=height,weight --y=age --output=estimates/age
    python launch/estimate_mi.py pairs.csv --x=dose --y=age --z=sex \
        --quantity=conditional_mutual_information --unit=bits

Reads .npy, .npz, .csv, .tsv, .txt and .parquet; --x_file and --y_file in place of one file.
"""

import sys

from absl import flags

from tf_infomax.naming.paths import expanded
from tf_infomax.pair_files import read_pairs
from tf_infomax.running import command_line
from tf_infomax.running.quiet_tensorflow import import_tensorflow

_X = flags.DEFINE_string(
    "x", None, "Columns (of an .npz: arrays) that are x: names, positions, ranges, as in a,3,5:9."
)
_Y = flags.DEFINE_string("y", None, "Columns that are y.")
_X_FILE = command_line.define_path("x_file", None, "File of x alone.")
_Y_FILE = command_line.define_path(
    "y_file", None, "File of y alone, its rows in the order of x's."
)
_DROP_MISSING = flags.DEFINE_bool(
    "drop_missing", False, "Whether to leave out rows with missing values (by default an error)."
)
_MISSING_VALUES = flags.DEFINE_list(
    "missing_values", [], "Further entries of text files that are missing values, as in ?,-."
)
_DECIMAL = flags.DEFINE_enum(
    "decimal", None, [".", ","], "Decimal sign of text files; by default detected from the entries."
)
_Z = flags.DEFINE_string("z", None, "Columns to condition on, of the file of pairs.")
_QUANTITY = flags.DEFINE_string(
    "quantity", None, "In place of I(X; Y): conditional_mutual_information, independence_test, "
    "lagged_mutual_information, matrix, total_correlation or transfer_entropy.",
)  # fmt: skip
_LAGS = flags.DEFINE_list("lags", ["0", "1"], "Lags of y behind x, for lagged_mutual_information.")
_UNIT = flags.DEFINE_enum(
    "unit", "nats", ["nats", "bits", "hartleys"], "Unit of another quantity; I(X; Y) is in both."
)
# Defaults are the estimator's.
_ESTIMATOR = {
    "bound": flags.DEFINE_string("bound", None, "Bound for training and for the estimate."),
    "margins": flags.DEFINE_string("margins", None, "Map of every column, applied first."),
    "critic": flags.DEFINE_string("critic", None, "Critic."),
    "folds": flags.DEFINE_integer("folds", None, "Parts of the data, each held out once."),
    "seed": flags.DEFINE_integer("seed", None, "Seed of all random numbers."),
    "confidence": flags.DEFINE_float("confidence", None, "Confidence of the interval, as in 0.95."),
}
_SET = flags.DEFINE_multi_string("set", [], "Another option of the estimator, as in epochs=20.")
_OUTPUT = command_line.define_path(
    "output", None, "Directory for a report; by default none is written."
)
_JSON = flags.DEFINE_bool("json", False, "Whether to print a JSON object.")


@command_line.command("estimate_mi")
def main(argv):
    """Prints the estimate; returns the exit code."""
    if len(argv) > 2:
        raise ValueError(f"Expected one file of pairs. Received: {argv[1:]}.")
    options = {name: flag.value for name, flag in _ESTIMATOR.items() if flag.value is not None}
    pairs = read_pairs(
        *(expanded(path, "The file of pairs") for path in argv[1:]),
        x=_X.value, y=_Y.value, x_file=_X_FILE.value, y_file=_Y_FILE.value,
        drop_missing=_DROP_MISSING.value, missing_values=_MISSING_VALUES.value,
        decimal=_DECIMAL.value,
    )  # fmt: skip
    if _Z.value is not None:
        # The same file and the same rows, so that missing values must be left out beforehand.
        z = read_pairs(
            *(expanded(path, "The file of pairs") for path in argv[1:]), x=_X.value, y=_Z.value,
            missing_values=_MISSING_VALUES.value, decimal=_DECIMAL.value,
        )  # fmt: skip
    # Imported after the data are read, so that a mistaken file is reported at once.
    import_tensorflow()
    from tf_infomax.estimation.quantities import quantity
    from tf_infomax.estimation.summary import estimate

    try:
        if _QUANTITY.value or _Z.value:
            print(quantity(
                _QUANTITY.value or "conditional_mutual_information", pairs,
                None if _Z.value is None else z.y, lags=[int(lag) for lag in _LAGS.value],
                unit=_UNIT.value, as_json=_JSON.value, settings=_SET.value, **options,
            ))  # fmt: skip
            return 0
        found = estimate(pairs, _OUTPUT.value, _SET.value, **options)
    except FloatingPointError as error:
        print(f"estimate_mi: {error}", file=sys.stderr)
        return 1
    print(found.json() if _JSON.value else found.text())
    return 0


if __name__ == "__main__":
    command_line.start(main)
