"""Lists the experiments: name, runs, steps of each run, data set, and what they show.

    tf-infomax list [part of a name]
"""

from tf_infomax.experiments import catalog, extent, quick_start
from tf_infomax.published import claim
from tf_infomax.running import command_line

__all__ = ["define_flags", "listing", "main"]


def define_flags():
    """The command has no flags of its own."""


@command_line.command("list")
def main(argv):
    """Prints the table; returns the exit code."""
    if len(argv) > 2:
        raise ValueError(f"Expected one part of a name. Received: {argv[1:]}.")
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
    steps = [extent.steps_of(one) for one in members]
    most = max((number for number in steps if number is not None), default=None)
    data = sorted({data for one in members for data in extent.data_of(one)})
    return (
        name, str(runs), "" if most is None else f"{most:,}", ", ".join(data),
        extent.cpu_time(members), _shows(name, members),
    )


def _shows(name, members):
    if members == quick_start.QUICK_START:
        return quick_start.SHOWS
    known = claim(name)
    if known is not None:
        return f"{known.title} ({known.place() or members[0].source})"
    if len(members) > 1:
        return "together: " + ", ".join(one.name for one in members)
    return members[0].source
