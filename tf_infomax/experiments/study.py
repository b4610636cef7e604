"""Studies as frozen data: computations that are not experiments with an encoder."""

import dataclasses

from tf_infomax.experiments.spec import Swept
from tf_infomax.naming.pick import frozen

__all__ = ["Study", "study"]


@dataclasses.dataclass(frozen=True)
class Study(Swept):
    """One study: a computation by name, its options and its sweep.

    Studies share with experiments the launcher, the overrides (``--set=samples=64,256``), the
    work directory, rows, figures and the report. Every point of the sweep is a separate run,
    whose rows are written in one move when it is done: a killed study continues with the remaining
    points.

    Attributes:
        name: registry name, of the study and of the computation in ``tf_infomax.studies``.
        source: the paper and section that it reproduces.
        options: of the computation, all of them.
        seeds: a run for each.
        sweep: tuple of (option, values): runs are the product over all of them.
    """

    name: str
    source: str
    options: dict = dataclasses.field(default_factory=dict)
    seeds: tuple = (0,)
    sweep: tuple = ()

    def __post_init__(self):
        options = {key: frozen(value) for key, value in self.options.items()}
        object.__setattr__(self, "options", options)


def study(name, source, sweep=(), **options):
    """``Study(name, source, options, sweep=sweep)``, in a readable form."""
    return Study(name, source, options, sweep=sweep)
