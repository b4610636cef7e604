"""One progress line per boundary: step, latest metrics, and time left."""

import sys
import time

from tf_infomax.results.metrics import described, value_with_unit

__all__ = ["Progress", "duration"]

def duration(seconds):
    """``seconds`` as h:mm:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


class Progress:
    """Prints lines such as ``[name] step 3000/21000  bound 4.41 nats  ...  left 0:03:21``.

    Args:
        name: what is running.
        first_step: step at which this process starts; not 0 after a resume.
        last_step: step at which it will end.
        stream: receives the lines; standard error by default.
    """

    def __init__(self, name, first_step, last_step, stream=None):
        self._name = name
        self._first = first_step
        self._last = last_step
        self._stream = stream or sys.stderr
        self._start = time.monotonic()

    def note(self, text):
        """Prints one line about something that takes long and is not a step."""
        print(f"[{self._name}] {text}", file=self._stream, flush=True)

    def report(self, step, measurements):
        """Prints one line, with the metrics measured at this step only."""
        parts = [f"step {step}/{self._last}"]
        parts += [f"{name} {value}" for name, value in _shown(measurements).items()]
        if step == self._first:
            # Warm-up and the first evaluation say nothing about how long a step takes.
            self._start = time.monotonic()
        else:
            per_step = (time.monotonic() - self._start) / (step - self._first)
            parts.append(f"{1000 * per_step:.1f} ms/step")
            parts.append(f"left {duration(per_step * (self._last - step))}")
        text = "  ".join(parts)
        print(f"[{self._name}] {text}", file=self._stream, flush=True)


def _shown(measurements):
    shown = {}
    for one in measurements:
        found = described(one.metric, one.split, one.tags.get("features"))
        if found is not None and found[1].short is not None:
            metric = found[1]
            shown[metric.short] = value_with_unit(f"{one.value:{metric.digits}}", one.unit)
    return shown
