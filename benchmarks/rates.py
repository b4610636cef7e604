"""How near training steps come to what the machine can do, from the times in ``speed.json``.

A step's products of matrices and convolutions (``flops.count``), over its time, as a fraction of
the rate of one large product of float32 matrices, which is measured here: the best of several
sizes. What drawing a batch costs is what a step takes longer than on one batch over and over.
"""

import importlib
import json
from pathlib import Path

import tensorflow as tf

from benchmarks import flops
from benchmarks.measure import in_process

__all__ = ["matrix_product", "rate_of_a_product", "rates", "table"]

# Smaller ones do not keep all cores busy, larger ones not their caches.
_SIZES = (512, 1024, 2048)


def matrix_product(size):
    """A product of two float32 matrices ``[size, size]``."""
    left, right = (tf.random.stateless_normal([size, size], [0, k]) for k in (0, 1))

    @tf.function
    def step():
        return [tf.matmul(left, right)[0, 0]]

    return step


def rate_of_a_product():
    """FLOP a second of one large product of float32 matrices."""
    return max(
        2 * size**3 / in_process(f"{__name__}:matrix_product", {"size": size})["wall"]
        for size in _SIZES
    )


def rates(comparisons, path):
    """What ``table`` shows, of every comparison of training steps that ``path`` has results of.

    Args:
        comparisons: ``speed.Comparison``, of which those with ``steps`` are training steps.
        path: of ``speed.json``.
    """
    known = json.loads(Path(path).read_text(encoding="utf-8"))
    of_a_product = rate_of_a_product()
    found = {}
    for one in comparisons:
        if not one.steps or one.work not in known:
            continue
        module = importlib.import_module(f"benchmarks.{one.ways['package'].split(':')[0]}")
        seconds = {
            entry["formulation"]: entry["seconds"] / one.steps
            for entry in known[one.work]["results"]
        }
        flop = flops.count(module.traced_update(**one.sizes))
        found[one.work] = {"flop": flop, "seconds": seconds, "of_a_product": of_a_product}
    return found


def table(found):
    """Steps as Markdown."""
    lines = [
        "| training steps | GFLOP a step | ms a step | GFLOP/s | of a product's rate | drawing |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for work, one in found.items():
        seconds = one["seconds"]["package"]
        rate = one["flop"] / seconds
        drawing = 1.0 - one["seconds"]["package, one batch"] / seconds
        lines.append(
            f"| {work} | {one['flop'] / 1e9:,.2f} | {1e3 * seconds:,.1f} | {rate / 1e9:,.0f} | "
            f"{rate / one['of_a_product']:.0%} | {drawing:.1%} |"
        )
    return "\n".join(lines)
