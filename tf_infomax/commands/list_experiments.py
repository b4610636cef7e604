"""Lists the experiments: name, runs, steps of each run, data set, and what they show.

    tf-infomax list [part of a name]
"""

from tf_infomax.experiments import catalog, presets
from tf_infomax.experiments.study import Study
from tf_infomax.published import claim
from tf_infomax.running import command_line

__all__ = ["define_flags", "listing", "main"]


def define_flags():
    """The command has no flags of its own."""


@command_line.command("list")
def main(argv):
    """Prints the table; returns the exit code."""
    print(listing(argv[1] if len(argv) > 1 else ""))
    return 0


def listing(part=""):
    """The table as text.

    Args:
        part: of the names that are listed.
    Raises:
        ValueError: with the nearest names, if no name contains it.
    """
    names = [name for name in catalog.names() if part in name]
    if not names:
        catalog.get(part)
    lines = [("experiment", "runs", "steps", "data", "CPU time", "what it shows")]
    lines += [_line(name) for name in names]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    numbers = (1, 2)
    table = "\n".join(
        "  ".join(
            entry.rjust(width) if place in numbers else entry.ljust(width)
            for place, (entry, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
    return f"{table}\n\nCPU times are rough guesses, for cores of 35 GFLOP/s; a run tells its own."


def _line(name):
    members = catalog.get(name)
    runs = sum(len(one.runs()) for one in members)
    steps = sorted({one.train.steps for one in members if not isinstance(one, Study)})
    data = sorted({_data(one) for one in members} - {""})
    return (
        name, str(runs), f"{steps[-1]:,}" if steps else "", ", ".join(data), _time(members),
        _shows(name, members),
    )


def _data(one):
    return one.options.get("data", "") if isinstance(one, Study) else one.data.name


def _time(members):
    """A rough guess at the CPU time, where there is one for every member."""
    costs = [presets.cost(one.name) for one in members]
    if None in costs:
        return ""
    hours = sum(one.paper * _seeds(member) for one, member in zip(costs, members, strict=True))
    return f"~{60 * hours:.0f} min" if hours < 2 else f"~{hours:,.0f} h"


def _seeds(one):
    return len(getattr(one, "seeds", (0,)))


def _shows(name, members):
    known = claim(name)
    if known is not None:
        return f"{known.title} ({known.place() or members[0].source})"
    if len(members) > 1:
        return "together: " + ", ".join(one.name for one in members)
    return members[0].source
