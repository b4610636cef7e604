"""Progress of a run: a bar in a terminal, elsewhere one line per boundary."""

import multiprocessing
import sys

from tqdm import tqdm

from tf_infomax.results.metrics import described, value_with_unit

__all__ = ["Progress", "duration", "note"]


def note(name, text, stream=None):
    """Prints a line about something that takes long and is not a step: ``[name] text``."""
    print(f"[{name}] {text}", file=stream or sys.stderr, flush=True)


def duration(seconds):
    """``seconds`` as h:mm:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


class Progress:
    """Shows step, latest metrics, rate and time left.

    In a terminal it is a bar, which the next boundary moves. Elsewhere, and where several processes
    share the terminal, it prints lines such as
    ``[name] step 3000/21000  bound 4.41 nats  ...  left 0:03:21``.

    Args:
        name: what is running.
        last_step: step at which it will end.
        stream: receives the lines; standard error by default.
    """

    def __init__(self, name, last_step, stream=None):
        self._name = name
        self._last = last_step
        self._stream = stream or sys.stderr
        self._bar = None

    def note(self, text):
        """Prints one line about something that takes long and is not a step."""
        if self._bar is None:
            note(self._name, text, self._stream)
        else:
            self._bar.write(f"[{self._name}] {text}", file=self._stream)

    def report(self, step, measurements, seconds_per_step=None, seconds_left=None):
        """Shows the step, with the metrics measured at this step only.

        Args:
            step: step that was reached.
            measurements: those of this step.
            seconds_per_step: of training since the last report, without compilation and
                measurements; ``None`` where no step was taken.
            seconds_left: of the run, with its measurements.
        """
        shown = [f"{name} {value}" for name, value in _shown(measurements).items()]
        if _has_terminal(self._stream):
            self._move(step, shown)
            return
        parts = [f"step {step}/{self._last}", *shown]
        if seconds_per_step is not None:
            parts.append(f"{1000 * seconds_per_step:.1f} ms/step")
            parts.append(f"left {duration(seconds_left)}")
        note(self._name, "  ".join(parts), self._stream)

    def _move(self, step, shown):
        if self._bar is None:
            # Made after the first evaluation, which says nothing about how long a step takes.
            self._bar = tqdm(
                total=self._last, initial=step, desc=self._name, unit="step",
                dynamic_ncols=True, file=self._stream,
            )
        self._bar.set_postfix_str("  ".join(shown), refresh=False)
        self._bar.update(step - self._bar.n)
        self._bar.refresh()
        if step == self._last:
            self._bar.close()


def _has_terminal(stream):
    # Bars of several processes would overwrite each other.
    alone = multiprocessing.current_process().name == "MainProcess"
    return alone and getattr(stream, "isatty", lambda: False)()


def _shown(measurements):
    shown = {}
    for one in measurements:
        found = described(one.metric, one.split, one.tags.get("features"))
        if found is not None and found[1].short is not None:
            metric = found[1]
            shown[metric.short] = value_with_unit(f"{one.value:{metric.digits}}", one.unit)
    return shown
