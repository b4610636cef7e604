"""``tf-infomax <command> [flags]``: the commands of ``launch/`` after ``pip install``.

Only the chosen command is imported, so that help and misspelt names are answered at once.
"""

import importlib
import sys

from tf_infomax.naming.registry import unknown_name
from tf_infomax.naming.version import version
from tf_infomax.running.standard_output import until_the_reader_leaves

__all__ = ["COMMANDS", "main"]

# Command -> (module of this package, what it does).
COMMANDS = {
    "run": ("run_experiment", "Run an experiment, or continue one that was interrupted."),
    "evaluate": ("evaluate", "Evaluate a trained encoder, from a run or an export."),
    "export": ("export_model", "Export a run's models as a SavedModel, and prove it."),
    "report": ("make_report", "Turn work directories into one HTML page."),
    "check": ("check_results", "Say which of the papers' claims the rows confirm."),
    "estimate": ("estimate_mi", "Estimate the mutual information of two samples, from files."),
    "list": ("list_experiments", "List the experiments, with their size."),
}
_MISTAKE = 2


def _help():
    width = max(map(len, COMMANDS))
    lines = [
        "Representation learning by maximising mutual information, and estimates of it.",
        "",
        "usage: tf-infomax <command> [flags]",
        "",
        *(f"  {name:{width}}  {what}" for name, (_, what) in COMMANDS.items()),
        "",
        "tf-infomax <command> --help names the flags of a command.",
        "",
        "To begin with, the claims of both papers in small, in 4 CPU minutes, without a download:",
        "",
        "  tf-infomax run --experiment=quick_start --workdir=runs/quick_start",
    ]
    return "\n".join(lines)


def main():
    """Starts the command that the first argument names."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("help", "--help", "-h") and arguments:
        name, arguments = arguments[0], ["--help"]
    if name in ("-h", "--help", "help"):
        with until_the_reader_leaves():
            print(_help())
        sys.exit(0)
    if name == "--version":
        print(version())
        sys.exit(0)
    if name not in COMMANDS:
        print(f"tf-infomax: {unknown_name('command', name, COMMANDS)}", file=sys.stderr)
        sys.exit(_MISTAKE)
    launcher = COMMANDS[name][0]
    module = importlib.import_module(f"tf_infomax.commands.{launcher}")
    from tf_infomax.running import command_line

    typed = f"tf-infomax {name}"
    sys.argv = [typed, *arguments]
    # What absl prints above the flags.
    help_text = module.__doc__.replace(f"python launch/{launcher}.py", typed)
    sys.modules["__main__"].__doc__ = help_text
    module.define_flags()
    command_line.start(module.main, typed)
