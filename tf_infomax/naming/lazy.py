"""Packages whose modules are imported on first use of a name: some need no TensorFlow."""

import importlib
import sys

__all__ = ["lazy_names"]


def lazy_names(package, homes):
    """``__getattr__`` and ``__dir__`` of a package that imports its modules on first use.

    Args:
        package: ``__name__`` of the package.
        homes: dict of public name -> module of the package that defines it, or ``None`` if the
            name is that of a module.

    Returns:
        (``__getattr__``, ``__dir__``), to be assigned in the package.
    """

    def __getattr__(name):  # noqa: N807 - Python's hook of modules
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = importlib.import_module(f"{package}.{homes[name] or name}")
        return getattr(home, name) if homes[name] else home

    def __dir__():  # noqa: N807
        return sorted({*vars(sys.modules[package]), *homes})

    return __getattr__, __dir__
