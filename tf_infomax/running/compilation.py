"""Whether XLA compiles the steps of a run: as its experiment says, or by a measurement.

Neither is always faster: on one machine XLA made a step of the ConvNet 1.6 times as fast, on
another it made it 1.5 times as slow (results/benchmarks). It also rounds otherwise and draws other
noise, so that the choice belongs to the run: it is noted in its directory, and kept by whoever
continues it.
"""

import time

import numpy as np
import tensorflow as tf

from tf_infomax.naming.json_files import read_json, write_json
from tf_infomax.training.devices import STEPS, WARM_UP
from tf_infomax.training.loop import StepLoop

__all__ = ["StepLoops"]

_FILE = "compilation.json"
# As the file names them, whether XLA compiles.
_WAYS = {"xla": True, "without_xla": False}
# Seconds of training under XLA from which a measurement, which traces the step a second time, pays.
_WORTH_MEASURING = 60.0
# Of XLA's time: below it, steps without XLA are chosen; a smaller gain may be chance. It must be so
# on both clocks: on a busy machine the wall clock says little, with many cores processor time does.
_CLEARLY_FASTER = 0.9
_TURNS = 4
_SECONDS_OF_A_TURN = 0.3
_MOST_STEPS_OF_A_TURN = 50


def _wall_and_processor():
    """Seconds on both clocks, an array ``[2]``."""
    return np.array([time.perf_counter(), time.process_time()])


class StepLoops:
    """The loops over the steps of one run.

    Args:
        trial: its objects; ``trial.jit_compile`` holds where nothing is noted or measured.
        directory: ``RunDirectory``.
        devices: ``Devices`` that share the steps; XLA compiles none that are shared.
        clock: gives seconds of wall clock and processor, an array ``[2]``; for tests.

    Raises:
        ValueError: naming the file, if the note of an earlier choice cannot be read.
    """

    def __init__(self, trial, directory, devices=None, clock=_wall_and_processor):
        self._trial = trial
        self._path = directory.path / _FILE
        self._devices = devices
        self._clock = clock
        self._loops = {}
        is_shared = devices is not None and devices.is_shared
        self._is_open = (
            trial.experiment.train.jit_compile == "auto" and trial.jit_compile and not is_shared
        )
        self._noted = self._read(self._path) if self._is_open else None
        # Read here as well, so that a damaged one is found before anything is trained.
        self._of_other_seeds = self._note_of_other_seeds() if self._is_open else None

    def choose(self, is_new, tell):
        """Measures, if the experiment leaves it open, nothing is noted, and the run is long.

        Trains a few steps, and sets everything that they changed back.

        Args:
            is_new: whether the run has no checkpoint. One that has was compiled by the rule of
                earlier versions if nothing is noted.
            tell: called with sentences for the user.
        """
        if not self._is_open or self._noted is not None or not is_new:
            return
        if self._of_other_seeds is not None:
            # Seeds are compared, so they are computed alike.
            self._write(self._of_other_seeds)
            return
        tell("times a few steps compiled by XLA")
        seconds = self._measured(self._trial.experiment.train.steps)
        if seconds is None:
            return
        times = {name: (1e3 * seconds[way]).round(3).tolist() for name, way in _WAYS.items()}
        is_faster = not np.all(seconds[False] < _CLEARLY_FASTER * seconds[True])
        measured = {"jit_compile": is_faster, "wall_and_processor_ms_per_step": times}
        # Another seed, in another process, may have come first.
        self._write(self._note_of_other_seeds() or measured)
        close = self._jit_compile and seconds[False][0] < seconds[True][0]
        tell(
            f"a step takes {1e3 * seconds[True][0]:.1f} ms compiled by XLA, "
            f"{1e3 * seconds[False][0]:.1f} ms without{', not clearly less' if close else ''}: "
            f"trains {'with' if self._jit_compile else 'without'} it"
        )

    def steps(self):
        """The ``StepLoop`` of the training."""
        return self._loop(self._jit_compile)

    @property
    def _jit_compile(self):
        return self._trial.jit_compile if self._noted is None else self._noted["jit_compile"]

    def warm_up(self):
        """The ``StepLoop`` of the steps that players take before."""
        return StepLoop(self._trial.task.warmup, self._jit_compile, self._devices, WARM_UP)

    def _loop(self, jit_compile):
        # One that was measured is not traced and compiled again.
        if jit_compile not in self._loops:
            self._loops[jit_compile] = StepLoop(
                self._trial.task, jit_compile, self._devices, STEPS
            )
        return self._loops[jit_compile]

    def _write(self, note):
        write_json(self._path, note)
        self._noted = note

    def _note_of_other_seeds(self):
        """What another seed of the variant noted; ``None`` if none did."""
        others = sorted(self._path.parent.parent.glob(f"seed_*/{_FILE}"))
        return next((self._read(path) for path in others if path != self._path), None)

    def _read(self, path):
        """The note in a file, a dict; ``None`` if there is none."""
        if not path.is_file():
            return None
        note = read_json(path)
        if not isinstance(note.get("jit_compile"), bool):
            raise ValueError(
                f"{path} must say whether jit_compile is true or false; bring it back from a copy, "
                f"or delete its directory. Received: {note.get('jit_compile')!r}."
            )
        return note

    def _measured(self, steps):
        """Way -> seconds of a step on both clocks; ``None`` where a measurement is not worth it."""
        variables = self._trial.task.variables
        before = [tf.identity(tf.convert_to_tensor(variable)) for variable in variables]
        try:
            # The first step is compiled.
            (_, compiled) = (self._timed(True, 1) for _ in range(2))
            if compiled is None or compiled[0] * steps < _WORTH_MEASURING:
                return None
            count = int(min(max(_SECONDS_OF_A_TURN / compiled[0], 1), _MOST_STEPS_OF_A_TURN))
            turns = [
                {way: self._timed(way, count) for way in (True, False)} for _ in range(1 + _TURNS)
            ]
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)
        # The first turn traces. Other work on the machine makes a step longer, never shorter.
        found = {way: [turn[way] for turn in turns[1:]] for way in (True, False)}
        # A loss that is not finite is for the training to report.
        if any(time is None for times in found.values() for time in times):
            return None
        return {way: np.min(times, axis=0) for way, times in found.items()}

    def _timed(self, jit_compile, count):
        """Seconds of a step on both clocks, mean of ``count``; ``None`` if a loss is not finite."""
        loop = self._loop(jit_compile)
        began = self._clock()
        segment = loop.run(0, count)
        seconds = self._clock() - began
        return None if segment.non_finite_step is not None else seconds / count
