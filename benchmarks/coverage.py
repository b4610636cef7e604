"""How often the intervals of the estimator cover the true mutual information.

Draws pairs of some benchmark distributions again and again, appends one row a fit to
``<output>/coverage.jsonl`` (existing rows are not measured again, so a killed run continues with
the same command), and prints a table in Markdown: per distribution and size the truth, the mean
estimate, and the fraction of two-sided intervals that contain the truth, of intervals without the
estimated shortfall that do, and of held-out lower limits that are below it. From the repository:

    python -m benchmarks.coverage --output=results/known_information
    python -m benchmarks.coverage --sizes=500,2000,10000 --repetitions=100
"""

import math
import sys
import warnings
from pathlib import Path

import numpy as np
from absl import app, flags
from scipy import special

from tf_infomax import distributions
from tf_infomax.results import rows as results

__all__ = ["measure", "run", "table"]

EXPERIMENT = "coverage"
ROWS = "coverage.jsonl"
# A Gaussian, a nonlinear curve, heavy tails, several dimensions, and independence.
DISTRIBUTIONS = ("gaussian_1x1", "independent_1x1", "curve_1x1", "student_1x1", "gaussian_5x5",
                 "levels_10")  # fmt: skip


def draw(name, size, seed):
    """(x, y, true mutual information in nats) of a distribution of ``DISTRIBUTIONS``."""
    rng = np.random.default_rng([seed, DISTRIBUTIONS.index(name)])
    if name in ("gaussian_1x1", "gaussian_5x5"):
        dim, rho = (1, 0.75) if name == "gaussian_1x1" else (5, 0.6)
        found = distributions.get("coordinatewise", dim=dim, rho=rho)
        return *found.sample(size, seed), found.mutual_information
    x = rng.normal(size=(size, 1))
    if name == "independent_1x1":
        return x, rng.normal(size=(size, 1)), 0.0
    if name == "student_1x1":
        # Uncorrelated with 2 degrees of freedom (Arellano-Valle et al., 2013): the entropies.
        scale = np.sqrt(rng.chisquare(2, size=(size, 1)) / 2)
        one, two = (_student_entropy(dim, 2.0) for dim in (1, 2))
        return x / scale, rng.normal(size=(size, 1)) / scale, 2 * one - two
    if name == "curve_1x1":
        # y = +-|x| up to noise, from an integral over the density of y.
        sign = rng.choice([-1.0, 1.0], size=(size, 1))
        return x, sign * x + 0.3 * rng.normal(size=(size, 1)), _of_cross()
    labels, kept, levels = rng.integers(10, size=size), 0.5, 10
    y = np.where(rng.random(size) < kept, labels, rng.integers(levels, size=size))
    likely, other = kept + (1 - kept) / levels, (1 - kept) / levels
    truth = likely * math.log(likely * levels) + (levels - 1) * other * math.log(other * levels)
    return labels, y, truth


def _student_entropy(dim, degrees):
    half = (degrees + dim) / 2
    return float(
        special.gammaln(degrees / 2) - special.gammaln(half) + dim / 2 * math.log(degrees * math.pi)
        + half * (special.digamma(half) - special.digamma(degrees / 2))
    )


def _of_cross():
    """I(x; +-x + 0.3 e) in nats: H(y) of a Gaussian minus the mean entropy of y given x."""
    grid = np.linspace(-6.0, 6.0, 2_401)
    x = np.linspace(0.0, 6.0, 601)
    density = sum(
        np.exp(-0.5 * ((grid - sign * x[:, np.newaxis]) / 0.3) ** 2) for sign in (-1.0, 1.0)
    ) / (2 * 0.3 * math.sqrt(2 * math.pi))
    entropies = -np.trapezoid(density * np.log(np.maximum(density, 1e-300)), grid, axis=1)
    weights = 2.0 * np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
    given = np.trapezoid(weights * entropies, x)
    return float(0.5 * math.log(2 * math.pi * math.e * (1.0 + 0.09)) - given)


def measure(name, size, seed):
    """One fit as a row: the value is the estimate in nats."""
    from tf_infomax import MutualInformationEstimator

    x, y, truth = draw(name, size, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = MutualInformationEstimator(seed=seed, jobs=1).fit(x, y)
    low, high = fitted.confidence_interval_
    tags = {
        "distribution": name,
        "size": size,
        "truth": truth,
        "standard_error": fitted.standard_error_,
        "lower": float(low),
        "upper": float(high),
        "shortfall": fitted.shortfall_,
        "lower_limit": fitted.lower_confidence_limit_,
    }
    value = float(fitted.mutual_information_)
    return results.Row(EXPERIMENT, f"{name}-{size}", seed, 0, "test", "mi", value, "nats", tags)


def run(output, names, sizes, repetitions, report=print):
    """Measures what is missing in ``output``; returns the rows of all fits there."""
    path = Path(output) / ROWS
    with results.RowWriter(path) as writer:
        writer.flush()
        rows = {_key(row): row for row in results.read_rows(path)}
        # All distributions and sizes first, so that an early table has them all.
        for seed in range(repetitions):
            for size in sizes:
                for name in names:
                    if (name, size, seed) in rows:
                        continue
                    row = rows[name, size, seed] = measure(name, size, seed)
                    writer.append(row)
                    writer.flush()
                    truth = row.tags["truth"]
                    report(f"{name} N={size} seed={seed}: {row.value:.4f} (truth {truth:.4f})")
    return list(rows.values())


def _key(row):
    return row.tags["distribution"], row.tags["size"], row.seed


def table(rows):
    """Coverage by distribution and size, Markdown."""
    lines = [
        "| distribution | N | fits | truth | mean estimate | interval covers | without shortfall | "
        "lower limit below |",
        "|---|---|---|---|---|---|---|---|",
    ]
    cases = sorted({(row.tags["size"], row.tags["distribution"]) for row in rows})
    for size, name in cases:
        chosen = [
            row for row in rows if (row.tags["size"], row.tags["distribution"]) == (size, name)
        ]
        truth = chosen[0].tags["truth"]

        def part(holds, chosen=chosen):
            return f"{100 * sum(map(holds, chosen)) / len(chosen):.0f} %"

        covered = part(lambda row: row.tags["lower"] <= row.tags["truth"] <= row.tags["upper"])
        plain = part(
            lambda row: abs(row.value - row.tags["truth"]) <= row.value - row.tags["lower"]
        )
        below = part(lambda row: row.tags["lower_limit"] <= row.tags["truth"])
        mean = sum(row.value for row in chosen) / len(chosen)
        lines.append(
            f"| {name} | {size:,} | {len(chosen)} | {truth:.3f} | {mean:.3f} | {covered} | "
            f"{plain} | {below} |"
        )
    return "\n".join(lines)


def _define_flags():
    flags.DEFINE_string("output", "results/known_information", "Directory of the rows.")
    flags.DEFINE_list("distributions", list(DISTRIBUTIONS), "Distributions.")
    flags.DEFINE_list("sizes", ["500"], "Numbers of pairs.")
    flags.DEFINE_integer("repetitions", 10, "Fits of each.", lower_bound=1)


def main(argv):
    """Measures what is missing and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
    options = flags.FLAGS
    unknown = [name for name in options.distributions if name not in DISTRIBUTIONS]
    if unknown:
        raise app.UsageError(f"Distributions: {DISTRIBUTIONS}. Received: {unknown}.")
    rows = run(
        options.output, options.distributions, [int(size) for size in options.sizes],
        options.repetitions, report=lambda line: print(line, file=sys.stderr, flush=True),
    )  # fmt: skip
    print(table(rows))
    return 0


if __name__ == "__main__":
    _define_flags()
    app.run(main)
