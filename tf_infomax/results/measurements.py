"""Measurements, the output of evaluators: a number and what it is. Needs no TensorFlow."""

import dataclasses

from tf_infomax.naming.registry import Registry

__all__ = ["EVALUATORS", "INVERSE_TOLERANCE", "Measurement", "several"]

# Largest error of a pixel in [0, 1] that the inverse of a flow may leave: half a grey level of 255.
# Up to it rounding gives every byte back, and no information is lost.
INVERSE_TOLERANCE = 0.5 / 255.0

# Name -> function(snapshot, **options) -> iterable of Measurement.
EVALUATORS = Registry("evaluator")


@dataclasses.dataclass(frozen=True)
class Measurement:
    """A number that was measured, and what it is (the run's own tags are added later)."""

    metric: str
    split: str
    value: float
    unit: str
    tags: dict = dataclasses.field(default_factory=dict)


def several(names):
    """An option that takes a tuple of names, or a single name on a command line.

    A name given twice counts once: duplicate rows would be taken for two seeds.
    """
    return (names,) if isinstance(names, str) else tuple(dict.fromkeys(names or ()))
