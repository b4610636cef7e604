"""Kinds of options of evaluators, written as annotations of their parameters.

    def measure(snapshot, epochs: Integer(1) = 50, learning_rate: Real(0.0, 100.0) = 1e-4): ...

A default of ``None`` means that ``None`` may be given. Needs no TensorFlow.
"""

import dataclasses
import math

__all__ = ["Integer", "Integers", "Name", "Names", "OneOf", "Real", "Switch"]

# Larger values are typing errors: such epochs would take years, such widths exceed any memory.
_MANY = 1_000_000


@dataclasses.dataclass(frozen=True)
class Integer:
    """An integer from ``low`` to ``high``."""

    low: int
    high: int = _MANY

    def accepts(self, value):
        """Whether an option may have this value."""
        return type(value) is int and self.low <= value <= self.high

    def __str__(self):
        return f"an integer from {self.low:,} to {self.high:,}"


@dataclasses.dataclass(frozen=True)
class Integers:
    """One or several integers from ``low`` to ``high``."""

    low: int
    high: int = _MANY

    def accepts(self, value):
        """Whether an option may have this value."""
        values = value if isinstance(value, tuple) else (value,)
        return bool(values) and all(Integer(self.low, self.high).accepts(one) for one in values)

    def __str__(self):
        return f"one or several integers from {self.low:,} to {self.high:,}"


@dataclasses.dataclass(frozen=True)
class Real:
    """A number above ``low``, or equal to it if ``closed``, and at most ``high``."""

    low: float
    high: float
    closed: bool = False

    def accepts(self, value):
        """Whether an option may have this value."""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value):
            return False
        return self.low < value <= self.high or (self.closed and value == self.low)

    def __str__(self):
        low = f"{self.low:g} or more" if self.closed else f"above {self.low:g}"
        return f"a number {low} and at most {self.high:g}"


@dataclasses.dataclass(frozen=True)
class Switch:
    """True or false."""

    def accepts(self, value):
        """Whether an option may have this value."""
        return isinstance(value, bool)

    def __str__(self):
        return "true or false"


@dataclasses.dataclass(frozen=True)
class OneOf:
    """One of several words.

    ``synonyms`` is a dict of other words of the field, in lower case -> tuple of these words.
    """

    words: tuple
    synonyms: dict = dataclasses.field(default_factory=dict, hash=False)

    def accepts(self, value):
        """Whether an option may have this value."""
        return isinstance(value, str) and value in self.words

    def __str__(self):
        return f"one of {', '.join(self.words)}"


@dataclasses.dataclass(frozen=True)
class Name:
    """The name of features: of an encoder's endpoint, "code" or "pixels"."""

    def accepts(self, value):
        """Whether an option may have this value."""
        return isinstance(value, str) and bool(value)

    def __str__(self):
        return "the name of features"


@dataclasses.dataclass(frozen=True)
class Names:
    """One or several names of features."""

    def accepts(self, value):
        """Whether an option may have this value."""
        values = value if isinstance(value, tuple) else (value,)
        return bool(values) and all(Name().accepts(one) for one in values)

    def __str__(self):
        return "one or several names of features"
