"""What a run will cost, told after its first steps."""

import time

from tf_infomax.training.progress import duration

__all__ = ["FirstSteps", "Pace", "estimate", "seconds_left"]

# Seconds over which steps are timed: long enough for a steady mean, short for the reader.
_ENOUGH = 0.5
_SECOND = 1.0


class FirstSteps:
    """Parts of the first segment of a process: one step that compiles, then some that are timed.

    Args:
        tell: called once with the seconds of a step, as soon as some were timed. It is not called
            in segments of fewer than three steps.
        clock: gives seconds; for tests.
    """

    def __init__(self, tell, clock=time.monotonic):
        self._tell = tell
        self._clock = clock
        self._told = False
        self._compiled = None

    def __call__(self, start, stop):
        """Steps at which Python takes over; see ``StepLoop.run``."""
        if self._told or stop - start < 3:
            return
        yield start + 1
        self._compiled = start + 1, self._clock()
        step, steps = start + 1, 1
        while step + steps < stop:
            began = self._clock()
            yield step + steps
            seconds = self._clock() - began
            step += steps
            if seconds >= _ENOUGH or steps >= 64 or step + 1 >= stop:
                self._told = True
                self._tell(seconds / steps)
                return
            steps = min(4 * steps, stop - step - 1)

    def seconds_per_step(self, start, stop, began):
        """Of the segment that ends now; the step that compiled is left out, if it has others.

        Args:
            start, stop: steps of the segment.
            began: the clock's seconds at its start.
        """
        if self._compiled is not None:
            start, began = self._compiled
            self._compiled = None
        return (self._clock() - began) / (stop - start)


class Pace:
    """Tells once, after a second of equal parts of a computation, what all of them will take.

    Args:
        count: number of parts. If all are done within the second, nothing is told.
        tell: called with the sentence.
        clock: gives seconds; for tests.
    """

    def __init__(self, count, tell, clock=time.monotonic):
        self._count = count
        self._tell = tell
        self._clock = clock
        self._began = clock()
        self._done = 0

    def one_more(self):
        """Called after each part."""
        self._done += 1
        seconds = self._clock() - self._began
        if self._tell is None or seconds < _SECOND or self._done == self._count:
            return
        each = seconds / self._done
        self._tell(
            f"{self._done} of {self._count} parts done, {1000 * each:.1f} ms each; estimated total "
            f"of this run: {duration(each * self._count)}"
        )
        self._tell = None


def seconds_left(seconds_per_step, steps, measurements, seconds_of):
    """(seconds of training, seconds of {evaluator: of its measurements}) that are left of a run.

    Args:
        seconds_per_step: of training.
        steps: steps left.
        measurements: {name of an evaluator: how often it will measure}.
        seconds_of: {name: seconds that one of its measurements took}, of those made so far.
    """
    timed = {
        name: seconds_of[name] * count
        for name, count in measurements.items()
        if name in seconds_of and count
    }
    return seconds_per_step * steps, timed


def estimate(seconds_per_step, steps, measurements, seconds_of):
    """What is left of a run, as a sentence; arguments as of ``seconds_left``."""
    training, timed = seconds_left(seconds_per_step, steps, measurements, seconds_of)
    measuring = sum(timed.values())
    parts = [f"training {duration(training)}"]
    if timed:
        parts.append(f"measuring {', '.join(timed)} {duration(measuring)}")
    text = (
        f"{1000 * seconds_per_step:.1f} ms/step; estimated total of this run: "
        f"{duration(training + measuring)} ({', '.join(parts)})"
    )
    untimed = [name for name, count in measurements.items() if count and name not in seconds_of]
    return text + (f"; not timed yet: {', '.join(untimed)}" if untimed else "")
