"""What the products of a training step take, one after the other, beside the whole step.

    python -m benchmarks.product_times [--only=dim_local] [--output=results/benchmarks]

A step that XLA compiles consists of products of matrices and convolutions, of Adam's pass over the
weights, and of passes over activations. The products of each shape are timed without the rest of
the step, by XLA and by TensorFlow's own kernels, and so is Adam; the faster way counts. A step can
take less than their sum, since it computes products that do not depend on each other at the same
time: the sum tells how much of a step is left to anything but faster products. The whole step takes
its turns in the same process. ``product_times.json`` and ``product_times.md`` keep all of it.
"""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import app, flags

from benchmarks import deep_infomax_steps, flops, training_steps, trials
from benchmarks.measure import keep, known_in, printed_by, take_turns
from tf_infomax.running.host_memory import keep_buffers

__all__ = ["run", "shares"]

_STEPS = {
    "dim_local, infoNCE, 512 units": lambda: deep_infomax_steps.one_trial("infonce", 512, 64),
    "dim_local, infoNCE, 2,048 units": lambda: deep_infomax_steps.one_trial("infonce", 2048, 64),
    "dim_local, JSD, 512 units": lambda: deep_infomax_steps.one_trial("jsd", 512, 64),
    "encoder_impact, ConvNet": lambda: training_steps.one_trial(
        "encoder_impact", ["encoder=convnet", "target=none"]
    ),
}
_WAYS = {"xla": True, "without_xla": False}
# Arguments of ``tf.raw_ops``, in the order of an operation's inputs.
_INPUTS = {
    "MatMul": ("a", "b"),
    "BatchMatMulV2": ("x", "y"),
    "Conv2D": ("input", "filter"),
    "Conv2DBackpropInput": ("input_sizes", "filter", "out_backprop"),
    "Conv2DBackpropFilter": ("input", "filter_sizes", "out_backprop"),
}
# A call from Python costs as much as a small product: products are computed by so many in a call.
_FLOP_OF_A_CALL = 500_000_000
_MOST_IN_A_CALL = 16
_STEPS_OF_A_CALL = 3
# Five turns of all products take longer.
_SECONDS = 30.0


def run(output, only=""):
    """Measures the steps that ``only`` is part of; returns the table of all, as Markdown."""
    path = Path(output) / "product_times.json"
    known = known_in(path)
    for name in _STEPS:
        if only in name:
            known[name] = printed_by("benchmarks.product_times", name)
            keep(path, known, _table(known))
    # The table is written anew if nothing was measured, too.
    table = _table(known)
    keep(path, known, table)
    return table


def shares(found):
    """(GFLOP of a step's products, their milliseconds, those of Adam): each in its faster way.

    Args:
        found: as it is kept in ``product_times.json``.
    """
    products = found["products"]
    flop = sum(one["number"] * one["flop"] for one in products)
    milliseconds = sum(one["number"] * min(one["ms"].values()) for one in products)
    return flop / 1e9, milliseconds, min(found["adam_ms"].values())


def _measured(name):
    """Milliseconds of the products, of Adam, and of the whole step."""
    keep_buffers()
    trial = _STEPS[name]()
    products = flops.products(trials.traced_update(trial, jit_compile=True))
    train = trials.loop_of(trial, False, _STEPS_OF_A_CALL)
    calls = {
        "step": trials.training_step(train, _STEPS_OF_A_CALL, []),
        **_in_both_ways("adam", *_adam(trial.model)),
    }
    for product in products:
        calls.update(_in_both_ways(product, *_alone(product)))
    seconds = np.median(take_turns(list(calls.values()), _SECONDS), axis=0)[:, 0]
    ms = dict(zip(calls, (1e3 * seconds).tolist(), strict=True))
    return {
        "step_ms": ms["step"] / _STEPS_OF_A_CALL,
        "adam_ms": {way: ms["adam", way] for way in _WAYS},
        "products": [
            {
                "kind": product.kind,
                "inputs": product.inputs,
                "attributes": dict(product.attributes),
                "number": number,
                "flop": product.flop,
                "ms": {way: ms[product, way] / _in_a_call(product) for way in _WAYS},
            }
            for product, number in products.items()
        ],
    }


def _in_both_ways(name, compute, inputs):
    """(name, way) -> a step for ``take_turns``."""
    functions = {way: tf.function(compute, jit_compile=_WAYS[way]) for way in _WAYS}
    return {
        (name, way): lambda function=function: function(inputs)
        for way, function in functions.items()
    }


def _in_a_call(product):
    return min(max(_FLOP_OF_A_CALL // product.flop, 1), _MOST_IN_A_CALL)


def _alone(product):
    """A function that computes the product several times, of different numbers, and those."""
    generator = tf.random.Generator.from_seed(0)
    names = _INPUTS[product.kind]
    operation = getattr(tf.raw_ops, product.kind)
    attributes = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in product.attributes
    }
    # An input that gives a shape is no number to multiply.
    sizes = {name: list(product.output) for name in names if name.endswith("_sizes")}
    drawn = [
        {
            name: generator.normal(shape)
            for name, shape in zip(names, product.inputs, strict=True)
            if name not in sizes
        }
        for _ in range(_in_a_call(product))
    ]
    return lambda drawn: [operation(**one, **sizes, **attributes) for one in drawn], drawn


def _adam(model):
    """A function that makes one update of all weights of the representation."""
    variables = model.representation_variables
    generator = tf.random.Generator.from_seed(0)
    gradients = [1e-6 * generator.normal(variable.shape) for variable in variables]

    def update(gradients):
        model.optimizer.apply(gradients, variables)
        return [model.optimizer.iterations.value]

    return update, gradients


def _table(known):
    lines = [
        "| step | GFLOP | products, ms | GFLOP/s | Adam, ms | together | whole step, ms | together "
        "of the step |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, found in known.items():
        gigaflop, products, adam = shares(found)
        lines.append(
            f"| {name} | {gigaflop:.1f} | {products:.1f} | {1e3 * gigaflop / products:.0f} "
            f"| {adam:.1f} | {products + adam:.1f} | {found['step_ms']:.1f} "
            f"| {(products + adam) / found['step_ms']:.0%} |"
        )
    return "\n".join(lines)


def _main(argv):
    if argv[1:]:
        print(json.dumps(_measured(argv[1])))
    else:
        print(run(_OUTPUT.value, _ONLY.value))


if __name__ == "__main__":
    _OUTPUT = flags.DEFINE_string("output", "results/benchmarks", "Directory of the tables.")
    _ONLY = flags.DEFINE_string("only", "", "Part of a step's name; empty measures all.")
    app.run(_main)
