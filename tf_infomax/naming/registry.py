"""Registries, tables from names to entries: one class for every family of the package."""

import dataclasses
import difflib
import importlib
import re
from collections.abc import Callable

__all__ = ["Family", "Registry", "did_you_mean", "nearest", "unknown_name", "unknown_option"]


def nearest(name, known):
    """The known names that look most like ``name`` (at most three, perhaps none).

    A name that differs in capital letters, hyphens and underscores only is the one that is meant:
    "Info-NCE" is "infonce".
    """
    known = [str(entry) for entry in known]
    same = [entry for entry in known if _letters(entry) == _letters(name)]
    if same:
        return same
    lower = {entry.lower(): entry for entry in reversed(known)}
    close = difflib.get_close_matches(str(name).lower(), lower, n=3, cutoff=0.5)
    return [lower[entry] for entry in close]


def _letters(name):
    return re.sub(r"[\W_]", "", str(name).lower())


def did_you_mean(name, known, synonyms=None):
    """A sentence, after a space, with the known names that may have been meant, or "".

    Args:
        name: what was received.
        known: the known names.
        synonyms: as of ``unknown_name``.
    """
    close = (synonyms or {}).get(str(name).lower(), ()) or nearest(name, known)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


def unknown_name(kind, name, known, synonyms=None):
    """A ``ValueError`` for ``name`` that lists the known names, the nearest first.

    Args:
        kind: what ``name`` is, in the singular ("critic").
        name: what was received.
        known: the known names.
        synonyms: dict of other names of the field, in lower case -> tuple of known names, which
            come before those that only look alike.
    """
    listed = ", ".join(str(entry) for entry in known)
    return ValueError(
        f"Unknown {kind} {name!r}.{did_you_mean(name, known, synonyms)} Known: {listed}."
    )


def unknown_option(kind, name, option, known, near=()):
    """A ``ValueError`` for an option that the ``kind`` called ``name`` lacks.

    Args:
        kind: what ``name`` is, in the singular ("critic").
        name: name of the entry.
        option: what was received.
        known: options of the entry.
        near: further names that might have been meant.
    """
    close = nearest(option, [*near, *known])
    hint = f" Nearest: {', '.join(close)}." if close else ""
    return ValueError(
        f"The {kind} {name!r} has no option {option!r}.{hint} "
        f"Options: {', '.join(known) or 'none'}."
    )


@dataclasses.dataclass(frozen=True)
class _Home:
    """Where an entry is that has not been imported: see ``homes`` of ``Registry``."""

    place: str | Callable

    def entry(self):
        """The entry, whose module is imported; ``None`` from a module that adds it itself."""
        if callable(self.place):
            return self.place()
        module, _, attribute = self.place.partition(":")
        imported = importlib.import_module(module)
        return getattr(imported, attribute) if attribute else None

    def adds(self, entry):
        """Whether ``entry`` comes from the module that adds it itself."""
        return getattr(entry, "__module__", None) == self.place


class Registry:
    """An ordered table from names to factories or entries.

    Names can be known before their entries are imported, so that they are listed, and misspelt ones
    reported, without TensorFlow.

    Args:
        kind: what the table holds, in the singular, for error messages ("critic").
        homes: dict of name -> "module:attribute", the entry, which is imported on first use;
            -> "module", which adds the entry under this name when it is imported; or
            -> a function without arguments that returns the entry.
        synonyms: dict of other names of the field, in lower case -> tuple of names of this table.
            They are not accepted, but the error says what is meant.
    """

    def __init__(self, kind, homes=None, synonyms=None):
        self.kind = kind
        self._entries, self._synonyms = {}, {}
        self.add_homes(homes or {}, synonyms)

    def add_homes(self, homes, synonyms=None):
        """Enters further names, with the arguments of the constructor.

        A module that adds its entries itself may have been imported before; they stay.
        """
        for name, place in homes.items():
            self._entries.setdefault(name, _Home(place))
        self._synonyms.update(synonyms or {})

    def add(self, name, entry):
        """Enters ``entry`` under ``name``; a name is taken only once."""
        taken = self._entries.get(name)
        if name in self._entries and not (isinstance(taken, _Home) and taken.adds(entry)):
            raise ValueError(f"There is already a {self.kind} of that name. Received: {name!r}.")
        self._entries[name] = entry
        return entry

    def register(self, name):
        """Decorator form of ``add``."""
        return lambda entry: self.add(name, entry)

    def check(self, name):
        """Raises ``ValueError`` with the nearest names for an unknown name; imports nothing."""
        if not isinstance(name, str) or name not in self._entries:
            raise unknown_name(self.kind, name, self._entries, self._synonyms)

    def get(self, name):
        """The entry called ``name``; ``ValueError`` with the nearest names if there is none."""
        self.check(name)
        entry = self._entries[name]
        if isinstance(entry, _Home):
            imported = entry.entry()
            if imported is not None:
                self._entries[name] = imported
        return self._entries[name]

    def names(self):
        """All names, in the order of registration."""
        return tuple(self._entries)

    def __contains__(self, name):
        return name in self._entries


class Family(Registry):
    """A registry of factories, with the functions through which a package exposes them.

        CRITICS = Family("critic", {"bilinear": "tf_infomax.critics.vector:BilinearCritic"})
        get, class_of, names, register = CRITICS.functions()
    """

    def make(self, name, /, **options):
        """A new object called ``name``; ``options`` go to its constructor.

        Raises:
            ValueError: with the nearest names, if there is none of that name.
        """
        return self.get(name)(**options)

    def functions(self):
        """(``get``, which makes a new object; ``class_of``; ``names``; ``register``)."""
        return self.make, self.get, self.names, self.register
