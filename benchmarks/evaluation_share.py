"""What evaluations take of a short run, beside its training.

    python -m benchmarks.evaluation_share --data_dir=... [--only=critic] [--output=...]

Of the first run of each experiment's short form, in a process of its own: seconds of a step, some
steps after the first, and of each evaluation, the first of which traces its functions. The share is
of the run as it is planned: all its steps, and all evaluations at the steps where they are due.
``evaluation_share.json`` and ``evaluation_share.md`` keep all of it.
"""

import json
import time
from pathlib import Path

from absl import app, flags

from benchmarks.measure import keep, known_in, printed_by

__all__ = ["run", "shares"]

_EXPERIMENTS = (
    "critic_impact", "non_invertible", "encoder_impact", "invertible", "dim_coordinates", "dim_nat"
)
# Of a call of the loop.
_STEPS = 3
# Steps are timed for so long; an evaluation that took less is made once more.
_SECONDS = 20.0


def shares(seconds_per_step, steps, evaluations):
    """Seconds of training, and {name: seconds} of evaluations, of a planned run.

    Args:
        seconds_per_step: of training.
        steps: of the run.
        evaluations: {name: (how often, seconds of the first, seconds of a later one)}.
    """
    measuring = {
        name: first + (count - 1) * later for name, (count, first, later) in evaluations.items()
    }
    return seconds_per_step * steps, measuring


def run(output, data_dir, only=""):
    """Measures what ``only`` is part of; returns the table of all that is known, as Markdown."""
    path = Path(output) / "evaluation_share.json"
    known = known_in(path)
    for name in _EXPERIMENTS:
        if only in name:
            known[name] = printed_by("benchmarks.evaluation_share", name, data_dir)
            keep(path, known, _table(known))
    # The table is written anew if nothing was measured, too.
    table = _table(known)
    keep(path, known, table)
    return table


def _measured(name, data_dir):
    """Steps, seconds of a step and evaluations of one run, in this process."""
    from benchmarks.trials import loop_of
    from tf_infomax.experiments import catalog
    from tf_infomax.experiments.overrides import override
    from tf_infomax.experiments.presets import preset
    from tf_infomax.running.build import build, load_images
    from tf_infomax.training.loop import boundaries

    experiment = catalog.get(name)[0]
    _, _, single = override(experiment, preset(experiment, "short")).runs()[0]
    trial = build(single, load_images(single, data_dir))
    train = loop_of(trial, False, _STEPS)
    train(0)
    done, began = 0, time.perf_counter()
    while not done or time.perf_counter() - began < _SECONDS:
        done += _STEPS
        train(done)
    seconds_per_step = (time.perf_counter() - began) / done
    steps, evaluations = single.train.steps, {}
    for entry in single.evaluate:
        # With a period the untrained encoder is measured, too.
        count = len(boundaries(steps, entry.every)) + 1 if entry.every else 1
        first = later = _seconds_of(entry, trial, steps)
        if count > 1 and first < _SECONDS:
            later = _seconds_of(entry, trial, steps)
        evaluations[entry.name] = (count, first, later)
    return {"steps": steps, "seconds_per_step": seconds_per_step, "evaluations": evaluations}


def _seconds_of(entry, trial, step):
    from tf_infomax.evaluators import catalog as evaluators
    from tf_infomax.evaluators.snapshot import Snapshot

    # A new one, which has encoded nothing yet.
    snapshot = Snapshot(trial, step, trial.experiment.evaluate)
    began = time.perf_counter()
    list(evaluators.get(entry.name)(snapshot, **entry.options))
    return time.perf_counter() - began


def _table(known):
    lines = [
        "| short run | steps | training, s | evaluations, s | share | of them (times): s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in filter(known.__contains__, _EXPERIMENTS):
        one = known[name]
        training, measuring = shares(one["seconds_per_step"], one["steps"], one["evaluations"])
        total = sum(measuring.values())
        parts = [
            f"{part} ({one['evaluations'][part][0]}): {seconds:.0f}"
            for part, seconds in measuring.items()
        ]
        lines.append(
            f"| {name} | {one['steps']:,} | {training:.0f} | {total:.0f} | "
            f"{total / (total + training):.0%} | {', '.join(parts)} |"
        )
    return "\n".join(lines)


def main(argv):
    """Measures and prints the table; or, given an experiment and a folder, its parts."""
    if len(argv) > 1:
        print(json.dumps(_measured(*argv[1:])))
        return
    options = flags.FLAGS
    print(run(options.output, options.data_dir, options.only))


if __name__ == "__main__":
    flags.DEFINE_string("output", "results/benchmarks", "Folder of the results.")
    flags.DEFINE_string("data_dir", None, "Folder of the prepared TFDS data sets.")
    flags.DEFINE_string("only", "", "Only experiments whose name contains this.")
    app.run(main)
