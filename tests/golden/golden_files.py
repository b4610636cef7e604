"""Golden files: where they are, which cases they hold, and how close a result must come.

The README in the folder ``mirl`` of the golden files is the specification of everything here:
naming of arrays, tolerances, and the arrays that must not be compared. Nothing here or in the tests
knows the sizes, case names or values of a particular file: all are read from the arrays.
"""

import dataclasses
import functools
import os
import re
from pathlib import Path

import numpy as np
import pytest

__all__ = ["PRECISIONS", "Case", "Comparisons", "GoldenFile", "cases", "folder", "layer_count"]

# The precision of the port under test. float64 first: it is the sharper one.
PRECISIONS = ("float64", "float32")

_REPOSITORY = Path(__file__).resolve().parents[2]

# The README's table for a float32 port: absolute tolerance, m = largest magnitude in the array.
_FLOAT32_ROWS = {
    "array": lambda m: 1e-5 * m + 3e-7,  # scores, encoder outputs, Jacobians, gradients
    "value": lambda m: 1e-5 * np.maximum(1.0, m),  # bounds, lme_*, log_condition
    "loss": lambda m: 5e-5 + 0.0 * m,  # losses of a trajectory
    "weight": lambda m: 5e-6 + 0.0 * m,  # final weights of a trajectory
}


def _float64_row(m):
    return 1e-9 * np.maximum(1.0, m)


def folder(paper="mirl"):
    """The folder of a paper's files ("mirl" or "dim"), which need not exist."""
    default = _REPOSITORY.parent / "shared" / "golden"
    return Path(os.environ.get("TF_INFOMAX_GOLDEN") or default).expanduser() / paper


class GoldenFile:
    """The arrays of one file, read when they are asked for.

    Args:
        source: path of an ``.npz``, or a mapping from names to arrays.
        name: file name without ending, where ``source`` is a mapping.
    """

    def __init__(self, source, name=None):
        if isinstance(source, (str, os.PathLike)):
            self.name, self._arrays = Path(source).stem, np.load(source, allow_pickle=False)
        else:
            self.name, self._arrays = name, source
        self.names = tuple(self._arrays)

    def __contains__(self, name):
        return name in self.names

    def __getitem__(self, name):
        return self._arrays[name]

    def input(self, name):
        """An array that the computation needs; without it the case is skipped."""
        if name not in self:
            pytest.skip(f"{self.name} has no array {name!r}")
        return self._arrays[name]

    def inputs(self, *names):
        """Several of them."""
        return tuple(self.input(name) for name in names)

    def match(self, pattern):
        """``re.Match`` of every name that matches ``pattern`` completely, in the file's order."""
        found = (re.fullmatch(pattern, name) for name in self.names)
        return [match for match in found if match]

    def prefixes(self, pattern):
        """First groups of ``match(pattern)``, each once, in the file's order."""
        return list(dict.fromkeys(match[1] for match in self.match(pattern)))


def layer_count(golden, prefix, suffix="_kernel"):
    """How many layers ``<prefix>_<i><suffix>`` a file describes, counting those it lost."""
    indices = [int(m[1]) for m in golden.match(rf"{re.escape(prefix)}_(\d+){suffix}")]
    if not indices:
        pytest.skip(f"{golden.name} has no arrays {prefix}_<i>{suffix}")
    return 1 + max(indices)


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing to compute: a file, a case inside it (or ""), and the precision of the port."""

    source: object
    key: str
    precision: str

    @functools.cached_property
    def golden(self):
        source = self.source
        return source if isinstance(source, GoldenFile) else GoldenFile(source)


def cases(pattern, keys=lambda golden: ("",), paper="mirl"):
    """``pytest`` parameters: every file that matches, its every case, both precisions.

    Args:
        pattern: of file names, or several of them.
        keys: ``GoldenFile`` -> names of its cases; by default the file is one case.
        paper: whose files.
    """
    where = folder(paper)
    if not where.is_dir():
        return [_skipped(f"no folder of golden files at {where}")]
    patterns = (pattern,) if isinstance(pattern, str) else pattern
    paths = sorted({path for entry in patterns for path in where.glob(entry)})
    if not paths:
        return [_skipped(f"no file {' or '.join(patterns)} in {where}")]
    return [
        pytest.param(
            Case(path, key, precision),
            id="-".join(part for part in (path.stem, key or "", precision) if part),
        )
        for path in paths
        for key in _keys_of(path, keys)
        for precision in PRECISIONS
    ]


def _skipped(reason):
    return pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")


def _keys_of(path, keys):
    # A file that cannot be read, or holds no case at all, must fail in its test: were it to raise
    # here, the other files would not be tested; were it left out, nobody would notice.
    try:
        return list(keys(GoldenFile(path))) or [None]
    except Exception:
        return [None]


class Comparisons:
    """Compares results with a file's arrays, and fails on leaving if one differed or none was made.

    Use as ``with Comparisons(case) as compare: compare("scores", scores, "array")``.
    """

    def __init__(self, case):
        self.golden = case.golden
        self.key = case.key
        self.precision = case.precision
        self.count = 0
        self.failures = []
        assert case.key is not None, f"{self.golden.name} holds no case of its group's form"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            assert not self.failures, f"{self.golden.name}:\n  " + "\n  ".join(self.failures)
            assert self.count, f"{self.golden.name} {self.key}: nothing was compared"

    def __call__(self, name, actual, row, elementwise=False):
        """Compares ``actual`` with ``<name>_f64`` and ``<name>_f32``, whichever are stored.

        A float64 port is held to the stored float64 array (1e-9) and, as the official float32
        results meet the float32 row themselves, to the float32 array with that row. A float32 port
        is held to the float64 array; where there is none, to the float32 array with twice the
        row, since each of the two may be off by one row.

        Args:
            name: without suffix.
            actual: what the port computed, of the same shape.
            row: row of the README's table: "array", "value", "loss" or "weight".
            elementwise: m is the magnitude of each entry in place of the largest one, for
                arrays with entries of wildly different sizes that are each accurate.
        """
        float32_row = _FLOAT32_ROWS[row]
        f64, f32 = f"{name}_f64", f"{name}_f32"
        if self.precision == "float64":
            self._stored(f64, actual, _float64_row, elementwise)
            self._stored(f32, actual, float32_row, elementwise)
        elif f64 in self.golden:
            self._stored(f64, actual, float32_row, elementwise)
        else:
            self._stored(f32, actual, lambda m: 2.0 * float32_row(m), elementwise)

    def single_precision(self, name, actual, row):
        """Compares with the array ``name``, which has no suffix and was computed in float32."""
        self._stored(name, actual, _FLOAT32_ROWS[row])

    def exact(self, name, actual):
        """Compares with the array ``name`` of integers, or of entries picked without arithmetic."""
        self._stored(name, actual, lambda m: 0.0 * m)

    def zero(self, name, actual):
        """A result that is zero in exact arithmetic: compared with zero, not with stored noise."""
        row = _float64_row if self.precision == "float64" else _FLOAT32_ROWS["value"]
        if actual is None:
            self.failures.append(f"{name}: the port gave nothing")
            return
        self.close(f"{name} (zero in exact arithmetic)", actual, np.zeros_like(actual), row(0.0))

    def close(self, label, actual, expected, tolerance):
        """Compares any two results; ``tolerance`` is absolute, a scalar or an array."""
        if actual is None:
            self.failures.append(f"{label}: the port gave nothing")
            return
        actual, expected = np.asarray(actual), np.asarray(expected)
        if actual.shape != expected.shape:
            self.failures.append(f"{label}: shape {actual.shape}, expected {expected.shape}")
            return
        # An empty array (a schedule without warm-up) is right, and does not count as compared.
        if not actual.size:
            return
        self.count += 1
        expected, tolerance = expected.astype(np.float64), np.broadcast_to(tolerance, actual.shape)
        with np.errstate(invalid="ignore"):
            difference = np.abs(actual.astype(np.float64) - expected)
        # Written so that NaN anywhere counts as a difference, and infinity equals nothing.
        wrong = ~(np.isfinite(difference) & (difference <= tolerance))
        if wrong.any():
            worst = np.unravel_index(
                np.argmax(np.where(wrong, np.nan_to_num(difference, nan=np.inf), -1.0)), wrong.shape
            )
            at = f" at {tuple(int(i) for i in worst)}" if worst else ""
            self.failures.append(
                f"{label}{at}: {actual[worst]!r}, expected {expected[worst]!r}; off by "
                f"{difference[worst]:.3g}, tolerance {tolerance[worst]:.3g}; "
                f"{wrong.sum()} of {wrong.size} entries differ"
            )

    def _stored(self, name, actual, row, elementwise=False):
        if name not in self.golden:
            return
        expected = self.golden[name]
        magnitudes = np.abs(expected.astype(np.float64))
        finite = magnitudes[np.isfinite(magnitudes)]
        m = magnitudes if elementwise else max(finite.max(initial=0.0), 0.0)
        self.close(f"{name} ({self.precision} port)", actual, expected, row(m))
