"""Estimates of hard cases with known mutual information, and of pairs of columns of real data.

Hard cases are those at which estimators are seen to fail: strong dependence, fast waves, many
levels, few informative coordinates of many, series. The real pairs are columns of the data sets
that scikit-learn brings along. Beside each estimate stand the nearest-neighbour estimate (KSG),
canonical correlations (CCA) and the same after ranking (where all columns are numbers). Rows are
appended to ``<output>/hard_and_real_pairs.jsonl`` (a killed run continues with the same command),
and a table in Markdown is printed. From the repository:

    python -m benchmarks.hard_and_real_pairs --output=results/known_information
"""

import functools
import math
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from absl import app, flags
from sklearn import datasets

from benchmarks.known_information import CLASSICAL
from tf_infomax.results import rows as results

__all__ = ["cases", "measure", "moving_shapes", "run", "table"]

EXPERIMENT = "hard_and_real_pairs"
ROWS = "hard_and_real_pairs.jsonl"
_REAL = (
    ("iris", ("petal length (cm)", "petal width (cm)"), ("sepal length (cm)", "sepal width (cm)"),
     ("petal length (cm)", "target")),
    ("wine", ("alcohol", "color_intensity"), ("flavanoids", "total_phenols"),
     ("flavanoids", "target"), ("proline", "alcohol")),
    ("breast_cancer", ("mean radius", "mean texture"), ("mean radius", "mean area"),
     ("mean concavity", "mean smoothness"), ("worst radius", "target"),
     ("mean compactness", "mean fractal dimension"), ("area error", "mean area")),
    ("diabetes", ("bmi", "target"), ("s1", "s2"), ("age", "bp"), ("s5", "target"), ("s3", "s4"),
     ("sex", "s3"), ("bp", "target")),
)  # fmt: skip


def cases():
    """name -> function without arguments -> (x, y, truth or None, options of the estimator)."""
    found = {
        "digits, upper and lower half": _digit_halves,
        "halves of two digits of one class": _class_halves,
        "digit's pixels and its label": _pixels_and_label,
        "two images with one pattern, somewhere": _one_pattern,
        "the same, flattened": functools.partial(_one_pattern, flat=True),
        "10 canonical pairs, 10 nats in all": _strong,
        "y a fast wave of x1, with x2": _wave,
        "50 nominal levels": _levels,
        "2 informative of 100 coordinates": _two_of_a_hundred,
        "2 pairs of rho 0.8 of 500 coordinates": _two_of_five_hundred,
        "independent AR(1), phi 0.99": _series,
        "the same, blocks": functools.partial(_series, blocks="auto"),
    }
    for name, *pairs in _REAL:
        for columns in pairs:
            found[f"{name}: {columns[0]}, {columns[1]}"] = functools.partial(_real, name, columns)
    return found


def _digit_halves():
    images = datasets.load_digits().images
    return images[:, :4], images[:, 4:], None, {}


def _class_halves():
    # Given the class, both halves are independent: at most log 10 nats.
    digits, rng = datasets.load_digits(), np.random.default_rng(0)
    other = np.arange(len(digits.target))
    for label in range(10):
        rows = np.flatnonzero(digits.target == label)
        other[rows] = np.roll(rng.permutation(rows), 1)[np.argsort(np.argsort(rows))]
    return digits.images[:, :4], digits.images[other, 4:], None, {}


def _pixels_and_label():
    digits = datasets.load_digits()
    return digits.images, digits.target, None, {}


def moving_shapes(count, classes, size, noise, flip, seed=0):
    """Pairs of images with a pattern each, somewhere; with the mutual information of the patterns.

    Both patterns are of the same class, but for a part ``flip`` of the pairs, where the second is
    drawn anew: the table of the classes has the exact mutual information.
    """
    draws = np.random.default_rng(seed)
    patterns = np.random.default_rng(7).integers(0, 2, size=(classes, 4, 4))
    first = draws.integers(classes, size=count)
    second = np.where(draws.random(count) < flip, draws.integers(classes, size=count), first)

    def drawn(chosen):
        images = noise * draws.normal(size=(count, size, size, 1))
        for image, pattern in zip(images, patterns[chosen], strict=True):
            row, column = draws.integers(size - 3, size=2)
            image[row : row + 4, column : column + 4, 0] += pattern
        return images

    table = np.full((classes, classes), flip / classes**2)
    table += np.eye(classes) * (1.0 - flip) / classes
    return drawn(first), drawn(second), float((table * np.log(table * classes**2)).sum())


def _one_pattern(flat=False):
    x, y, truth = moving_shapes(2_000, classes=6, size=12, noise=0.2, flip=0.1)
    if flat:
        x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    return x, y, truth, {}


def _strong():
    x, noise = np.random.default_rng(0).normal(size=(2, 2_000, 10))
    return x, math.sqrt(1 - math.exp(-2)) * x + math.exp(-1) * noise, 10.0, {}


def _wave(noise=0.2):
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(10_000, 2))
    y = np.sin(2 * math.pi * 6 * x[:, :1]) + noise * rng.normal(size=(10_000, 1))
    # H(y) of a sine of uniform phase with Gaussian noise, on a grid.
    grid = np.linspace(-3.0, 3.0, 6_001)
    phases = np.sin(math.pi * (np.arange(2_000) + 0.5) / 2_000 - math.pi / 2)
    density = np.exp(-0.5 * ((grid[:, np.newaxis] - phases) / noise) ** 2).mean(axis=1)
    density /= noise * math.sqrt(2 * math.pi)
    entropy = -np.trapezoid(density * np.log(np.maximum(density, 1e-300)), grid)
    return x, y, float(entropy - 0.5 * math.log(2 * math.pi * math.e * noise**2)), {}


def _levels(levels=50, kept=0.8):
    rng = np.random.default_rng(0)
    x = rng.integers(levels, size=2_000)
    y = np.where(rng.random(2_000) < kept, x, rng.integers(levels, size=2_000))
    own, other = kept + (1 - kept) / levels, (1 - kept) / levels
    truth = own * math.log(own * levels) + (levels - 1) * other * math.log(other * levels)
    return x.astype(str), y.astype(str), truth, {}


def _two_of_a_hundred():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2_000, 100))
    y = x[:, :1] + x[:, 1:2] + 0.41 * rng.normal(size=(2_000, 1))
    return x, y, 0.5 * math.log(1 + 2 / 0.41**2), {}


def _two_of_five_hundred():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 2_000, 500))
    y[:, :2] = 0.8 * x[:, :2] + 0.6 * y[:, :2]
    return x, y, -math.log(1 - 0.64), {}


def _series(**options):
    from scipy.signal import lfilter

    x, y = lfilter([1.0], [1.0, -0.99], np.random.default_rng(0).normal(size=(2, 2_500)))
    return x[500:], y[500:], 0.0, options


def _real(name, columns):
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return frame[columns[0]].to_numpy(), frame[columns[1]].to_numpy(), None, {}


def measure(name, seed=0):
    """One fit and the classical estimates as a row: the value is the estimate in nats."""
    from tf_infomax import MutualInformationEstimator

    x, y, truth, options = cases()[name]()
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = MutualInformationEstimator(seed=seed, **options).fit(x, y)
    low, high = fitted.confidence_interval_
    tags = {
        "case": name,
        "size": len(x),
        "truth": truth,
        "lower": float(low),
        "upper": float(high),
        "warnings": len(fitted.warnings_),
        "cpu_seconds": round(time.process_time() - start, 1),
        **_classical(x, y),
    }
    value = float(fitted.mutual_information_)
    return results.Row(EXPERIMENT, name, seed, 0, "test", "mi", value, "nats", tags)


def _classical(x, y):
    if x.dtype.kind not in "fiu" or y.dtype.kind not in "fiu":
        return dict.fromkeys(CLASSICAL)
    sides = [values.reshape(len(values), -1).astype(float) for values in (x, y)]
    sides = [side[:, side.std(axis=0) > 0] for side in sides]
    found = {}
    for name, estimate in CLASSICAL.items():
        # Nearest neighbours of so many coordinates take minutes and tell nothing.
        is_wide = name.startswith("ksg") and sum(side.shape[1] for side in sides) > 30
        value = math.nan if is_wide else float(estimate(*sides))
        found[name] = value if math.isfinite(value) else None
    return found


def run(output, names, report=print):
    """Measures what is missing in ``output``; returns the rows of all cases there."""
    path = Path(output) / ROWS
    with results.RowWriter(path) as writer:
        writer.flush()
        rows = {row.tags["case"]: row for row in results.read_rows(path)}
        for name in names:
            if name not in rows:
                rows[name] = measure(name)
                writer.append(rows[name])
                writer.flush()
                report(f"{name}: {rows[name].value:.4f}")
    return list(rows.values())


def table(rows):
    """The estimates, Markdown."""
    lines = [
        "| pairs | N | truth | estimate | interval | warnings | CPU seconds | KSG | ranked KSG | "
        "CCA | ranked Gaussian |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        tags = row.tags
        others = " | ".join(
            _text(tags[name])
            for name in ("ksg", "ksg_normal_scores", "cca", "cca_normal_scores")
        )
        lines.append(
            f"| {tags['case']} | {tags['size']:,} | {_text(tags['truth'])} | {row.value:.3f} | "
            f"[{tags['lower']:.3f}, {tags['upper']:.3f}] | {tags['warnings']} | "
            f"{tags['cpu_seconds']} | {others} |"
        )
    return "\n".join(lines)


def _text(value):
    return "" if value is None else f"{value:.3f}"


def main(argv):
    """Measures what is missing and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
    names = [name for name in cases() if flags.FLAGS.match in name]
    print(table(run(
        flags.FLAGS.output, names, report=lambda line: print(line, file=sys.stderr, flush=True)
    )))  # fmt: skip
    return 0


if __name__ == "__main__":
    flags.DEFINE_string("output", "results/known_information", "Directory of the rows.")
    flags.DEFINE_string("match", "", "Only cases whose name contains this.")
    app.run(main)
