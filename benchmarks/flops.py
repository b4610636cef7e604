"""The products of matrices and the convolutions in a graph, and their floating-point operations."""

import collections
import dataclasses
import math

import tensorflow as tf

__all__ = ["Product", "count", "products"]

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_LOOPS = ("While", "StatelessWhile")
# What decides which numbers are multiplied, of each kind of operation.
_ATTRIBUTES = {
    "MatMul": ("transpose_a", "transpose_b"),
    "BatchMatMulV2": ("adj_x", "adj_y"),
    "Conv2D": ("strides", "padding"),
    "Conv2DBackpropInput": ("strides", "padding"),
    "Conv2DBackpropFilter": ("strides", "padding"),
}


@dataclasses.dataclass(frozen=True)
class Product:
    """A product of matrices or a convolution.

    Attributes:
        kind: TensorFlow's name of the operation.
        inputs: shape of each input.
        output: shape of the output.
        attributes: (name, value) of those that decide what is multiplied.
    """

    kind: str
    inputs: tuple
    output: tuple
    attributes: tuple

    @property
    def flop(self):
        """Floating-point operations: two a multiplication and addition."""
        first, second, *rest = self.inputs
        if self.kind == "Conv2D":
            # For every entry of the output, one product with the kernel ``[h, w, in, out]``.
            return 2 * math.prod(self.output) * math.prod(second[:3])
        # Both derivatives need as many products as the convolution itself.
        if self.kind == "Conv2DBackpropInput":
            return 2 * math.prod(rest[0]) * math.prod(second[:3])
        if self.kind == "Conv2DBackpropFilter":
            return 2 * math.prod(rest[0]) * math.prod(self.output[:3])
        _, is_transposed = self.attributes[0]
        return 2 * first[-2 if is_transposed else -1] * math.prod(self.output)


def count(concrete_function):
    """FLOP of one call, in products and convolutions only: see ``products``.

    Other operations (activations, normalisations, updates of weights) are limited by memory.
    """
    return sum(number * one.flop for one, number in products(concrete_function).items())


def products(concrete_function):
    """``Product`` -> how many of them one call makes, a ``Counter``.

    Args:
        concrete_function: of shapes that are all known, without branches, its loops of a known
            ``maximum_iterations``, all of which they make.

    Returns:
        What TensorFlow prunes is not in it.

    Raises:
        ValueError: if a product's shape or a loop's length is unknown, or there are branches.
    """
    return _of_graph(concrete_function.graph)


def _of_graph(graph):
    found = collections.Counter()
    for operation in _executed(graph):
        found.update(_of_operation(graph, operation))
    return found


def _of_operation(graph, operation):
    if operation.type in _ATTRIBUTES:
        return {_product(operation): 1}
    if operation.type in _CALLS:
        return _of_function(graph, operation, "f")
    if operation.type in _LOOPS:
        # TensorFlow's order: the counter, the most passes or -1, the state.
        passes = tf.get_static_value(operation.inputs[1])
        if passes is not None and passes >= 0:
            of_a_pass = _of_function(graph, operation, "body")
            return {one: int(passes) * number for one, number in of_a_pass.items()}
    if any(attribute.HasField("func") for attribute in operation.node_def.attr.values()):
        raise ValueError(
            "Products can be counted outside branches and loops of unknown length only. "
            f"Received: {operation.type} {operation.name}."
        )
    return {}


def _of_function(graph, operation, attribute):
    name = operation.get_attr(attribute).name
    while not (function := graph._get_function(name)):
        graph = graph.outer_graph
    return _of_graph(function.graph)


def _product(operation):
    shapes = [tensor.shape for tensor in (*operation.inputs, *operation.outputs)]
    unknown = [shape for shape in shapes if not shape.is_fully_defined()]
    if unknown:
        raise ValueError(f"Shapes must be known. Received: a product of shape {unknown[0]}.")
    attributes = []
    for name in _ATTRIBUTES[operation.type]:
        value = operation.get_attr(name)
        if isinstance(value, bytes):
            value = value.decode()
        attributes.append((name, tuple(value) if isinstance(value, list) else value))
    *inputs, output = (tuple(shape) for shape in shapes)
    return Product(operation.type, tuple(inputs), output, tuple(attributes))


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
