"""One line a boundary: where a run is, what it has reached, and how long it will take."""

import sys
import time

__all__ = ["Progress", "duration"]

# What the terms of Deep InfoMax report, by a shorter name; their units are those of the rows.
_TERMS = {
    "train/local_information": "local",
    "train/global_information": "global",
    "train/prior_divergence": "prior divergence",
    "train/coordinates_accuracy": "coordinates",
    "train/relative_coordinates_accuracy": "offsets",
    "train/classification_accuracy": "classes",
}
_PROBES = {
    "probe/mlp/accuracy": "MLP",
    "probe/svm/accuracy": "SVM",
    "probe/linear/accuracy": "linear",
    "fine_tuning/accuracy": "fine-tuned",
}
_FEATURES = {"code": "accuracy", "pixels": "pixel accuracy"}


def duration(seconds):
    """``seconds`` as h:mm:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


class Progress:
    """Prints lines such as ``[name] step 3000/21000  bound 4.41 nats  ...  left 0:03:21``.

    Args:
        name: what is running.
        first_step: where this process starts, which is not 0 after a resume.
        last_step: where it will end.
        stream: receives the lines; standard error by default.
    """

    def __init__(self, name, first_step, last_step, stream=None):
        self._name = name
        self._first = first_step
        self._last = last_step
        self._stream = stream or sys.stderr
        self._start = time.monotonic()
        self._latest = {}

    def note(self, text):
        """Prints one line about something that takes long and is not a step."""
        print(f"[{self._name}] {text}", file=self._stream, flush=True)

    def report(self, step, measurements):
        """Prints one line; the latest known bounds and accuracies stay in it."""
        self._latest.update(_shown(measurements))
        parts = [f"step {step}/{self._last}"]
        parts += [f"{name} {value}" for name, value in self._latest.items()]
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
        if one.metric in _TERMS:
            unit = " nats" if one.unit == "nats" else ""
            shown[_TERMS[one.metric]] = f"{one.value:.3f}{unit}"
        elif one.metric == "probe/linear/accuracy" and one.tags["features"] in _FEATURES:
            shown[_FEATURES[one.tags["features"]]] = f"{one.value:.4f}"
        elif one.metric in _PROBES:
            shown[f"{_PROBES[one.metric]} {one.tags['features']}"] = f"{one.value:.4f}"
        elif one.metric == "dependence/ndm" and one.split == "test":
            shown["NDM"] = f"{one.value:.3f} nats"
        elif one.metric == "bound":
            shown[f"{one.split} bound"] = f"{one.value:.3f} nats"
        elif one.metric == "train/bound":
            shown["bound"] = f"{one.value:.3f} nats"
        elif one.metric == "log_condition_number":
            shown["log condition"] = f"{one.value:.2f}"
        elif one.metric == "classifier/cross_entropy":
            shown["classifier loss"] = f"{one.value:.3f}"
    return shown
