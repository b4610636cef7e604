"""Formulations of one computation side by side: time, peak memory, and whether they agree.

A formulation is a function that builds a step: ``build(**sizes) -> step``, ``step() -> list of
arrays``, the results that all formulations must share. Every measurement is a process of its own,
so that its peak of memory is its own; the processes of all formulations take turns, several times,
so that whatever else the machine does meets all of them; of each the smallest time counts. Beside
the wall clock there is the processor time of all threads, which other work disturbs less.

``compare`` is what the benchmarks call; ``python -m benchmarks.measure`` is the process it starts.
"""

import dataclasses
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

__all__ = ["Result", "compare", "in_process", "machine", "table"]

_ROOT = pathlib.Path(__file__).resolve().parents[1]
# Seconds: steps that take longer are not repeated.
_LONG = 60.0


@dataclasses.dataclass(frozen=True)
class Result:
    """What was measured of one formulation.

    Attributes:
        work: what is computed, with its sizes.
        formulation: how.
        seconds: smallest wall-clock time of a step.
        cpu_seconds: smallest processor time of a step, of all threads together.
        megabytes: most memory at any time, beyond what there was before the first step, in MiB.
        difference: largest difference of any result from the baseline's: of a scalar as it is, of
            an array in parts of its largest entry; ``None`` of the baseline itself.
    """

    work: str
    formulation: str
    seconds: float
    cpu_seconds: float
    megabytes: float
    difference: float | None


def compare(work, formulations, sizes, *, tolerance=1e-5, rounds=2, seconds=3.0):
    """Measures ``formulations``, the first of which is the baseline.

    Args:
        work: what is computed, for the table.
        formulations: label -> ``"module:function"`` of ``benchmarks``.
        sizes: keyword arguments of every builder.
        tolerance: of ``Result.difference``.
        rounds: processes of each.
        seconds: how long a process repeats its step, at least twice, after one that is not
            counted; a step of more than 60 s is made, and counted, once.

    Returns:
        List of ``Result``, in the order of ``formulations``.

    Raises:
        ArithmeticError: if a formulation does not give what the baseline gives.
        subprocess.CalledProcessError: if one breaks down.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = {label: [] for label in formulations}
        for turn in range(rounds):
            for number, (label, where) in enumerate(formulations.items()):
                target = pathlib.Path(folder) / f"{number}.npz"
                found[label].append(in_process(where, sizes, seconds, target))
                print(f"  {work}: {label}, round {turn + 1} of {rounds}", file=sys.stderr)
        stored = [
            list(np.load(pathlib.Path(folder) / f"{number}.npz").values())
            for number in range(len(formulations))
        ]
    results = []
    for label, arrays in zip(formulations, stored, strict=True):
        difference = None if arrays is stored[0] else _difference(arrays, stored[0])
        if difference is not None and not difference <= tolerance:
            raise ArithmeticError(
                f"{work}: {label} must give what {next(iter(formulations))} gives, up to "
                f"{tolerance}. Received: a difference of {difference}."
            )
        best = [min(one[key] for one in found[label]) for key in ("wall", "cpu", "megabytes")]
        results.append(Result(work, label, *best, difference))
    return results


def _difference(arrays, baseline):
    largest = max(np.abs(other).max() for other in baseline if other.ndim)
    differences = []
    for one, other in zip(arrays, baseline, strict=True):
        # A scalar is a bound in nats, which may be next to zero.
        scale = 1.0 if other.ndim == 0 else np.abs(other).max()
        if scale < 1e-5 * largest:
            # A gradient that is zero but for rounding.
            scale = largest
        differences.append(float(np.abs(one - other).max() / scale))
    return max(differences)


def in_process(where, sizes, seconds=3.0, target=""):
    """Measures one formulation once, in a process of its own.

    Args:
        where: ``"module:function"`` of a builder.
        sizes: its keyword arguments.
        seconds: how long its step is repeated, see ``compare``.
        target: ``.npz`` file that receives the results of the first step, if any.

    Returns:
        Dict of "wall" and "cpu", seconds, and "megabytes", as in ``Result``.

    Raises:
        subprocess.CalledProcessError: if it breaks down.
    """
    command = [
        sys.executable, "-m", "benchmarks.measure", where, json.dumps(sizes), str(seconds),
        str(target),
    ]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        command, env=environment, cwd=_ROOT, check=False, capture_output=True, text=True
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        done.check_returncode()
    return json.loads(done.stdout.splitlines()[-1])


def _measure(where, sizes, seconds, target):
    module, name = where.split(":")
    step = getattr(importlib.import_module(module), name)(**sizes)
    # Linux counts the peak from here on.
    for process in _processes():
        (process / "clear_refs").write_text("5")
    before = _peak()
    times = [_timed(step, target or None)]
    # The first step is traced and compiled, which is nothing next to minutes.
    if times[0][0] <= _LONG:
        times, start = [], time.perf_counter()
        while len(times) < 2 or time.perf_counter() - start < seconds:
            times.append(_timed(step))
    wall, cpu = (min(values) for values in zip(*times, strict=True))
    return {"wall": wall, "cpu": cpu, "megabytes": _peak() - before}


def _timed(step, target=None):
    """Wall-clock and processor seconds of a step; its results go to ``target``, if there is one."""
    wall, cpu = time.perf_counter(), _processor_time()
    results = [np.asarray(one) for one in step()]
    seconds = time.perf_counter() - wall, _processor_time() - cpu
    if target is not None:
        np.savez(target, *results)
    return seconds


def _processes():
    """The folders in /proc of this process and, after it, of the processes that it has started."""
    own = pathlib.Path("/proc") / str(os.getpid())
    others = [one for one in pathlib.Path("/proc").glob("[0-9]*") if one != own]
    return [own, *(one for one in others if _entries(one)[1:2] == [str(os.getpid())])]


def _entries(process):
    """What /proc/<number>/stat says after the name (which may hold blanks): state, parent, ..."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        # Gone meanwhile.
        return []


def _processor_time():
    """Seconds of all threads so far; those of other processes are counted in ticks of 10 ms."""
    # User and system time.
    ticks = [int(one) for other in _processes()[1:] for one in _entries(other)[11:13]]
    return time.process_time() + sum(ticks) / os.sysconf("SC_CLK_TCK")


def _peak():
    """The largest resident memory so far, MiB; of several processes the sum of theirs."""
    found = 0
    for process in _processes():
        lines = (process / "status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmHWM"))
        found += int(line.split()[1])
    return found / 2**10


def table(results):
    """Results as Markdown; ratios are those of the baseline, the first row of its work, to each."""
    lines = [
        "| work | formulation | ms | ratio | CPU ms | ratio | extra MiB | ratio | difference |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    baseline = None
    for one in results:
        if baseline is None or one.work != baseline.work:
            baseline = one
        cells = [one.work, one.formulation]
        for name, digits, scale in (("seconds", 1, 1e3), ("cpu_seconds", 1, 1e3), (
            "megabytes", 0, 1,
        )):
            value = getattr(one, name)
            ratio = getattr(baseline, name) / value if value else float("inf")
            cells += [f"{scale * value:,.{digits}f}", f"{ratio:.2f}"]
        cells.append("" if one.difference is None else f"{one.difference:.0e}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def machine():
    """Where this runs: processor, cores this process may use, and what else is running."""
    info = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return {
        "processor": names[0] if names else "unknown",
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], json.loads(sys.argv[2]), *(
        float(sys.argv[3]), sys.argv[4],
    ))))
