"""Runs an experiment, or continues an interrupted one.

    python launch/run_experiment.py --experiment=critic_impact --workdir=runs/critic_impact

Any field can be changed: --set=train.steps=2000 --set=data=cifar10 --set=critic=bilinear.
--preset=short takes a fraction of the time.
"""

import os
import signal
import sys

from absl import flags

from tf_infomax.data import datasets
from tf_infomax.experiments import catalog, extent, presets
from tf_infomax.experiments.given_views import GAUSSIAN_PAIRS
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.spec import check_seeds
from tf_infomax.experiments.vocabulary import check_names
from tf_infomax.running import backends, command_line
from tf_infomax.running.quiet_tensorflow import import_tensorflow
from tf_infomax.running.run_directory import check_workdir
from tf_infomax.training import strategy_choice
from tf_infomax.training.progress import note

__all__ = ["define_flags", "main"]

_NAME = "run_experiment"
_MOST_SEEDS = 10_000


def define_flags():
    """Defines the flags of the command."""
    flags.DEFINE_string(
        "experiment", None, f"What to run: {', '.join(catalog.names())}.", required=True
    )
    command_line.define_path(
        "workdir", None, "Receives rows, checkpoints and the report.", required=True
    )
    flags.DEFINE_multi_string(
        "set", [], "A field and its value, as in train.steps=2000; may be given many times."
    )
    flags.DEFINE_enum(
        "preset", "paper", presets.PRESETS,
        "Length: the paper's, or one that shows the same figure in a fraction of the time; --set "
        "comes after it.",
    )
    flags.DEFINE_integer("seeds", None, "Number of seeds: 0, 1, ... (1 by default).")
    flags.DEFINE_integer(
        "jobs", 0, "Runs at a time; 0 means one a core, or one in all on a GPU.", lower_bound=0
    )
    command_line.define_data_dir()
    flags.DEFINE_integer(
        "threads", 0, "Threads of each run; 0 shares the cores among the jobs.", lower_bound=0
    )
    flags.DEFINE_enum(
        "strategy", strategy_choice.ONE_DEVICE.name, strategy_choice.NAMES,
        "Devices that share every step: one; this machine's; those of all machines in TF_CONFIG.",
    )
    flags.DEFINE_integer(
        "devices", 0,
        "Devices of this machine under a strategy: its first GPUs, or logical CPUs without a GPU; "
        "0 means all GPUs, or two logical CPUs (one of each worker).",
        lower_bound=0,
    )
    flags.DEFINE_float(
        "patience", 600.0, "Seconds to wait for the other workers, or a cluster, at the start.",
        lower_bound=1.0,
    )
    flags.DEFINE_enum(
        "backend", backends.THIS_MACHINE.name, backends.NAMES,
        "What runs are handed to: processes of this machine (loky), or the workers of a cluster "
        "(dask, ray), which share the work directory.",
    )
    flags.DEFINE_string(
        "cluster", "",
        "Address of Dask's scheduler, tcp://host:8786, or of Ray's head; without it, the backend "
        "starts a cluster on this machine.",
    )
    flags.DEFINE_bool(
        "accept_changed_inputs", False,
        "Whether runs may go on with other data or versions; a row says so.",
    )
    flags.DEFINE_bool(
        "train_further", False,
        "Whether runs, finished or not, go on to a train.steps that is larger than the one they "
        "were begun with; nothing else may differ.",
    )
    flags.DEFINE_bool("download", False, "Whether TFDS may download a missing data set.")


@command_line.command(_NAME)
def main(argv):
    """Carries out the remaining runs and writes the report; returns the exit code."""
    given = flags.FLAGS
    command_line.refuse_arguments(argv, "--set=path=value")
    settings = list(given.set)
    if given.seeds is not None:
        if not 1 <= given.seeds <= _MOST_SEEDS:
            raise ValueError(
                f"--seeds must be 1 or more, and {_MOST_SEEDS} at most. Received: {given.seeds}."
            )
        if twice := [one for one in settings if one.partition("=")[0].strip() == "seeds"]:
            raise ValueError(
                "--seeds=N runs the seeds 0 to N - 1, and --set=seeds=... names them: give one of "
                f"the two. Received: --seeds={given.seeds} and --set={twice[-1]}."
            )
        settings.append(f"seeds={tuple(range(given.seeds))}")
    experiments = [
        override(override(experiment, presets.preset(experiment, given.preset)), settings)
        for experiment in catalog.get(given.experiment)
    ]
    for experiment in experiments:
        check_names(experiment)
        check_seeds(experiment)
    _check_beforehand(experiments)
    _announce(experiments)
    # Imported after names and fields are checked, so that a misspelt one is reported at once.
    import_tensorflow()
    if given.strategy != strategy_choice.ONE_DEVICE.name or given.devices:
        return _shared(experiments)
    try:
        return _finished(_carried_out(experiments))
    except backends.ClusterLostError as error:
        from tf_infomax.training.devices import WORKER_LOST

        command_line.say(_NAME, error)
        return WORKER_LOST


def _check_beforehand(experiments):
    """Work directory and data sets, as far as this needs no TensorFlow: it takes seconds."""
    given = flags.FLAGS
    # Only the first of several workers needs the work directory, and the others would wait long for
    # one that has ended before it met them.
    if given.strategy == strategy_choice.MULTI_WORKER.name:
        return
    for name in sorted({name for one in experiments for name in extent.data_of(one)}):
        if name != GAUSSIAN_PAIRS:
            datasets.check(name, given.data_dir, given.download)
    check_workdir(given.workdir)


def _announce(experiments):
    """Says what begins before anything that takes seconds; settings may change what it takes."""
    given = flags.FLAGS
    for experiment in experiments:
        time = "" if given.set else extent.cpu_time([experiment], given.preset)
        note(experiment.name, extent.announcement(experiment, time))
    note(given.experiment, "loads TensorFlow, and looks into data and work directory")


def _shared(experiments):
    """As ``main``, with devices that share every step."""
    from tf_infomax.training import strategies
    from tf_infomax.training.devices import WORKER_LOST, WorkerLostError

    given = flags.FLAGS
    choice = strategies.Choice(given.strategy, given.devices)
    try:
        devices = strategies.start(choice, given.threads, given.patience)
        if given.jobs > 1 and devices.is_chief:
            command_line.say(
                _NAME, f"--jobs={given.jobs} is not used: all devices share each run."
            )
        outcome = _carried_out(experiments, choice)
    except WorkerLostError as error:
        command_line.say(_NAME, error)
        _end(WORKER_LOST)
    if devices.is_chief:
        return _finished(outcome)
    return outcome.exit_code


def _end(code):
    """Ends this process at once: at its usual end TensorFlow would wait for the lost worker."""
    sys.stdout.flush()
    os._exit(code)


def _carried_out(experiments, strategy=strategy_choice.ONE_DEVICE):
    from tf_infomax.running import sweep

    given = flags.FLAGS
    backend = backends.Backend(given.backend, given.cluster)
    runs = sweep.plan(
        experiments, given.workdir, given.data_dir, given.download, given.accept_changed_inputs,
        strategy, given.train_further,
    )  # fmt: skip
    return sweep.run_all(
        runs, given.workdir, given.jobs, given.threads, backend, given.patience
    )


def _finished(outcome):
    """Prints how the runs ended, and what they say; returns the exit code."""
    given = flags.FLAGS
    if outcome.signal is not None:
        name = signal.Signals(outcome.signal).name
        command_line.say(_NAME, f"Stopped by {name}; the same command goes on.")
        return outcome.exit_code

    from tf_infomax.report.report import summary_table
    from tf_infomax.results.rows import read_rows, to_frame
    from tf_infomax.tables import verdict_tables
    from tf_infomax.tables.seen_claims import claims_table, seen_claims
    from tf_infomax.tables.verdicts import verdicts

    rows = read_rows(given.workdir)
    print(summary_table(rows))
    if claims := claims_table(seen_claims(rows)):
        print(f"\n{claims}\n")
    found = [one for one in verdicts(to_frame(rows)) if one.has_rows]
    if found:
        print(f"\nClaims of the papers (details: report.html): {verdict_tables.summary(found)}")
    for name, status in outcome.statuses.items():
        if status.startswith("refused: "):
            command_line.say(_NAME, f"{name}: {status.removeprefix('refused: ')}")
        elif status != "finished":
            print(f"{name}: {status}", file=sys.stderr)
    if outcome.report is None:
        print("Nothing was measured, so there is no report.")
    else:
        print(f"Report: {outcome.report}")
    return outcome.exit_code
