"""A long run and a long sweep, watched: whether memory, open files and time per step stay the same.

    python -m benchmarks.soak --work=steps    # 200,000 steps of one run
    python -m benchmarks.soak --work=sweep    # 60 runs of 50 steps in one process
    python -m benchmarks.soak --work=report   # only the table and the figure, from the samples

Started again, it goes on. The commands are those of users, with evaluations, checkpoints and
TensorBoard; the process that runs them is looked at from outside whenever it prints a line of
progress. Writes ``<work>.jsonl`` (a line a sample), ``soak.md`` and ``soak.png``.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

import numpy as np
from absl import app, flags

from tf_infomax.plots import style

__all__ = ["QUANTITIES", "WORKS", "draw", "sample", "slope", "table", "watch"]

_SMALL = (
    "--experiment=critic_impact", "--set=data=digits", "--set=critic=bilinear",
    "--set=bound=infonce", "--set=encoder.layer_dimensions=16,8", "--set=train.batch_size=32",
    "--set=evaluate=linear_probe,bound,conditioning", "--jobs=1",
)  # fmt: skip
# Name of the work -> (what is counted, how many, arguments of the launcher, pattern of the count).
WORKS = {
    "steps": (
        "step", 200_000,
        (*_SMALL, "--set=train.steps=200000", "--set=train.log_every=100",
         "--set=train.checkpoint_every=250", "--set=evaluate.linear_probe.every=1000",
         "--set=evaluate.bound.every=500", "--set=evaluate.conditioning.every=1000"),
        re.compile(r" step (\d+)/"),
    ),
    "sweep": (
        "run", 60,
        (*_SMALL, "--set=train.steps=50", "--set=train.log_every=10", "--seeds=60",
         "--set=train.checkpoint_every=10", "--set=evaluate.linear_probe.every=50",
         "--set=evaluate.bound.every=10", "--set=evaluate.conditioning.every=50"),
        re.compile(r" (\d+) of \d+ runs ended"),
    ),
}  # fmt: skip
# Column of a sample -> (its name, unit of its slope in a thousand counts).
QUANTITIES = {
    "megabytes": ("resident memory", "MiB"),
    "files": ("open files", "files"),
    "threads": ("threads", "threads"),
    "cpu": ("processor time", "ms"),
}
# The part of the samples that shows tracing, compiling and filling of caches.
_WARM_UP = 0.1
_BLOCKS = 36
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


def sample(pid):
    """What process ``pid`` holds at this moment (Linux).

    Returns:
        Dict of "megabytes" (resident, MiB), "files" (open descriptors), "threads", and "seconds"
        of processor time so far.
    """
    process = pathlib.Path("/proc") / str(pid)
    # The name of the command, in brackets, may hold spaces.
    fields = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return {
        "megabytes": int(fields[21]) * _PAGE / 2**20,
        "files": len(os.listdir(process / "fd")),
        "threads": int(fields[17]),
        "seconds": (int(fields[11]) + int(fields[12])) / _TICK,
    }


def watch(work, workdir, target):
    """Runs a work of ``WORKS``, or the rest of it, and appends its samples to ``target``.

    Args:
        work: its name.
        workdir: work directory of the runs.
        target: ``.jsonl`` file of the samples; lines have the number of their process.

    Raises:
        RuntimeError: if the command fails.
    """
    counted, _, arguments, pattern = WORKS[work]
    target.parent.mkdir(parents=True, exist_ok=True)
    number = 1 + max((one["process"] for one in read(target)), default=-1)
    command = [sys.executable, "launch/run_experiment.py", *arguments, f"--workdir={workdir}"]
    began = time.monotonic()
    process = subprocess.Popen(
        command, text=True, bufsize=1, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    lines = []
    with process, target.open("a", encoding="utf-8") as file:
        for line in process.stdout:
            lines = [*lines[-20:], line]
            found = pattern.search(line)
            if found is None or "steps/s" in line:
                continue
            seen = {"process": number, counted: int(found[1]), **sample(process.pid)}
            seen["elapsed"] = round(time.monotonic() - began, 3)
            file.write(json.dumps(seen) + "\n")
            file.flush()
    if process.returncode:
        raise RuntimeError(f"The command must finish. Received: {''.join(lines)}")


def read(path):
    """The samples of a file: a list of dicts; empty without the file."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def settled(samples, counted):
    """The samples of the process that counted most, after its warm-up: a dict of arrays.

    "cpu" is the processor time in ms of one count since the sample before.
    """
    processes = {}
    for one in samples:
        processes.setdefault(one["process"], []).append(one)
    longest = max(processes.values(), key=lambda found: found[-1][counted] - found[0][counted])
    columns = {name: np.array([one[name] for one in longest], float) for name in longest[0]}
    passed = np.diff(columns[counted])
    columns = {name: values[1:][passed > 0] for name, values in columns.items()}
    spent = np.diff(columns["seconds"], prepend=np.nan) * 1e3
    columns["cpu"] = spent / np.diff(columns[counted], prepend=np.nan)
    first, last = columns[counted][0], columns[counted][-1]
    is_warm = columns[counted] > first + _WARM_UP * (last - first)
    return {name: values[is_warm] for name, values in columns.items()}


def slope(counts, values):
    """Slope of a least-squares line with its standard error, of ``values`` over ``counts``.

    The line goes through means of blocks. Neighbours among its residuals are alike (memory comes in
    lumps, other work on a machine lasts), for which the error is enlarged as for residuals that
    follow an autoregression of the first order.

    Args:
        counts, values: ``[N]``, N >= 8, ``counts`` ascending.

    Returns:
        (slope, its standard error).
    """
    blocks = min(_BLOCKS, len(counts) // 2)
    x, y = (
        np.array([part.mean() for part in np.array_split(np.asarray(one, float), blocks)])
        for one in (counts, values)
    )
    centred = x - x.mean()
    found = centred @ y / (centred @ centred)
    residuals = y - y.mean() - found * centred
    squares = residuals @ residuals
    if squares == 0.0:
        return float(found), 0.0
    correlation = np.clip(residuals[1:] @ residuals[:-1] / squares, 0.0, 0.95)
    variance = squares / (blocks - 2) / (centred @ centred)
    return float(found), float(np.sqrt(variance * (1 + correlation) / (1 - correlation)))


def table(found):
    """Slopes as Markdown.

    Args:
        found: name of a work -> its samples.
    """
    lines = [
        "| work | quantity | at first | at last | slope | a whole work |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for work, samples in found.items():
        counted, number, *_ = WORKS[work]
        columns = settled(samples, counted)
        for column, (name, unit) in QUANTITIES.items():
            values = columns[column]
            part = max(1, len(values) // 10)
            ends = [f"{values[:part].mean():,.2f}", f"{values[-part:].mean():,.2f}"]
            rate, error = slope(columns[counted], values)
            # A sweep is shorter than a thousand runs.
            per, times = ("1,000 steps", 1e3) if counted == "step" else ("run", 1.0)
            cells = [
                f"{number:,} {counted}s", f"{name}{f', ms a {counted}' if column == 'cpu' else ''}",
                *ends, f"{times * rate:+.4f} ± {times * error:.4f} {unit} in {per}",
                f"{number * rate:+.2f} ± {number * error:.2f} {unit}",
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(found, path):
    """Quantities over counts, a column a work, into a picture."""
    with style.look():
        figure, axes = style.canvas(len(QUANTITIES), len(found), 1.7)
        for column, (work, samples) in enumerate(found.items()):
            counted = WORKS[work][0]
            columns = settled(samples, counted)
            for row, (quantity, (name, unit)) in enumerate(QUANTITIES.items()):
                place, values = axes[row][column], columns[quantity]
                place.plot(columns[counted], values, linewidth=0.9)
                rate, _ = slope(columns[counted], values)
                centre = columns[counted] - columns[counted].mean()
                place.plot(columns[counted], values.mean() + rate * centre, "--", linewidth=1.1)
                # From zero, so that noise does not look like growth.
                place.set_ylim(0, 1.15 * values.max())
                place.set_ylabel(f"{unit} a {counted}" if quantity == "cpu" else unit)
                place.set_title(name)
            axes[-1][column].set_xlabel(counted)
        figure.savefig(path)


def main(argv):
    """Watches, then draws and prints what there is."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
    work, output = flags.FLAGS.work, pathlib.Path(flags.FLAGS.output)
    if work != "report":
        watch(work, pathlib.Path(flags.FLAGS.workdir) / work, output / f"{work}.jsonl")
    found = {name: read(output / f"{name}.jsonl") for name in WORKS}
    found = {name: samples for name, samples in found.items() if samples}
    text = table(found)
    (output / "soak.md").write_text(text + "\n", encoding="utf-8")
    draw(found, output / "soak.png")
    print(text)


if __name__ == "__main__":
    flags.DEFINE_enum("work", "steps", [*WORKS, "report"], "What to watch.")
    flags.DEFINE_string("workdir", "runs/soak", "Where the runs are.")
    flags.DEFINE_string("output", "results/soak", "Folder of the results.")
    app.run(main)
