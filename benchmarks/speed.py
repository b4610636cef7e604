"""Savings of the package's formulations against the textbook's: ``make bench``.

    python -m benchmarks.speed [--only=jacobian] [--output=results/benchmarks]
    python -m benchmarks.speed --check      # make bench-check: no ratio has fallen

Every comparison is made in one run of this command, its baseline first; the table is printed, and
kept with the machine as ``speed.json`` and ``speed.md``. Comparisons left out by ``--only`` keep
the rows they have.
"""

import dataclasses
import importlib.util
import json
import sys
from pathlib import Path

from absl import app, flags

from benchmarks import rates
from benchmarks.measure import Result, compare, keep, known_in, machine, table
from tf_infomax.data import datasets
from tf_infomax.data.image_data import DatasetNotFoundError

__all__ = ["COMPARISONS", "Comparison", "run"]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A computation and its formulations.

    Attributes:
        work: for the table.
        ways: label -> "module:function" of a builder; the baseline first.
        sizes: keyword arguments of the builders.
        tolerance: of their results, see ``measure.compare``.
        steps: training steps in a call; 0 for other computations.
        unbound: labels of ways of others, whose results need not agree with the baseline's.
        is_checked: whether ``--check`` holds its ratio against the committed one.
        data: the data set that it reads, if any.
    """

    work: str
    ways: dict
    sizes: dict
    tolerance: float = 1e-5
    steps: int = 0
    unbound: tuple = ()
    is_checked: bool = False
    data: str = ""


def _concat(xla):
    return Comparison(
        f"concat critic, K = 128, D = 100 + 100, 200 units{', XLA' * xla}",
        {
            "tiled pairs": "concat_critic:tiled_pairs",
            "split first layer": "concat_critic:split_layer",
        },
        {"size": 128, "width": 100, "hidden": 200, "xla": xla},
        is_checked=not xla,
    )


def _bound(bound, size, critic="bilinear", ways=("whole matrix", "blocks")):
    return Comparison(
        f"{bound}, {critic} critic, K = {size:,}, D = 128",
        {way: f"bounds_of_large_batches:{way.replace(' ', '_')}" for way in ways},
        {"critic": critic, "bound": bound, "size": size},
    )


def _jacobian(read):
    return Comparison(
        f"{read} of 128 Jacobians, 392 x 392, five layers with shortcuts",
        {"row by row, TensorFlow's SVD": "jacobians:row_by_row", "at once": "jacobians:at_once"},
        {"inputs": 128, "width": 392, "layers": 5, "read": read},
        # For spectra in float32: the last digits of a small singular value are noise.
        1e-5 if read == "jacobian" else 1e-4,
        is_checked=read == "spectrum",
    )


def _ways(module):
    return {
        "the released way": f"{module}:released",
        "package": f"{module}:package",
        "package, without XLA": f"{module}:without_xla",
        "package, one batch": f"{module}:on_one_batch",
    }


def _steps(experiment, *settings, tolerance=1e-5):
    return Comparison(
        f"20 steps of {experiment}{' ' * bool(settings)}{' '.join(settings)}, infonce, K = 128",
        _ways("training_steps"),
        {"experiment": experiment, "settings": [*settings, "bound=infonce"]},
        tolerance,
        20,
    )


def _convolution(side, channels, filters):
    return Comparison(
        f"convolution 4 x 4, stride 2, of 64 maps {side} x {side} x {channels} to {filters}, XLA",
        {
            "XLA's convolution": "strided_convolution:one_convolution",
            "fewer products": "strided_convolution:few_products",
        },
        {"images": 64, "side": side, "channels": channels, "filters": filters},
    )


def _deep_infomax_steps(bound, units):
    return Comparison(
        f"3 steps of dim_local, basic32x32, {bound}, N = 64, {units:,} units",
        _ways("deep_infomax_steps"),
        {"bound": bound, "units": units},
        steps=3,
    )


def _against_torch(what, twin, module, sizes, tolerance=1e-5, steps=0, own="package"):
    """A step in PyTorch, which must be loaded first, and in this package."""
    ways = {f"PyTorch, {way}": f"torch_steps:{twin}_{way}" for way in ("eager", "compiled")}
    ways["package"] = f"{module}:{own}"
    if steps:
        ways["package, without XLA"] = f"{module}:without_xla"
    # Gradients of PyTorch's two ways may differ by more than ours from either.
    return Comparison(
        f"against PyTorch: {what}", ways, sizes, tolerance, steps, ("PyTorch, compiled",)
    )


def _steps_against_torch(experiment, *settings, tolerance=1e-5):
    sizes = {"experiment": experiment, "settings": [*settings, "bound=infonce"]}
    what = f"20 steps of {experiment} {' '.join(settings)}, infonce, K = 128"
    return _against_torch(what, "mi_max", "training_steps", sizes, tolerance, 20)


def _seeds(experiment, *settings):
    return Comparison(
        f"50 steps of 4 seeds of {experiment} {' '.join(settings)}",
        {way.replace("_", " "): f"many_seeds:{way}"
         for way in ("one_after_the_other", "processes", "stacked")},
        {"experiment": experiment, "settings": list(settings), "seeds": 4, "steps": 50},
        # Rounding grows from step to step.
        1e-4,
    )


COMPARISONS = (
    _concat(xla=False),
    _concat(xla=True),
    Comparison(
        "local InfoNCE, N = 64, L = 64, 512 units",
        {
            "a row of logits a positive": "local_infonce:row_of_logits",
            "one sum an anchor": "local_infonce:one_sum",
        },
        {"images": 64, "places": 64, "units": 512},
        is_checked=True,
    ),
    Comparison(
        "concat-and-convolve critic, JSD, N = 32, 4 x 4 places, 512 + 512 units, 1 negative image",
        {
            "all pairs": "few_negatives:all_pairs",
            "the wanted pairs": "few_negatives:wanted_pairs",
        },
        {"images": 32, "side": 4, "units": 512, "negative_images": 1},
        is_checked=True,
    ),
    *(_bound(bound, 8192) for bound in ("infonce", "nwj", "donsker_varadhan", "jsd")),
    _bound("infonce", 1024, "concat"),
    # What the matrix does not allow: it would take 4.3 and 13.5 GB, several times.
    _bound("infonce", 32_768, ways=("blocks",)),
    _bound("infonce", 4096, "concat", ways=("blocks",)),
    Comparison(
        "gradients of ConvNet encoders, 1,024 pairs of 28 x 28",
        {"one batch": "gradient_cache:one_batch", "chunks of 128": "gradient_cache:in_chunks"},
        {"size": 1024, "side": 28, "chunk": 128},
        # Sums over the batch in another order.
        1e-4,
    ),
    _convolution(16, 64, 128),
    _convolution(8, 128, 256),
    _convolution(32, 64, 128),
    *(_jacobian(read) for read in ("jacobian", "spectrum", "log_condition")),
    _steps("critic_impact", "critic=bilinear"),
    _steps("critic_impact", "critic=separable"),
    # A ReLU that rounding turns on or off moves a gradient by one of its 16,384 pairs.
    _steps("critic_impact", "critic=concat", tolerance=2e-3),
    _steps("non_invertible"),
    _steps("encoder_impact", "encoder=convnet", "target=none"),
    _steps("invertible"),
    *(
        _deep_infomax_steps(bound, units)
        for units in (512, 2048)
        for bound in ("infonce", "jsd")
    ),
    Comparison(
        "7 times: MNIST encoded by an MLP 300-300-100, and the linear probe",
        {
            "the released way": "probe:released",
            "package": "probe:package",
            "package, one a core": "probe:one_a_core",
        },
        {"units": [300, 300, 100], "evaluations": 7},
        # A tenth of a point of accuracy, of accuracies near 0.8.
        1e-3,
        data="mnist",
    ),
    _seeds("critic_impact", "critic=bilinear", "bound=infonce"),
    _seeds("staircase", "critic=separable", "bound=infonce", "transform=identity"),
)

# Those that need PyTorch: ``pip install .[torch]``.
AGAINST_TORCH = (
    _steps_against_torch("critic_impact", "critic=bilinear"),
    _steps_against_torch("critic_impact", "critic=concat", tolerance=2e-3),
    # PyTorch's layer norm adds its epsilon to the variance, this one to the standard deviation.
    _steps_against_torch(
        "encoder_impact", "encoder=convnet", "target=none", tolerance=5e-4
    ),
    *(
        _against_torch(
            f"3 steps of dim_local, basic32x32, infonce, N = 64, {units:,} units",
            "deep_infomax", "deep_infomax_steps", {"bound": "infonce", "units": units},
            tolerance=tolerance, steps=3,
        )
        # Of 2,048 units rounding turns the ReLU of one or two on or off, at one of 4,096 places.
        for units, tolerance in ((512, 5e-5), (2048, 2e-3))
    ),
    _against_torch(
        "spectra of 128 Jacobians, 392 x 392", "jacobians", "jacobians",
        {"inputs": 128, "width": 392, "layers": 5, "read": "spectrum"}, 1e-4, own="at_once",
    ),
)

_ALL = (*COMPARISONS, *AGAINST_TORCH)

# Of a committed ratio: machines differ by less, a formulation that was lost by more.
_LEAST = 0.6


def run(output, only="", seconds=30.0):
    """Measures the comparisons whose work contains ``only``; returns all results there are.

    Those that lack something here are named before the first one starts, with what they lack.

    Raises:
        ArithmeticError: after all comparisons, if formulations of some disagree; those keep the
            rows they have.
    """
    path = Path(output) / "speed.json"
    known, wrong = known_in(path), []
    for one in _can_run([one for one in _ALL if only in one.work]):
        try:
            results = _measured(one, seconds)
        except ArithmeticError as error:
            # The others may take an hour.
            print(f"  {error}", file=sys.stderr, flush=True)
            wrong.append(str(error))
            continue
        known[one.work] = {
            "machine": machine(),
            "results": [dataclasses.asdict(result) for result in results],
        }
        if one in COMPARISONS and one.steps:
            known[one.work] |= {
                "flop": rates.flop_of(one), "of_a_product": rates.rate_of_a_product(),
            }
        keep(path, known, _tables(known))
    if wrong:
        raise ArithmeticError("\n".join(wrong))
    return _results(known)


def _can_run(comparisons):
    """Those of ``comparisons`` that have here what they need; says which have not."""
    able = []
    for one in comparisons:
        missing = _missing(one)
        if missing:
            print(f"  left out: {one.work}: {missing}", file=sys.stderr, flush=True)
        else:
            able.append(one)
    return able


def _missing(one):
    """What a comparison lacks here, a sentence; empty if nothing."""
    if one in AGAINST_TORCH and importlib.util.find_spec("torch") is None:
        return "PyTorch is not installed: pip install .[torch]"
    try:
        if one.data:
            datasets.check(one.data)
    except DatasetNotFoundError as error:
        return str(error)
    return ""


def check(path, seconds=10.0):
    """Comparisons whose best ratio has fallen below ``_LEAST`` of the committed one.

    Args:
        path: of ``speed.json``.
        seconds: how long formulations of one comparison take turns.

    Returns:
        List of sentences; empty if all is well.
    """
    known = json.loads(Path(path).read_text(encoding="utf-8"))
    fallen = []
    for one in COMPARISONS:
        if one.is_checked:
            committed = max(Result(**result).ratio for result in known[one.work]["results"])
            ratio = max(result.ratio for result in _measured(one, seconds))
            text = f"{one.work}: {ratio:.2f} times its baseline's speed, committed {committed:.2f}"
            print(text)
            if ratio < _LEAST * committed:
                fallen.append(text)
    return fallen


def _measured(one, seconds):
    ways = {label: f"benchmarks.{where}" for label, where in one.ways.items()}
    return compare(
        one.work, ways, one.sizes, tolerance=one.tolerance, seconds=seconds, unbound=one.unbound
    )


def _results(known):
    """All kept results, in the order of the comparisons."""
    return [
        Result(**result)
        for one in _ALL
        for result in known.get(one.work, {"results": ()})["results"]
    ]


def _tables(known):
    steps = {}
    for one in COMPARISONS:
        if one.steps and "flop" in known.get(one.work, ()):
            results = _results({one.work: known[one.work]})
            steps[one.work] = {
                **known[one.work],
                "seconds": {result.formulation: result.seconds / one.steps for result in results},
                "ratios": {result.formulation: result.ratio for result in results},
            }
    return f"{table(_results(known))}\n\n{rates.table(steps)}"


def main(argv):
    """Measures and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
    options = flags.FLAGS
    if options.check:
        fallen = check(Path(options.output) / "speed.json")
        if fallen:
            raise SystemExit("Slower than committed:\n" + "\n".join(fallen))
        return
    print(table(run(options.output, options.only, options.seconds)))


if __name__ == "__main__":
    flags.DEFINE_string("output", "results/benchmarks", "Folder of speed.json and speed.md.")
    flags.DEFINE_string("only", "", "Only comparisons whose work contains this.")
    flags.DEFINE_bool("check", False, "Only whether a few ratios have fallen; writes nothing.")
    flags.DEFINE_float("seconds", 30.0, "How long formulations take turns.", lower_bound=0.0)
    app.run(main)
