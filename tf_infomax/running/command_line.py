"""Shared by the launchers: flags that are paths; one sentence and exit code 2 for a mistake.

It needs no TensorFlow.
"""

import functools
import re
import sys

from absl import app, flags, logging

from tf_infomax.naming.paths import expanded
from tf_infomax.naming.sentences import sentence

__all__ = [
    "command",
    "define_data_dir",
    "define_path",
    "define_paths",
    "define_work_directories",
    "refuse_arguments",
    "start",
    "work_directories",
]

MISTAKE = 2  # exit code
INTERRUPTED = 128 + 2  # as shells have it: 128 and the number of the signal


def command(name):
    """Decorator of ``main(argv) -> exit code``: a mistake is one sentence on standard error.

    ``ImportError`` (of an optional package), ``OSError`` and ``ValueError`` are mistakes in the
    command or in the files that it reads: exit code 2.

    Args:
        name: name of the command, with which the sentence begins.
    """

    def decorated(main):
        @functools.wraps(main)
        def wrapped(argv):
            logging.set_verbosity(logging.WARNING)
            try:
                return main(argv)
            except (ImportError, OSError, ValueError) as error:
                return _refusal(name, sentence(error))
            except KeyboardInterrupt:
                # Files are written whole or not at all, so there is nothing to clean up.
                _refusal(name, "Stopped; the same command goes on.")
                return INTERRUPTED

        wrapped.command = name
        return wrapped

    return decorated


def start(main):
    """Parses the flags, calls ``main`` (a ``command``) with the remaining arguments, and exits."""

    # `--help` names the flags of the command, and not only those of the launcher's own file.
    # Flags that are paths are defined here.
    by_module = flags.FLAGS.flags_by_module_dict()
    for flag in [*by_module.get(main.__module__, ()), *by_module.get(__name__, ())]:
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)

    def parsed(argv):
        try:
            return flags.FLAGS(argv)
        except flags.Error as error:
            sys.exit(_refusal(main.command, _flag_sentence(error)))

    app.run(main, flags_parser=parsed)


def refuse_arguments(argv, hint):
    """Raises ``ValueError`` if there are arguments besides flags.

    Args:
        argv: the arguments that remain after the flags.
        hint: a flag that may have been meant, ``"--run=..."``.
    """
    if len(argv) > 1:
        raise ValueError(f"Arguments are flags, as in {hint}. Received: {argv[1:]}.")


class _PathParser(flags.ArgumentParser):
    """Text -> path with ``~`` replaced."""

    syntactic_help = "a path"

    def __init__(self, flag):
        super().__init__()
        self._flag = flag

    def parse(self, argument):
        return None if argument is None else expanded(argument, self._flag)


def define_path(name, default, help, required=False):
    """A flag that takes a path, ``~`` included."""
    parser, serializer = _PathParser(f"--{name}"), flags.ArgumentSerializer()
    return flags.DEFINE(parser, name, default, help, serializer=serializer, required=required)


def define_paths(name, help):
    """A flag that takes a path and may be given many times; ``[]`` by default."""
    parser, serializer = _PathParser(f"--{name}"), flags.ArgumentSerializer()
    return flags.DEFINE_multi(parser, serializer, name, [], help)


def define_data_dir():
    """The flag of prepared data sets."""
    define_path(
        "data_dir", None, "Folder of prepared TFDS data sets (default: TFDS_DATA_DIR)."
    )


def define_work_directories():
    """The flag of what ``work_directories`` gives."""
    define_paths("runs", "Work directory; may be repeated or positional.")


def work_directories(argv):
    """The work directories of a command, from its arguments and from ``--runs``; at least one."""
    paths = [*(expanded(path, "The work directory") for path in argv[1:]), *flags.FLAGS.runs]
    if not paths:
        raise ValueError("Expected at least one work directory. Received: no directory.")
    return paths


def _refusal(name, sentence):
    print(f"{name}: {sentence}", file=sys.stderr)
    return MISTAKE


def _flag_sentence(error):
    text = " ".join(str(error).split())
    match = re.match(r"flag --(\w+)=(.*?): (.*)", text)
    if not match:
        return sentence(error)
    name, value, reason = match.groups()
    if "must have a value other than None" in reason:
        return f"The flag --{name} is required. Received: no --{name}."
    if "Received: " in reason:
        return reason
    # absl's message on booleans does not name the accepted values.
    kind = flags.FLAGS[name].parser.syntactic_help or "true or false"
    return f"--{name} must be {kind}. Received: --{name}={value}."
