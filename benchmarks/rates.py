"""Training steps as a fraction of the machine's peak rate, from the times in ``speed.json``.

A step's products of matrices and convolutions (``flops.count``), over its time, as a fraction of
the rate of one large product of float32 matrices, which is measured here: the best of several
sizes. The cost of drawing a batch is the difference to a step on the same batch again and again,
from their ratios to the same baseline, since they were timed in turns.
"""

import functools
import importlib

import tensorflow as tf

from benchmarks import flops
from benchmarks.measure import in_process

__all__ = ["flop_of", "matrix_product", "rate_of_a_product", "table"]

# Smaller products do not keep all cores busy, larger products do not fit the caches.
_SIZES = (512, 1024, 2048)


def matrix_product(size):
    """A product of two float32 matrices ``[size, size]``."""
    left, right = (tf.random.stateless_normal([size, size], [0, k]) for k in (0, 1))

    @tf.function
    def step():
        return [tf.matmul(left, right)[0, 0]]

    return step


@functools.cache
def rate_of_a_product():
    """FLOP a second of one large product of float32 matrices, measured once in a run."""
    return max(
        2 * size**3 / in_process(f"{__name__}:matrix_product", {"size": size}, seconds=3.0)["wall"]
        for size in _SIZES
    )


def flop_of(comparison):
    """FLOP of one step of a ``speed.Comparison`` of training steps."""
    module = importlib.import_module(f"benchmarks.{comparison.ways['package'].split(':')[0]}")
    return flops.count(module.traced_update(**comparison.sizes))


def table(found):
    """Steps as Markdown.

    Args:
        found: work -> dict of "flop" (``flop_of``), "of_a_product" (``rate_of_a_product``),
            "seconds": formulation -> seconds a step, and "ratios": formulation -> time of the
            baseline over that one's.
    """
    lines = [
        "| training steps | GFLOP a step | ms a step | GFLOP/s | of a product's rate | drawing |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for work, one in found.items():
        seconds = one["seconds"]["package"]
        rate = one["flop"] / seconds
        drawing = 1.0 - one["ratios"]["package"] / one["ratios"]["package, one batch"]
        lines.append(
            f"| {work} | {one['flop'] / 1e9:,.2f} | {1e3 * seconds:,.1f} | {rate / 1e9:,.0f} | "
            f"{rate / one['of_a_product']:.0%} | {drawing:.1%} |"
        )
    return "\n".join(lines)
