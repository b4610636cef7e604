"""Seconds until something happens: commands as whole processes, and the first step of experiments.

    python -m benchmarks.cold_start [--only=dim_local] [--output=results/benchmarks]

A command's time is the fastest of ``_REPEATS`` processes, in turns with its baseline, a process
that does nothing but what every program with TensorFlow must do. An experiment's is of one process
on images of noise, after TensorFlow is there: building it, its first step with and without XLA,
and, beside them, a step after those. ``cold_start.json`` and ``cold_start.md`` keep all of it.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from absl import app, flags

from benchmarks.measure import keep, known_in, machine, printed_by

__all__ = ["run"]

_REPEATS = 3
_COMMAND = "from tf_infomax.commands.console import main; main()"
_COMMANDS = {
    "Python alone": ["-c", "pass"],
    "import tf_infomax": ["-c", "import tf_infomax"],
    "tf-infomax --help": ["-c", _COMMAND, "--help"],
    "tf-infomax list": ["-c", _COMMAND, "list"],
    "a misspelt experiment": ["-c", _COMMAND, "run", "--experiment=dim_locl", "--workdir=/nowhere"],
    "import tensorflow": ["-c", "import tensorflow"],
}
# One of each kind of encoder, objective and player; settings that choose among their variants.
_EXPERIMENTS = {
    "critic_impact": ["critic=bilinear", "bound=infonce"],
    "non_invertible": ["bound=infonce"],
    "encoder_impact": ["encoder=convnet", "target=none", "bound=infonce"],
    "invertible": ["bound=infonce"],
    "dependent_samples": [],
    "dim_local": ["local_information.bound=infonce"],
    "dim_global": [],
    "dim_coordinates": [],
    "dim_vae": [],
    "dim_bigan": [],
    "dim_nat": [],
    "dim_cpc_cifar10": [],
    "simclr": [],
    "amdim": [],
}


def run(output, only=""):
    """Measures what ``only`` is part of; returns the table of all that is known, as Markdown."""
    path = Path(output) / "cold_start.json"
    known = known_in(path)
    commands = {name: argv for name, argv in _COMMANDS.items() if only in name}
    turns = [{name: _seconds(argv) for name, argv in commands.items()} for _ in range(_REPEATS)]
    for name in commands:
        known[name] = {"seconds": min(turn[name] for turn in turns), "machine": machine()}
    for name, settings in _EXPERIMENTS.items():
        if only in name:
            known[name] = printed_by("benchmarks.cold_start", name, *settings)
    table = _table(known)
    keep(path, known, table)
    return table


def _seconds(argv):
    began = time.perf_counter()
    subprocess.run([sys.executable, *argv], capture_output=True, check=False)
    return time.perf_counter() - began


def _first_steps(name, settings):
    """Seconds of the parts of a start, in this process."""
    from benchmarks.trials import trial_on_noise
    from tf_infomax.training.loop import StepLoop

    began = time.perf_counter()
    trial = trial_on_noise(name, settings, 1_000)
    found = {"build": time.perf_counter() - began}
    can_compile = all(term.supports_jit for term in trial.model.objectives)
    for way, jit_compile in (("without_xla", False), ("xla", True)):
        if jit_compile and not can_compile:
            continue
        began = time.perf_counter()
        loop = StepLoop(trial.task, jit_compile)
        loop.run(0, 1)
        first = time.perf_counter()
        loop.run(1, 4)
        later = time.perf_counter()
        found |= {f"first_step_{way}": first - began, f"later_step_{way}": (later - first) / 3}
    return found


def _table(known):
    lines = ["| process | seconds |", "| --- | --- |"]
    lines += [f"| {name} | {known[name]['seconds']:.2f} |" for name in _COMMANDS if name in known]
    lines += [
        "",
        "| experiment | build | first step | with XLA | a later step, ms | with XLA, ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in _EXPERIMENTS:
        if name in known:
            one = known[name]
            cells = [f"{one['build']:.1f}", f"{one['first_step_without_xla']:.1f}"]
            cells += [_cell(one, "first_step_xla", 1, ".1f")]
            cells += [f"{1e3 * one['later_step_without_xla']:.1f}"]
            cells += [_cell(one, "later_step_xla", 1e3, ".1f")]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(one, key, factor, form):
    return format(factor * one[key], form) if key in one else "no XLA"


def main(argv):
    """Measures and prints the table; or, given an experiment and settings, its parts."""
    if len(argv) > 1:
        print(json.dumps(_first_steps(argv[1], argv[2:])))
        return
    options = flags.FLAGS
    print(run(options.output, options.only))


if __name__ == "__main__":
    flags.DEFINE_string("output", "results/benchmarks", "Folder of the results.")
    flags.DEFINE_string("only", "", "Only rows whose name contains this.")
    app.run(main)
