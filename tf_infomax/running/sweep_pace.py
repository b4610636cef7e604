"""How long the runs of a sweep will still take."""

import time

from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.running.run_study import is_study
from tf_infomax.training.checkpoint_files import candidates

__all__ = ["SweepPace"]


class SweepPace:
    """Seconds left of a sweep, from the work that was done since it was made.

    Work is counted in whole runs. A run that goes on from a checkpoint has only the rest of its
    steps to do, and one that had finished before has none: they end soon, and say little about the
    others.

    Args:
        runs: of the sweep, before any is begun.
        clock: gives seconds; for tests.
    """

    def __init__(self, runs, clock=time.monotonic):
        self._ahead = {run.name: _work(run) for run in runs}
        self._done = 0.0
        self._clock = clock
        self._began = clock()

    def ended(self, run):
        """Seconds until all runs have ended, now that ``run`` has.

        Zero without any ahead; ``None`` where no work has been done yet that could be timed.
        """
        self._done += self._ahead.pop(run.name)
        ahead = sum(self._ahead.values())
        if not ahead:
            return 0.0
        return (self._clock() - self._began) / self._done * ahead if self._done else None


def _work(run):
    """Share of the run that is still to be done."""
    directory = RunDirectory(run.directory, run.experiment, run.train_further)
    if directory.is_finished:
        return 0.0
    steps = 0 if is_study(run.experiment) else run.experiment.train.steps
    if not steps:
        return 1.0
    reached = max((found.step for found in candidates(directory.checkpoints)), default=0)
    return max(steps - reached, 0) / steps
