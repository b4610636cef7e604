"""Estimates of mutual information against the ground truth, on every benchmark distribution.

Measures ``tf_infomax.distributions.benchmark()`` with the estimators of the command line, appends
one row a measurement to ``<output>/rows.jsonl`` (existing rows are not measured again, so a
killed run continues with the same command), prints the tables in Markdown and draws the errors to
``<output>/errors.png``. From the repository, with ``pip install -e .[benchmark]``:

    python -m benchmarks.known_information --output=results/known_information
    python -m benchmarks.known_information --estimators=ksg,cca --sizes=2000 --match=student

Estimators: ``default`` is ``tf_infomax.MutualInformationEstimator()`` with its defaults; the name
    of a
bound is the same with ``bound=...``; ``ksg`` and ``cca`` are those of ``classical_estimators``, and
``ksg_normal_scores`` and ``cca_normal_scores`` the same after ranking every column.
"""

import functools
import math
import sys
import time
import traceback
from pathlib import Path

from absl import app, flags

from benchmarks import classical_estimators, known_information_report
from tf_infomax import distributions
from tf_infomax.results import rows as results

__all__ = ["CLASSICAL", "distribution_names", "measure", "run"]

EXPERIMENT = "known_information"
ROWS = "rows.jsonl"

# Name -> function of (x, y), deterministic and without a seed.
CLASSICAL = {
    "ksg": classical_estimators.ksg,
    "cca": classical_estimators.cca,
    "ksg_normal_scores": functools.partial(classical_estimators.ksg, margins="normal_scores"),
    "cca_normal_scores": functools.partial(classical_estimators.cca, margins="normal_scores"),
}


def distribution_names(match=""):
    """Names of the benchmark distributions that contain ``match``; ``ValueError`` if none do."""
    every = [distribution.name for distribution in distributions.benchmark()]
    found = [name for name in every if match in name]
    if not found:
        raise ValueError(f"`match` must occur in one of {every}. Received: match={match!r}.")
    return found


def measure(estimator, distribution, size, seed):
    """One estimate as a row.

    Args:
        estimator: a name as in the module's docstring.
        distribution: a ``Distribution``.
        size: number of pairs.
        seed: of the pairs and of the estimator.

    Returns:
        ``Row`` in nats, with the tags ``distribution``, ``size``, ``estimator``, ``truth``,
        ``standard_error``, ``lower``, ``upper`` (of the interval; None for those without one),
        ``seconds`` and ``cpu_seconds`` (of the fit alone; the second, of all threads together,
        says more on a busy machine). If the estimator fails, the value is NaN and the tag
        ``error`` says why.
    """
    x, y = distribution.sample(size, seed)
    found, start, cpu_start = {}, time.perf_counter(), time.process_time()
    try:
        if estimator in CLASSICAL:
            value = CLASSICAL[estimator](x, y)
        else:
            value, found = _fit(estimator, x, y, seed)
    # Any exception: a failure must show in the table, not end a run of a night.
    except Exception as error:
        traceback.print_exc()
        value, found = math.nan, {"error": f"{type(error).__name__}: {error}"}
    tags = {
        "distribution": distribution.name,
        "dimensions": max(distribution.dim_x, distribution.dim_y),
        "size": size,
        "estimator": estimator,
        "truth": distribution.mutual_information,
        "standard_error": None,
        "lower": None,
        "upper": None,
        **found,
        "seconds": round(time.perf_counter() - start, 3),
        "cpu_seconds": round(time.process_time() - cpu_start, 3),
    }
    variant = f"{estimator}-{distribution.name}-{size}"
    return results.Row(EXPERIMENT, variant, seed, 0, "test", "mi", value, "nats", tags)


def _fit(estimator, x, y, seed):
    # Imported here: the classical estimators need no TensorFlow.
    from tf_infomax import MutualInformationEstimator

    options = {} if estimator == "default" else {"bound": estimator}
    fitted = MutualInformationEstimator(seed=seed, **options).fit(x, y)
    lower, upper = fitted.confidence_interval_
    found = {
        "standard_error": float(fitted.standard_error_),
        "lower": float(lower),
        "upper": float(upper),
    }
    return float(fitted.mutual_information_), found


def run(output, estimators, sizes, seeds, match="", report=print):
    """Measures what is missing in ``output``.

    Args:
        output: directory of ``rows.jsonl``; made if missing.
        estimators: names, as in the module's docstring.
        sizes: numbers of pairs.
        seeds: ints.
        match: only distributions whose name contains it.
        report: receives one line of text a measurement.

    Returns:
        All rows of ``output``, those of earlier runs included; a measurement that failed before
        and was repeated is there once.

    Raises:
        ValueError: on an unknown estimator or a ``match`` without any distribution, before any
            work.
    """
    _check_estimators(estimators)
    wanted = set(distribution_names(match))
    path = Path(output) / ROWS
    with results.RowWriter(path) as writer:
        writer.flush()
        rows = {_key(row): row for row in results.read_rows(path)}
        for size in sizes:
            for distribution in distributions.benchmark():
                for seed in seeds:
                    for estimator in estimators:
                        key = (estimator, distribution.name, size, seed)
                        done = key in rows and "error" not in rows[key].tags
                        if done or distribution.name not in wanted:
                            continue
                        row = rows[key] = measure(estimator, distribution, size, seed)
                        writer.append(row)
                        writer.flush()
                        report(_line(row))
    return list(rows.values())


def _check_estimators(estimators):
    names = [name for name in estimators if name not in CLASSICAL and name != "default"]
    if not names:
        return
    from tf_infomax import bounds

    known = [*CLASSICAL, "default", *bounds.names()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"`estimators` must be among {known}. Received: {unknown}.")


def _key(row):
    return row.tags["estimator"], row.tags["distribution"], row.tags["size"], row.seed


def _line(row):
    tags = row.tags
    failed = f" {tags['error']}" if "error" in tags else ""
    return (
        f"{tags['distribution']} N={tags['size']} seed={row.seed} {tags['estimator']}: "
        f"{row.value:.4f} nats (truth {tags['truth']:.4f}), {tags['seconds']:.1f} s{failed}"
    )


def _define_flags():
    flags.DEFINE_string("output", "results/known_information", "Directory of rows and figure.")
    flags.DEFINE_list(
        "estimators",
        ["default", "infonce", "nwj", *CLASSICAL],
        "Estimators, separated by commas.",
    )
    flags.DEFINE_list("sizes", ["2000", "10000"], "Numbers of pairs.")
    flags.DEFINE_list("seeds", ["0"], "Seeds of the pairs and of the estimators.")
    flags.DEFINE_string("match", "", "Only distributions whose name contains this.")


def main(argv):
    """Measures, prints the tables, draws the figure; the exit code is not 0 if estimates failed."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
    options = flags.FLAGS
    rows = run(
        options.output,
        options.estimators,
        [int(size) for size in options.sizes],
        [int(seed) for seed in options.seeds],
        options.match,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print(known_information_report.tables(rows))
    known_information_report.write_figure(rows, Path(options.output) / "errors.png")
    return 1 if any("error" in row.tags for row in rows) else 0


if __name__ == "__main__":
    _define_flags()
    app.run(main)
