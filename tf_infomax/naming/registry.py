"""Registries, tables from names to entries: one class for every family of the package."""

import difflib

__all__ = ["Family", "Registry", "nearest", "unknown_name", "unknown_option"]


def nearest(name, known):
    """The known names that look most like ``name`` (at most three, perhaps none)."""
    return difflib.get_close_matches(str(name), [str(entry) for entry in known], n=3, cutoff=0.5)


def unknown_name(kind, name, known):
    """A ``ValueError`` for ``name`` that lists the known names, the nearest first."""
    close = nearest(name, known)
    hint = f" Did you mean {' or '.join(repr(entry) for entry in close)}?" if close else ""
    return ValueError(
        f"Unknown {kind} {name!r}.{hint} Known: {', '.join(str(entry) for entry in known)}."
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


class Registry:
    """An ordered table from names to factories or entries.

    Args:
        kind: what the table holds, in the singular, for error messages ("critic").
    """

    def __init__(self, kind):
        self.kind = kind
        self._entries = {}

    def add(self, name, entry):
        """Enters ``entry`` under ``name``; a name is taken only once."""
        if name in self._entries:
            raise ValueError(f"There is already a {self.kind} of that name. Received: {name!r}.")
        self._entries[name] = entry
        return entry

    def register(self, name):
        """Decorator form of ``add``."""
        return lambda entry: self.add(name, entry)

    def get(self, name):
        """The entry called ``name``; ``ValueError`` with the nearest names if there is none."""
        try:
            return self._entries[name]
        except (KeyError, TypeError):
            raise unknown_name(self.kind, name, self._entries) from None

    def names(self):
        """All names, in the order of registration."""
        return tuple(self._entries)

    def __contains__(self, name):
        return name in self._entries


class Family(Registry):
    """A registry of factories, with the functions through which a package exposes them.

        _CRITICS = Family("critic")
        get, class_of, names, register = _CRITICS.functions()
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
