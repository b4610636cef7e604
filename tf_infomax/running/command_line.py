"""Shared by the launchers: flags that are paths; one sentence and exit code 2 for a mistake.

It needs no TensorFlow.
"""

import difflib
import functools
import re
import sys
from pathlib import Path

from absl import app, flags, logging

from tf_infomax.naming.paths import expanded
from tf_infomax.naming.sentences import sentence
from tf_infomax.running.standard_output import reader_has_left, until_the_reader_leaves

__all__ = [
    "command",
    "define_data_dir",
    "define_path",
    "define_paths",
    "define_work_directories",
    "refuse_arguments",
    "refuse_outputs_over_rows",
    "say",
    "start",
    "work_directories",
]

MISTAKE = 2  # exit code
INTERRUPTED = 128 + 2  # as shells have it: 128 and the number of the signal
# A flag with a ratio (difflib) of this or more to an unknown one was meant.
_MEANT = 0.75
# Name of a launcher -> what the user has typed in its place, "tf-infomax run".
_typed: dict[str, str] = {}


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
                if isinstance(error, BrokenPipeError) and reader_has_left():
                    raise
                return _refusal(name, sentence(error))
            except KeyboardInterrupt:
                # Files are written whole or not at all, so there is nothing to clean up.
                _refusal(name, "Stopped; the same command goes on.")
                return INTERRUPTED

        wrapped.command = name
        return wrapped

    return decorated


def start(main, typed=None):
    """Parses the flags, calls ``main`` (a ``command``) with the remaining arguments, and exits.

    Args:
        main: what ``command`` has decorated.
        typed: what the user has typed to start it, if that is not the name of ``main``.
    """
    if typed is not None:
        _typed[main.command] = typed
    # `--help` names the flags of the command, and not only those of the launcher's own file.
    # Flags that are paths are defined here.
    by_module = flags.FLAGS.flags_by_module_dict()
    for flag in [*by_module.get(main.__module__, ()), *by_module.get(__name__, ())]:
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)

    def parsed(argv):
        try:
            return flags.FLAGS([argv[0], "--help"] if argv[1:] == ["-h"] else argv)
        except flags.UnrecognizedFlagError as error:
            sys.exit(_refusal(main.command, _unknown_flag(error)))
        except flags.Error as error:
            sys.exit(_refusal(main.command, _flag_sentence(error, argv)))
        except SystemExit:
            # Only flags of help end the parsing so, by absl with the exit code of a mistake.
            sys.exit(0)

    with until_the_reader_leaves():
        app.run(main, flags_parser=parsed)


def refuse_arguments(argv, hint):
    """Raises ``ValueError`` if there are arguments besides flags.

    Args:
        argv: the arguments that remain after the flags.
        hint: a flag that may have been meant, ``"--run=..."``.
    """
    if len(argv) > 1:
        raise ValueError(f"Arguments are flags, as in {hint}. Received: {argv[1:]}.")


def refuse_outputs_over_rows(paths, **outputs):
    """Raises ``ValueError`` if a file to write is one of those that rows are read from, or another
    one to write.

    Args:
        paths: files of rows and work directories.
        outputs: name of a flag -> path, or ``None``.
    """
    from tf_infomax.results.rows import EVALUATION_ROWS, rows_files

    files = [file for path in paths for file in rows_files(path)]
    read = {file.resolve() for file in files}
    read |= {file.with_name(EVALUATION_ROWS).resolve() for file in files}
    read |= {Path(path, "rows.jsonl").resolve() for path in paths}
    for name, path in outputs.items():
        if path is None:
            continue
        if Path(path).resolve() in read:
            raise ValueError(
                f"--{name} must be another file than those that rows are read from, and than other "
                f"outputs. Received: --{name}={path}."
            )
        read.add(Path(path).resolve())


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
    for path in paths:
        if not Path(path).exists():
            raise FileNotFoundError(
                f"Expected a file of rows or a work directory. Received: path={path!r}."
            )
    return paths


def say(name, sentence):
    """Writes ``sentence`` to standard error, after the command's name as the user has typed it."""
    print(f"{_typed.get(name, name)}: {sentence}", file=sys.stderr, flush=True)


def _refusal(name, sentence):
    say(name, sentence)
    return MISTAKE


def _unknown_flag(error):
    """What may have been meant: another flag, or the field of an experiment."""
    known = {flag.name for flag in flags.FLAGS.get_key_flags_for_module(sys.argv[0])}
    # absl's "value" is the argument itself.
    given = str(error.flagvalue)
    name, value = error.flagname, given.partition("=")[2]
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=_MEANT)
    hint = f" Did you mean --{close[0]}?" if close else ""
    if "set" in known and not close:
        hint = f" A field or option is changed by --set, as in --set={name}={value or '...'}."
    return f"There is no flag --{name}.{hint} Received: {given}."


def _flag_sentence(error, argv):
    text = " ".join(str(error).split())
    match = re.match(r"flag --(\w+)=(.*?): (.*)", text)
    if not match:
        return sentence(error)
    name, value, reason = match.groups()
    if "must have a value other than None" in reason:
        # Somebody has typed the value alone, or has still to learn which values there are.
        alone = next((one for one in argv[1:] if not one.startswith("-")), None)
        hint = f", as in --{name}={alone}" if alone else "; --help says more"
        return f"The flag --{name} is required{hint}. Received: no --{name}."
    if "Received: " in reason:
        return reason
    parser = flags.FLAGS[name].parser
    # absl's message on booleans does not name the accepted values.
    kind = parser.syntactic_help or "true or false"
    if isinstance(parser, flags.EnumParser):
        kind = f"one of {', '.join(parser.enum_values)}"
    return f"--{name} must be {kind}. Received: --{name}={value}."
