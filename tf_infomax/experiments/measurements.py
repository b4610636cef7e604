"""What evaluators give: a number and what it is. Needs no TensorFlow."""

import dataclasses

from tf_infomax.registry import Registry

__all__ = ["EVALUATORS", "Measurement", "several"]

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
    """An option that takes names as a tuple, which on a command line may be a single one."""
    return (names,) if isinstance(names, str) else tuple(names or ())
