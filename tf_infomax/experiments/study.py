"""What a study is: frozen data about a computation that trains no encoder of its own."""

import dataclasses

from tf_infomax.experiments.spec import Swept
from tf_infomax.naming.pick import frozen

__all__ = ["Study", "study"]


@dataclasses.dataclass(frozen=True)
class Study(Swept):
    """One study: a computation by name, its options, and over what it is swept.

    Studies share with experiments the launcher, the overrides (``--set=samples=64,256``), the
    work directory, rows, figures and the report. Every point of the sweep is a run of its own,
    whose rows are written in one move when it is done: a study that was killed goes on with the
    points that are left.

    Attributes:
        name: registry name, of the study and of the computation in ``tf_infomax.studies``.
        source: where it comes from.
        options: of the computation, all of them.
        seeds: one run each.
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
    """``Study(name, source, options, sweep=sweep)``, to be read aloud."""
    return Study(name, source, options, sweep=sweep)
