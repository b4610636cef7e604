"""Which operations a device could not run, as this build of TensorFlow knows.

TensorFlow moves such an operation to the CPU without a word, and its operands with it, or fails.
The package for Linux knows the kernels of GPUs on machines without one.
"""

import contextlib
import functools

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.eager.polymorphic_function import atomic_function
from tensorflow.python.framework import kernels, op_callbacks, op_def_registry

__all__ = ["ON_HOST", "missing_kernels", "watched_kernels", "watched_operations"]

# Operation, or one with its types -> why it may do without a kernel for GPUs.
ON_HOST = {
    "StatelessShuffle": "the order of the examples in an epoch: one list of integers",
    "Placeholder": "an argument of a function",
    ("Const", "dtype=string"): "the text of an assertion",
    ("SparseSoftmaxCrossEntropyWithLogits", "T=float64", "Tlabels=int64"): (
        "the classifier of flows, which train in float64: a few numbers an example"
    ),
}
# How XLA names what it compiles for a device; and kernels that every device has.
_COMPILED, _EVERY = "XLA_{}_JIT", "DEFAULT"


def missing_kernels(graph, device="GPU", is_compiled=False):
    """The operations of a graph for which a kind of device has no kernel of their types.

    Args:
        graph: ``FuncGraph``; functions that it calls are not visited.
        device: "GPU" or "CPU".
        is_compiled: whether XLA compiles the graph.

    Returns:
        (operation, "attribute=type" of its types) -> name of the first such operation. Those that
        are placed on the CPU by the code and those of ``ON_HOST`` are left out.
    """
    names = {_COMPILED.format(device)} if is_compiled else {device, _EVERY}
    if is_compiled:
        _register_compiled()
    found = {}
    for operation in graph.get_operations():
        is_placed = _is_cpu(operation.device) and device != "CPU"
        if is_placed and not is_compiled:
            continue
        key = _without_kernel(operation.type, _types(operation), names)
        if key is not None:
            found.setdefault(key, operation.name)
    return found


@contextlib.contextmanager
def watched_kernels(device="GPU"):
    """Within it every function that is traced is looked through, and those that it calls.

    Yields:
        Dict that fills with what ``missing_kernels`` returns, and "functions", their number.
    """
    found = {"functions": 0}
    original = atomic_function.from_func_graph

    def looked_through(name, graph, attrs, *rest, **more):
        found["functions"] += 1
        is_compiled = bool((attrs or {}).get("_XlaMustCompile"))
        for key, example in missing_kernels(graph, device, is_compiled).items():
            found.setdefault(key, f"{example} of {graph.name}")
        return original(name, graph, attrs, *rest, **more)

    atomic_function.from_func_graph = looked_through
    try:
        yield found
    finally:
        atomic_function.from_func_graph = original


@contextlib.contextmanager
def watched_operations(device="GPU"):
    """Within it every operation that this thread carries out outside of functions is looked at.

    Yields:
        Dict that fills with keys of ``missing_kernels``, and "operations", their number.
    """
    found, names = {"operations": 0}, {device, _EVERY}

    def look(name, inputs, attributes, outputs, op_name=None, graph=None):
        del inputs, outputs, op_name
        name = name.decode() if isinstance(name, bytes) else name
        definition = op_def_registry.get(name)
        # Functions have no definition.
        if graph is not None or definition is None:
            return
        found["operations"] += 1
        if _is_cpu(context.context().device_name) and device != "CPU":
            return
        values = dict(zip(attributes[::2], attributes[1::2], strict=True))
        types = {}
        for one in definition.attr:
            value = values.get(one.name)
            if value is not None and one.type in ("type", "list(type)"):
                several = value if isinstance(value, list | tuple) else [value]
                types[one.name] = [tf.dtypes.as_dtype(each).as_datatype_enum for each in several]
        key = _without_kernel(name, types, names)
        if key is not None:
            found.setdefault(key, "outside of functions")

    op_callbacks.add_op_callback(look)
    try:
        yield found
    finally:
        op_callbacks.remove_op_callback(look)


def _is_cpu(device):
    return "CPU" in (device or "")


def _without_kernel(name, types, devices):
    """The key of ``missing_kernels`` of an operation, or ``None`` if it has a kernel."""
    known = tuple((attribute, tuple(values)) for attribute, values in sorted(types.items()))
    if name in ON_HOST or _has_kernel(name, known, frozenset(devices)):
        return None
    told = tuple(
        f"{attribute}={','.join(tf.dtypes.as_dtype(one).name for one in values)}"
        for attribute, values in known
    )
    return None if (name, *told) in ON_HOST else (name, *told)


def _types(operation):
    """Attribute -> its types, as numbers, for all attributes that are types or lists of types."""
    definition = op_def_registry.get(operation.type)
    values = operation.node_def.attr
    found = {}
    for attribute in definition.attr if definition is not None else ():
        value = values.get(attribute.name, attribute.default_value)
        if attribute.type == "type":
            found[attribute.name] = [value.type]
        elif attribute.type == "list(type)":
            found[attribute.name] = list(value.list.type)
    return found


# Asking takes a millisecond, and a walk asks a hundred thousand times.
@functools.cache
def _has_kernel(name, types, devices):
    return any(
        kernel.device_type in devices and not kernel.label and all(
            {*dict(types).get(one.name, ())} <= {*one.allowed_values.list.type}
            for one in kernel.constraint
        )
        for kernel in kernels.get_registered_kernels_for_op(name).kernel
    )


def _register_compiled():
    """TensorFlow registers the kernels of XLA when it compiles the first program."""
    known = kernels.get_registered_kernels_for_op("MatMul").kernel
    if not any(one.device_type.endswith("_JIT") for one in known):
        tf.function(tf.identity, jit_compile=True)(tf.constant(0.0))
