"""What the package's formulations save, next to the textbook's: ``make bench``.

    python -m benchmarks.speed [--only=jacobian] [--output=results/benchmarks]

Every comparison is made in one run of this command, its baseline first; the table is printed, and
kept with the machine as ``speed.json`` and ``speed.md``. Comparisons left out by ``--only`` keep
the rows they have.
"""

import dataclasses
import json
from pathlib import Path

from absl import app, flags

from benchmarks.measure import Result, compare, machine, table

__all__ = ["COMPARISONS", "run"]


def _bound(bound, size):
    return (
        f"{bound}, bilinear critic, K = {size:,}, D = 128",
        {"whole matrix": "bounds_of_large_batches:whole_matrix",
         "blocks": "bounds_of_large_batches:in_blocks"},
        {"critic": "bilinear", "bound": bound, "size": size},
    )


def _jacobian(read):
    return (
        f"{read} of 128 Jacobians, 392 x 392, five layers with shortcuts",
        {"row by row, TensorFlow's SVD": "jacobians:row_by_row", "at once": "jacobians:at_once"},
        {"inputs": 128, "width": 392, "layers": 5, "read": read},
    )


# (work, label -> builder, sizes), the baseline first.
COMPARISONS = (
    *(
        (
            f"concat critic, K = 128, D = 100 + 100, 200 units{', XLA' * xla}",
            {"tiled pairs": "concat_critic:tiled_pairs",
             "split first layer": "concat_critic:split_layer"},
            {"size": 128, "width": 100, "hidden": 200, "xla": xla},
        )
        for xla in (False, True)
    ),
    (
        "local InfoNCE, N = 64, L = 64, 512 units",
        {"a row of logits a positive": "local_infonce:row_of_logits",
         "one sum an anchor": "local_infonce:one_sum"},
        {"images": 64, "places": 64, "units": 512},
    ),
    *(_bound(bound, 8192) for bound in ("infonce", "nwj", "donsker_varadhan", "jsd")),
    (
        "infonce, concat critic, K = 1,024, D = 128",
        {"whole matrix": "bounds_of_large_batches:whole_matrix",
         "blocks": "bounds_of_large_batches:in_blocks"},
        {"critic": "concat", "bound": "infonce", "size": 1024},
    ),
    (
        "gradients of ConvNet encoders, 1,024 pairs of 28 x 28",
        {"one batch": "gradient_cache:one_batch", "chunks of 128": "gradient_cache:in_chunks"},
        {"size": 1024, "side": 28, "chunk": 128},
    ),
    *(_jacobian(read) for read in ("jacobian", "spectrum", "log_condition")),
    # What the matrix does not allow: it would take 4.3 and 69 GB, and 13.5 GB, several times.
    *(
        (work, {label: where for label, where in ways.items() if label == "blocks"}, sizes)
        for work, ways, sizes in (_bound("infonce", 32_768), _bound("infonce", 131_072))
    ),
    (
        "infonce, concat critic, K = 4,096, D = 128",
        {"blocks": "bounds_of_large_batches:in_blocks"},
        {"critic": "concat", "bound": "infonce", "size": 4096},
    ),
)


def run(output, only="", rounds=2):
    """Measures the comparisons whose work contains ``only``; returns all results there are."""
    path = Path(output) / "speed.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found = {
        work: [Result(**one) for one in entry["results"]] for work, entry in known.items()
    }
    for work, ways, sizes in COMPARISONS:
        if only not in work:
            continue
        formulations = {label: f"benchmarks.{where}" for label, where in ways.items()}
        found[work] = compare(work, formulations, sizes, rounds=rounds)
        known[work] = {
            "machine": machine(),
            "results": [dataclasses.asdict(one) for one in found[work]],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    results = [one for work, *_ in COMPARISONS for one in found.get(work, ())]
    if results:
        path.with_suffix(".md").write_text(table(results) + "\n", encoding="utf-8")
    return results


def main(argv):
    """Measures and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
    options = flags.FLAGS
    print(table(run(options.output, options.only, options.rounds)))


if __name__ == "__main__":
    flags.DEFINE_string("output", "results/benchmarks", "Folder of speed.json and speed.md.")
    flags.DEFINE_string("only", "", "Only comparisons whose work contains this.")
    flags.DEFINE_integer("rounds", 2, "Processes of each formulation, in turns.", lower_bound=1)
    app.run(main)
