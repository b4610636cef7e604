"""Floating-point operations of the products of matrices and the convolutions in a graph."""

import math

__all__ = ["count"]


def count(concrete_function):
    """FLOP of one call: two a multiplication and addition, in products and convolutions only.

    All else (activations, normalisations, updates of weights) moves bytes and hardly computes.

    Args:
        concrete_function: of shapes that are all known, without functions, loops or branches.

    Returns:
        An int; what TensorFlow prunes because nothing reads it does not count.

    Raises:
        ValueError: if a product's shape is unknown, or there are functions, loops or branches.
    """
    total = 0
    for operation in _executed(concrete_function.graph):
        if any(attribute.HasField("func") for attribute in operation.node_def.attr.values()):
            raise ValueError(
                "Products can be counted outside functions, loops and branches only. "
                f"Received: {operation.type} {operation.name}."
            )
        if operation.type in _FLOP:
            total += _FLOP[operation.type](operation)
    return total


def _executed(graph):
    """Operations that outputs or side effects need."""
    waiting = [output.op for output in graph.outputs] + list(graph.control_outputs)
    found = set()
    while waiting:
        operation = waiting.pop()
        if operation not in found:
            found.add(operation)
            waiting += [tensor.op for tensor in operation.inputs] + operation.control_inputs
    return found


def _size(shape):
    if not shape.is_fully_defined():
        raise ValueError(f"Shapes must be known. Received: a product of shape {shape}.")
    return math.prod(shape)


def _product(operation, transposed):
    first, output = operation.inputs[0].shape, operation.outputs[0].shape
    _size(first)
    return 2 * first[-2 if operation.get_attr(transposed) else -1] * _size(output)


def _convolution(kernel, output):
    """Of every entry of the output, one product with the kernel ``[h, w, in, out]``."""
    return 2 * _size(output) * _size(kernel[:3])


_FLOP = {
    "MatMul": lambda one: _product(one, "transpose_a"),
    "BatchMatMulV2": lambda one: _product(one, "adj_x"),
    "Conv2D": lambda one: _convolution(one.inputs[1].shape, one.outputs[0].shape),
    # Both derivatives multiply the same numbers with each other as the convolution itself.
    "Conv2DBackpropInput": lambda one: _convolution(one.inputs[1].shape, one.inputs[2].shape),
    "Conv2DBackpropFilter": lambda one: _convolution(one.outputs[0].shape, one.inputs[2].shape),
}
