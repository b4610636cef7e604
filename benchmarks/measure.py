"""Formulations of one computation side by side: whether they agree, peak memory, and time.

A formulation is a function that builds a step: ``build(**sizes) -> step``, ``step() -> list of
arrays``, the results on which all formulations must agree. Results and memory are from a separate
process; memory is the peak of a step beyond what stays between steps. Times are taken in turns, all
formulations in one process, one after the other, repeatedly: other load on the machine comes and
goes within seconds, and affects all of them alike. So the ratio of two times is accurate to a few
per cent even if the times are not; it is the median over the turns. Besides wall-clock time there
is the processor time of all threads.

Turns are taken in a process that keeps the buffers of a step, as commands do (``host_memory``);
the PyTorch of ``torch_steps`` gains from that, too, as far as it asks the C library for memory.

``compare`` is what the benchmarks call, ``python -m benchmarks.measure`` the processes it starts.
"""

import dataclasses
import importlib
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from benchmarks import process_costs
from tf_infomax.running.host_memory import keep_buffers

__all__ = [
    "Result", "compare", "in_process", "in_turns", "keep", "known_in", "machine", "printed_by",
    "table", "take_turns",
]

_ROOT = pathlib.Path(__file__).resolve().parents[1]
# Seconds: steps that take longer are not repeated.
_LONG = 60.0
# Shortest time in seconds of a formulation in a turn, for most of which the caches are its own.
_TURN = 0.2
_FEWEST_TURNS = 5


@dataclasses.dataclass(frozen=True)
class Result:
    """The measurements of one formulation.

    Attributes:
        work: the computation, with its sizes.
        formulation: label of the formulation.
        seconds: wall-clock time of a step, the median over the turns.
        cpu_seconds: processor time of a step, of all threads together, the same.
        ratio: time of the baseline over this one's in the same turn, the median.
        quartiles: the first and the third quartile of this ratio.
        megabytes: most memory at any time of a step, beyond what there is between steps, in MiB;
            what tracing and compiling take, once, is not in it; what further processes hold, is.
        difference: largest difference of any result from the baseline's: of a scalar as it is, of
            an array in parts of its largest entry; ``None`` of the baseline itself.
    """

    work: str
    formulation: str
    seconds: float
    cpu_seconds: float
    ratio: float
    quartiles: tuple
    megabytes: float
    difference: float | None


def compare(work, formulations, sizes, *, tolerance=1e-5, seconds=30.0, unbound=()):
    """Measures ``formulations``, the first of which is the baseline.

    Args:
        work: what is computed, for the table.
        formulations: label -> ``"module:function"`` of ``benchmarks``.
        sizes: keyword arguments of every builder.
        tolerance: of ``Result.difference``.
        seconds: how long turns are taken; at least five are.
        unbound: labels of formulations of others, whose differences are told, but not bound.

    Returns:
        List of ``Result``, in the order of ``formulations``.

    Raises:
        ArithmeticError: if a formulation does not give what the baseline gives.
        subprocess.CalledProcessError: if one breaks down.
    """
    megabytes, stored = [], []
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "results.npz"
        for where in formulations.values():
            megabytes.append(in_process(where, sizes, target=target)["megabytes"])
            with np.load(target) as results:
                stored.append(list(results.values()))
    baseline = next(iter(formulations))
    differences = [_difference(arrays, stored[0]) for arrays in stored]
    for label, difference in zip(formulations, differences, strict=True):
        if label not in unbound and not difference <= tolerance:
            raise ArithmeticError(
                f"{work}: {label} must give what {baseline} gives, up to {tolerance}. "
                f"Received: a difference of {difference}."
            )
    wall, cpu = in_turns(list(formulations.values()), sizes, seconds)
    ratios = wall[:, :1] / wall
    print(f"  {work}: {len(wall)} turns", file=sys.stderr)
    return [
        Result(
            work,
            label,
            float(np.median(wall[:, number])),
            float(np.median(cpu[:, number])),
            float(np.median(ratios[:, number])),
            tuple(np.quantile(ratios[:, number], (0.25, 0.75)).tolist()),
            megabytes[number],
            differences[number] if number else None,
        )
        for number, label in enumerate(formulations)
    ]


def _difference(arrays, baseline):
    largest = max((np.abs(other).max() for other in baseline if other.ndim), default=1.0)
    differences = []
    for one, other in zip(arrays, baseline, strict=True):
        # A scalar is a bound in nats, which may be close to zero.
        scale = 1.0 if other.ndim == 0 else np.abs(other).max()
        if scale < 1e-5 * largest:
            # A gradient that is zero up to rounding.
            scale = largest
        differences.append(float(np.abs(one - other).max() / scale))
    return max(differences)


def in_process(where, sizes, seconds=0.0, target=""):
    """Measures one formulation alone, in a process of its own.

    Args:
        where: ``"module:function"`` of a builder.
        sizes: its keyword arguments.
        seconds: how long the process repeats its step, at least twice, after one that is not
            counted; a step of more than 60 s is made, and counted, once.
        target: ``.npz`` file that receives the results of the first step, if any.

    Returns:
        Dict of "wall" and "cpu", seconds of the fastest step, and "megabytes", as in ``Result``
        (of a step that is made only once, beyond what there was before it).

    Raises:
        subprocess.CalledProcessError: if it breaks down.
    """
    return _started("alone", where, sizes, seconds, str(target))


def in_turns(wheres, sizes, seconds):
    """Times formulations in turns, in a process that holds all of them.

    Args:
        wheres: list of ``"module:function"`` of builders.
        sizes: keyword arguments of each.
        seconds: how long turns are taken; at least five are.

    Returns:
        Two arrays ``[turns, formulations]``: wall-clock and processor seconds of a step.

    Raises:
        subprocess.CalledProcessError: if one breaks down.
    """
    wall_and_cpu = np.asarray(_started("turns", wheres, sizes, seconds))
    return wall_and_cpu[..., 0], wall_and_cpu[..., 1]


def _started(what, *arguments):
    command = [sys.executable, "-m", "benchmarks.measure", what, json.dumps(arguments)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if what == "alone":
        # TensorFlow keeps regions where it uses oneDNN, and where ``keep_buffers`` has said so:
        # the peak of a step would be that of the steps before.
        environment |= {
            "TF_ONEDNN_USE_SYSTEM_ALLOCATOR": "true", "TF_CPU_ALLOCATOR_USE_BFC": "false",
        }
    done = subprocess.run(
        command, env=environment, cwd=_ROOT, check=False, capture_output=True, text=True
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        done.check_returncode()
    return json.loads(done.stdout.splitlines()[-1])


def _built(where, sizes):
    module, name = where.split(":")
    return getattr(importlib.import_module(module), name)(**sizes)


def _alone(where, sizes, seconds, target):
    step = _built(where, sizes)
    before = process_costs.forget_peak()
    times = [_timed(step, target=target)]
    # The first step is traced and compiled, which is negligible against minutes.
    if times[0][0] <= _LONG:
        before = process_costs.forget_peak()
        times, start = [], time.perf_counter()
        while len(times) < 2 or time.perf_counter() - start < seconds:
            times.append(_timed(step))
    wall, cpu = (min(values) for values in zip(*times, strict=True))
    return {"wall": wall, "cpu": cpu, "megabytes": process_costs.peak() - before}


def _turns(wheres, sizes, seconds):
    keep_buffers()
    return take_turns([_built(where, sizes) for where in wheres], seconds)


def take_turns(steps, seconds):
    """Times steps in turns, in this process.

    Args:
        steps: functions without arguments -> list of arrays.
        seconds: how long turns are taken; at least five are.

    Returns:
        For every turn, for every step: its wall-clock and processor seconds.
    """
    calls = []
    for step in steps:
        # Traced and compiled.
        step()
        calls.append(max(1, math.ceil(_TURN / _timed(step)[0])))
    orders = np.random.default_rng(0)
    found, start = [], time.perf_counter()
    while len(found) < _FEWEST_TURNS or time.perf_counter() - start < seconds:
        turn = [None] * len(steps)
        # The order is random, so that no formulation always follows the same one.
        for number in orders.permutation(len(steps)):
            turn[number] = _timed(steps[number], calls[number])
        found.append(turn)
    return found


def _timed(step, calls=1, target=""):
    """Wall-clock and processor seconds of a step, mean of ``calls``; ``target`` gets results."""
    wall, cpu = time.perf_counter(), process_costs.processor_time()
    for _ in range(calls):
        results = [np.asarray(one) for one in step()]
    seconds = time.perf_counter() - wall, process_costs.processor_time() - cpu
    if target:
        np.savez(target, *results)
    return [one / calls for one in seconds]


def table(results):
    """Results as Markdown; ratios are those of the baseline, the first row of its work, to each."""
    lines = [
        "| work | formulation | ms | ratio | quartiles | CPU ms | ratio | extra MiB | ratio | "
        "difference |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    baseline = None
    for one in results:
        if baseline is None or one.work != baseline.work:
            baseline = one
        quartiles = "" if one is baseline else "{:.2f} to {:.2f}".format(*one.quartiles)
        cells = [one.work, one.formulation, f"{1e3 * one.seconds:,.1f}", f"{one.ratio:.2f}"]
        cells += [quartiles, f"{1e3 * one.cpu_seconds:,.1f}"]
        cells += [_ratio(baseline.cpu_seconds, one.cpu_seconds), f"{one.megabytes:,.0f}"]
        cells += [_ratio(baseline.megabytes, one.megabytes)]
        cells += ["" if one.difference is None else f"{one.difference:.0e}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _ratio(baseline, other):
    return f"{baseline / other if other else math.inf:.2f}"


def machine():
    """Where this runs: processor, cores this process may use, and what else is running."""
    info = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return {
        "processor": names[0] if names else "unknown",
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
    }


def known_in(path):
    """What an earlier run has kept in a JSON file, a dict; empty if there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def keep(path, known, table):
    """Writes a dict as JSON and its table, Markdown, beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(table + "\n", encoding="utf-8")


def printed_by(module, *arguments):
    """What ``python -m module arguments`` prints last, as JSON, and the ``machine``."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=True
    )
    return {**json.loads(done.stdout.splitlines()[-1]), "machine": machine()}


if __name__ == "__main__":
    print(json.dumps({"alone": _alone, "turns": _turns}[sys.argv[1]](*json.loads(sys.argv[2]))))
