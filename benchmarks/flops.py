"""Floating-point operations of the products of matrices and the convolutions in a graph."""

import math

import tensorflow as tf

__all__ = ["count"]

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_LOOPS = ("While", "StatelessWhile")


def count(concrete_function):
    """FLOP of one call: two a multiplication and addition, in products and convolutions only.

    Other operations (activations, normalisations, updates of weights) are limited by memory.

    Args:
        concrete_function: of shapes that are all known, without branches, its loops of a known
            ``maximum_iterations``, all of which they make.

    Returns:
        An int; operations that TensorFlow prunes do not count.

    Raises:
        ValueError: if a product's shape or a loop's length is unknown, or there are branches.
    """
    return _of_graph(concrete_function.graph)


def _of_graph(graph):
    return sum(_of_operation(graph, operation) for operation in _executed(graph))


def _of_operation(graph, operation):
    if operation.type in _FLOP:
        return _FLOP[operation.type](operation)
    if operation.type in _CALLS:
        return _of_function(graph, operation, "f")
    if operation.type in _LOOPS:
        # TensorFlow's order: the counter, the most passes or -1, the state.
        passes = tf.get_static_value(operation.inputs[1])
        if passes is not None and passes >= 0:
            return int(passes) * _of_function(graph, operation, "body")
    if any(attribute.HasField("func") for attribute in operation.node_def.attr.values()):
        raise ValueError(
            "Products can be counted outside branches and loops of unknown length only. "
            f"Received: {operation.type} {operation.name}."
        )
    return 0


def _of_function(graph, operation, attribute):
    name = operation.get_attr(attribute).name
    while not (function := graph._get_function(name)):
        graph = graph.outer_graph
    return _of_graph(function.graph)


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
    """For every entry of the output, one product with the kernel ``[h, w, in, out]``."""
    return 2 * _size(output) * _size(kernel[:3])


_FLOP = {
    "MatMul": lambda one: _product(one, "transpose_a"),
    "BatchMatMulV2": lambda one: _product(one, "adj_x"),
    "Conv2D": lambda one: _convolution(one.inputs[1].shape, one.outputs[0].shape),
    # Both derivatives need as many products as the convolution itself.
    "Conv2DBackpropInput": lambda one: _convolution(one.inputs[1].shape, one.inputs[2].shape),
    "Conv2DBackpropFilter": lambda one: _convolution(one.outputs[0].shape, one.inputs[2].shape),
}
