"""How costs grow: time and extra memory over sizes, each point a process, with fitted exponents.

    python -m benchmarks.growth [--only=Jacobian] [--output=results/benchmarks]

Writes ``growth.json``, ``growth.md`` and ``growth.png``. An exponent p, as in cost ~ size^p, is the
slope of a least-squares line through the logarithms of the last three points: small sizes are
dominated by constant costs.
"""

import dataclasses
from pathlib import Path

import numpy as np
from absl import app, flags
from matplotlib import ticker

from benchmarks import deep_infomax_steps
from benchmarks.measure import in_process, keep, known_in, machine
from tf_infomax.plots import style

__all__ = ["CURVES", "Curve", "draw", "exponent", "run", "table"]

# Resolution of the picture.
_COLUMNS = 3


@dataclasses.dataclass(frozen=True)
class Curve:
    """One cost over one size.

    Attributes:
        work: name of the computation.
        panel: title of its panel.
        curve: its name in the picture.
        where: "module:function" of the builder.
        size: for the axis.
        argument: the builder's keyword argument that is the size.
        values: sizes, ascending, three at least.
        others: the builder's other arguments.
        per_step: number of steps in a call, by which its time is divided.
    """

    work: str
    panel: str
    curve: str
    where: str
    size: str
    argument: str
    values: tuple
    others: dict
    per_step: int = 1


def _bound(critic, values):
    return Curve(
        f"InfoNCE and gradient, {critic} critic, D = 128",
        "Bound of K pairs, D = 128",
        f"InfoNCE, {critic}",
        "bounds_of_large_batches:of_pairs",
        "pairs K",
        "size",
        values,
        {"critic": critic, "bound": "infonce"},
    )


def _deep_infomax(bound, argument, values):
    axis, fixed = {"images": ("images N", "512 units"), "units": ("units", "N = 64")}[argument]
    return Curve(
        f"step of dim_local, {bound}, {fixed}",
        f"Step of dim_local, {fixed}",
        bound,
        "deep_infomax_steps:package",
        axis,
        argument,
        values,
        {"bound": bound, "units": 512},
        deep_infomax_steps.STEPS,
    )


def _jacobian(read):
    return Curve(
        f"{read} of 16 Jacobians, five layers with shortcuts",
        "16 Jacobians",
        read.replace("_", " "),
        "jacobians:at_once",
        "inputs and outputs D",
        "width",
        (98, 196, 392, 784),
        {"inputs": 16, "layers": 5, "read": read},
    )


CURVES = (
    _bound("bilinear", (128, 512, 2048, 8192, 32_768, 131_072)),
    _bound("concat", (128, 256, 512, 1024, 2048)),
    _deep_infomax("infonce", "images", (16, 32, 64, 128)),
    _deep_infomax("infonce", "units", (128, 256, 512, 1024, 2048)),
    Curve(
        "local InfoNCE and gradient, N = 64, 512 units",
        "Local InfoNCE, N = 64, 512 units",
        "infonce",
        "local_infonce:one_sum",
        "places L",
        "places",
        (16, 64, 256, 1024),
        {"images": 64, "units": 512},
    ),
    *(_jacobian(read) for read in ("jacobian", "spectrum", "log_condition")),
    Curve(
        "step of InfoMax on 4,096 pairs, separable critic, split over replicas",
        "Step on 4,096 pairs",
        "infonce",
        "replica_steps:of_replicas",
        "replicas",
        "replicas",
        (1, 2, 4, 8),
        {"size": 4096},
    ),
    Curve(
        "step of InfoMax on 512 pairs a replica, separable critic",
        "Step on 512 pairs a replica",
        "infonce",
        "replica_steps:of_each",
        "replicas",
        "replicas",
        (1, 2, 4, 8),
        {"size_of_each": 512},
    ),
    Curve(
        "20 steps of critic_impact, bilinear, of every seed",
        "20 steps of critic_impact",
        "processes",
        "many_seeds:processes",
        "seeds",
        "seeds",
        (1, 2, 4, 8, 16),
        {"experiment": "critic_impact", "settings": ["critic=bilinear", "bound=infonce"],
         "steps": 20},
    ),
)


def exponent(sizes, costs):
    """The slope of log cost over log size through the last three points; ``nan`` of zeros."""
    costs = np.asarray(costs[-3:], np.float64)
    if not (costs > 0).all():
        return float("nan")
    return float(np.polyfit(np.log(sizes[-3:]), np.log(costs), 1)[0])


def run(output, only=""):
    """Measures the curves whose work contains ``only``; returns all there are, by their work."""
    path = Path(output) / "growth.json"
    known = known_in(path)
    for curve in CURVES:
        key = f"{curve.work}, over {curve.size}"
        if only not in key:
            continue
        points = []
        for value in curve.values:
            found = in_process(
                f"benchmarks.{curve.where}", {**curve.others, curve.argument: value}, seconds=2.0
            )
            points.append({"size": value, "seconds": found["wall"] / curve.per_step,
                           "cpu_seconds": found["cpu"] / curve.per_step,
                           "megabytes": found["megabytes"]})
            print(f"  {key}: {value:,}", flush=True)
        known[key] = {"machine": machine(), "panel": curve.panel, "curve": curve.curve,
                      "size": curve.size, "work": curve.work, "points": points}
        keep(path, known, table(known))
    # The table is written anew if nothing was measured, too.
    keep(path, known, table(known))
    draw(known, path.with_suffix(".png"))
    return known


def table(known):
    """Curves as Markdown: the first and the last point, and the exponents."""
    lines = [
        "| work | size | from | to | ms | exponent | extra MiB | exponent |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for entry in known.values():
        points = entry["points"]
        sizes = [point["size"] for point in points]
        cells = [entry["work"], entry["size"], f"{sizes[0]:,}", f"{sizes[-1]:,}"]
        for name, scale, digits in (("seconds", 1e3, 1), ("megabytes", 1.0, 0)):
            costs = [point[name] for point in points]
            ends = (f"{scale * cost:,.{digits}f}" for cost in (costs[0], costs[-1]))
            cells += [" to ".join(ends), f"{exponent(sizes, costs):.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(known, path):
    """Time and, below it, extra memory over size, both logarithmic, a column a panel."""
    panels = list(dict.fromkeys(entry["panel"] for entry in known.values()))
    with style.look():
        figure, axes = style.canvas(2 * -(-len(panels) // _COLUMNS), _COLUMNS, 2.7)
        for place in axes.ravel():
            place.set_axis_off()
        for number, panel in enumerate(panels):
            row, column = divmod(number, _COLUMNS)
            entries = [entry for entry in known.values() if entry["panel"] == panel]
            time, memory = axes[2 * row][column], axes[2 * row + 1][column]
            _draw_costs(time, entries, "seconds", 1e3, "ms")
            _draw_costs(memory, entries, "megabytes", 1.0, "extra MiB")
            time.set_title(panel)
            memory.set_xlabel(entries[0]["size"])
        figure.savefig(path)


def _draw_costs(place, entries, name, scale, label):
    for position, entry in enumerate(entries):
        sizes = [point["size"] for point in entry["points"]]
        costs = [scale * point[name] for point in entry["points"]]
        place.plot(
            sizes, costs, marker="o", markersize=3.5, linewidth=1.3,
            color=style.colour("curve", entry["work"], position),
            label=f"{entry['curve']}: exponent {exponent(sizes, costs):.2f}",
        )
    place.set_axis_on()
    place.set_xscale("log", base=2)
    place.set_yscale("log")
    # A decade at least, so that next to nothing does not look like growth.
    low, high = place.get_ylim()
    margin = max(1.0, 10 * low / high) ** 0.5
    place.set_ylim(low / margin, high * margin)
    _label_powers(place.yaxis)
    place.set_ylabel(label)
    place.legend(fontsize=7.0)


def _label_powers(axis):
    """Ticks of a logarithmic axis as plain numbers: every power of ten, or 1, 2, 5 between."""
    low, high = axis.get_view_interval()
    subs = (1.0,) if high > 100 * low else (1.0, 2.0, 5.0)
    axis.set_major_locator(ticker.LogLocator(subs=subs))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.set_minor_formatter(ticker.NullFormatter())


def main(argv):
    """Measures, draws and prints."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
    print(table(run(flags.FLAGS.output, flags.FLAGS.only)))


if __name__ == "__main__":
    flags.DEFINE_string("output", "results/benchmarks", "Folder of the results.")
    flags.DEFINE_string("only", "", "Only curves whose name contains this.")
    app.run(main)
