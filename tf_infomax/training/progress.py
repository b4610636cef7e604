"""One line a boundary: where a run is, what it has reached, and how long it will take."""

import sys
import time

__all__ = ["Progress", "duration"]

# What the terms of Deep InfoMax report, by a shorter name.
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
_TEST_METRICS = {
    "dependence/ndm": "NDM",
    "dependence/gaussian_total_correlation": "Gaussian TC",
    "dependence/mine": "MINE",
}
# Metric -> (name, format).
_OTHERS = {
    "train/bound": ("bound", ".3f"),
    "log_condition_number": ("log condition", ".2f"),
    "classifier/cross_entropy": ("classifier loss", ".3f"),
    "flow/inverse_error": ("inverse error", ".1e"),
    "flow/not_invertible": ("not invertible, so no accuracy: inverse error", ".1e"),
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

    def note(self, text):
        """Prints one line about something that takes long and is not a step."""
        print(f"[{self._name}] {text}", file=self._stream, flush=True)

    def report(self, step, measurements):
        """Prints one line, with what was measured at this step and nothing older."""
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
        if one.metric in _TERMS:
            shown[_TERMS[one.metric]] = _text(one, ".3f")
        elif one.metric == "probe/linear/accuracy" and one.tags["features"] in _FEATURES:
            shown[_FEATURES[one.tags["features"]]] = _text(one, ".4f")
        elif one.metric in _PROBES:
            shown[f"{_PROBES[one.metric]} {one.tags['features']}"] = _text(one, ".4f")
        elif one.metric in _TEST_METRICS and one.split == "test":
            shown[_TEST_METRICS[one.metric]] = _text(one, ".3f")
        elif one.metric == "bound":
            shown[f"{one.split} bound"] = _text(one, ".3f")
        elif one.metric in _OTHERS:
            name, digits = _OTHERS[one.metric]
            shown[name] = _text(one, digits)
    return shown


def _text(measurement, digits):
    """The value with its unit; fractions and numbers without a unit (JSD, for one) stand alone."""
    unit = "" if measurement.unit in ("1", "fraction") else f" {measurement.unit}"
    return f"{measurement.value:{digits}}{unit}"
