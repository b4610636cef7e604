"""Launchers as modules in this process, whose flags can be defined only once in it."""

import contextlib
import importlib.util

from absl import flags

__all__ = ["called", "loaded"]


@contextlib.contextmanager
def loaded(path):
    """The launcher at ``path`` as a module; afterwards its flags are forgotten."""
    # Not by the module's name: absl takes the flags for those of the import system.
    before = set(flags.FLAGS)
    spec = importlib.util.spec_from_file_location(f"{path.stem}_under_test", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        yield module
    finally:
        for name in set(flags.FLAGS) - before:
            delattr(flags.FLAGS, name)


def called(module, *arguments):
    """Exit code of the launcher that is loaded as ``module``, started with ``arguments``."""
    flags.FLAGS.unparse_flags()
    return module.main(flags.FLAGS([module.__file__, *map(str, arguments)]))
