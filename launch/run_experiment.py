"""Runs an experiment, or continues an interrupted one.

    python launch/run_experiment.py --experiment=critic_impact --workdir=runs/critic_impact

Any field can be changed: --set=train.steps=2000 --set=data=cifar10 --set=critic=bilinear.
--preset=short takes a fraction of the time.

Exit codes: 0, all runs finished; 1, a run failed or its process died twice; 2, a mistake in the
command or in a file, or a file that cannot be written; 3, a loss was not finite; 129 (SIGHUP), 130
(Ctrl-C) and 143 (SIGTERM), stopped: the same command goes on.
"""

import signal
import sys

from absl import flags

from tf_infomax.experiments import catalog, presets
from tf_infomax.experiments.overrides import override
from tf_infomax.running import command_line
from tf_infomax.running.quiet_tensorflow import import_tensorflow

_MOST_SEEDS = 10_000

_EXPERIMENT = flags.DEFINE_string(
    "experiment", None, f"What to run: {', '.join(catalog.names())}.", required=True
)
_WORKDIR = command_line.define_path(
    "workdir", None, "Receives rows, checkpoints and the report.", required=True
)
_SET = flags.DEFINE_multi_string(
    "set", [], "A field and its value, as in train.steps=2000; may be given many times."
)
_PRESET = flags.DEFINE_enum(
    "preset", "paper", presets.PRESETS,
    "Length: the paper's, or one that shows the same figure in a fraction of the time; --set comes "
    "after it.",
)
_SEEDS = flags.DEFINE_integer("seeds", None, "Number of seeds: 0, 1, ... (1 by default).")
_JOBS = flags.DEFINE_integer(
    "jobs", 0, "Runs at a time; 0 means one a core, or one in all on a GPU.", lower_bound=0
)
_DATA_DIR = command_line.define_path(
    "data_dir", None, "Folder of prepared TFDS data sets (default: TFDS_DATA_DIR)."
)
_THREADS = flags.DEFINE_integer(
    "threads", 0, "Threads of each run; 0 shares the cores among the jobs.", lower_bound=0
)
_ACCEPT = flags.DEFINE_bool(
    "accept_changed_inputs", False,
    "Whether runs may go on with other data or versions; a row says so.",
)  # fmt: skip
_DOWNLOAD = flags.DEFINE_bool("download", False, "Whether TFDS may download a missing data set.")


@command_line.command("run_experiment")
def main(argv):
    """Carries out the remaining runs and writes the report; returns the exit code."""
    command_line.refuse_arguments(argv, "--set=path=value")
    settings = list(_SET.value)
    if _SEEDS.value is not None:
        if not 1 <= _SEEDS.value <= _MOST_SEEDS:
            raise ValueError(
                f"--seeds must be 1 or more, and {_MOST_SEEDS} at most. Received: {_SEEDS.value}."
            )
        settings.append(f"seeds={tuple(range(_SEEDS.value))}")
    experiments = [
        override(override(experiment, presets.preset(experiment, _PRESET.value)), settings)
        for experiment in catalog.get(_EXPERIMENT.value)
    ]
    number = sum(len(experiment.runs()) for experiment in experiments)
    print(f"{_EXPERIMENT.value}: {number} run{'s' * (number != 1)}; loading TensorFlow and data",
          file=sys.stderr, flush=True)
    # Imported after names and fields are checked, so that a misspelt one is reported at once.
    import_tensorflow()
    from tf_infomax.running import sweep

    runs = sweep.plan(
        experiments, _WORKDIR.value, _DATA_DIR.value, _DOWNLOAD.value, _ACCEPT.value
    )
    outcome = sweep.run_all(runs, _WORKDIR.value, _JOBS.value, _THREADS.value)
    if outcome.signal is not None:
        name = signal.Signals(outcome.signal).name
        print(f"run_experiment: Stopped by {name}; the same command goes on.", file=sys.stderr)
        return outcome.exit_code

    from tf_infomax.report.report import summary_table
    from tf_infomax.results.rows import read_rows, to_frame
    from tf_infomax.tables import verdict_tables
    from tf_infomax.tables.verdicts import verdicts

    rows = read_rows(_WORKDIR.value)
    print(summary_table(rows))
    found = [one for one in verdicts(to_frame(rows)) if one.has_rows]
    if found:
        print(f"\nClaims of the papers (details: report.html): {verdict_tables.summary(found)}")
    for name, status in outcome.statuses.items():
        if status.startswith("refused: "):
            print(f"run_experiment: {name}: {status.removeprefix('refused: ')}", file=sys.stderr)
        elif status != "finished":
            print(f"{name}: {status}", file=sys.stderr)
    if outcome.report is None:
        print("Nothing was measured, so there is no report.")
    else:
        print(f"Report: {outcome.report}")
    return outcome.exit_code


if __name__ == "__main__":
    command_line.start(main)
