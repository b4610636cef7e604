"""A choice by name, with options: how experiments name encoders, critics and the like."""

import dataclasses

__all__ = ["Pick", "as_pick", "frozen", "pick"]


def frozen(value):
    """Lists as tuples at any depth, because JSON has only lists and comparisons must not differ."""
    if isinstance(value, (list, tuple)):
        return tuple(frozen(entry) for entry in value)
    return value


@dataclasses.dataclass(frozen=True)
class Pick:
    """A registered class or function by name, with options for it."""

    name: str
    options: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        options = {key: frozen(value) for key, value in self.options.items()}
        object.__setattr__(self, "options", options)


def pick(name, **options):
    """``Pick(name, options)``, in a readable form."""
    return Pick(name, options)


def as_pick(choice):
    """``choice`` as a ``Pick``: a bare name becomes a pick without options."""
    return choice if isinstance(choice, Pick) else Pick(choice)
