"""What evaluators give: a number and what it is. Needs no TensorFlow."""

import dataclasses

from tf_infomax.registry import Registry

__all__ = ["EVALUATORS", "Measurement"]

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
