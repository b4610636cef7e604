"""The options of a factory, read from its signature: the one place where names are checked.

Registries, choices with options, bounds, evaluators, studies and distributions of pairs all check
their options here.
"""

import inspect

from tf_infomax.naming.registry import unknown_option

__all__ = ["REQUIRED", "check_options", "complete", "options_of"]

# The default of an option that must be given.
REQUIRED = inspect.Parameter.empty


def options_of(factory, without=()):
    """Name -> default (or ``REQUIRED``) of all that can be given to ``factory`` by name.

    Args:
        factory: class or function; arguments bound by ``functools.partial`` are not options.
        without: names of parameters that are not options, such as "seed".
    """
    bound = getattr(factory, "keywords", {})
    return {
        name: parameter.default
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and name not in without
        and name not in bound
    }


def check_options(kind, name, given, known, near=()):
    """Raises ``ValueError`` on the first option that is unknown, naming the nearest.

    Args:
        kind: what ``name`` is, in the singular ("critic").
        name: name of the choice.
        given: names of options.
        known: names of its options.
        near: further names that might have been meant.
    """
    for option in given:
        if option not in known:
            raise unknown_option(kind, name, option, known, near)


def complete(given, known):
    """``given`` options with the defaults of all others that have one."""
    defaults = {name: default for name, default in known.items() if default is not REQUIRED}
    return {**defaults, **given}
