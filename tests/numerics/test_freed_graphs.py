"""A function with a custom gradient: right wherever it is traced, and its graph ends with it."""

import ctypes
import gc

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import func_graph, ops

from tf_infomax import bounds
from tf_infomax.numerics.freed_graphs import forget_kernels, free_graphs
from tf_infomax.numerics.row_blocks import map_rows
from tf_infomax.training.step import gradient_step

free_graphs()


@tf.custom_gradient
def cube(x):
    """x^3 with the gradient 7 x, told from 3 x^2 at a glance; remembers a tensor of its graph."""
    remembered = 7.0 * x
    return x**3, lambda upstream: upstream * remembered


@tf.custom_gradient
def both(x, y):
    return (x + y, x * y), lambda of_sum, of_product: (of_sum, 2.0 * of_product)


def alone(x):
    return cube(x)


def in_a_loop(x):
    return tf.while_loop(lambda k, _: k < 1, lambda k, v: (k + 1, cube(v)), [tf.constant(0), x])[1]


def in_a_branch(x):
    return tf.cond(tf.reduce_sum(x) > -1e9, lambda: cube(x), lambda: x)


def in_a_branch_of_a_loop(x):
    return tf.while_loop(
        lambda k, _: k < 1, lambda k, v: (k + 1, in_a_branch(v)), [tf.constant(0), x]
    )[1]


def in_a_function(x):
    return tf.function(cube)(x)


def in_a_function_of_a_loop(x):
    return tf.function(in_a_loop)(x)


PLACES = [
    alone, in_a_loop, in_a_branch, in_a_branch_of_a_loop, in_a_function, in_a_function_of_a_loop,
]  # fmt: skip


def derivative(function, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = function(x)
    return tape.gradient(found, x)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("is_traced", [False, True])
def test_gradient_is_the_given_one(place, is_traced):
    x = tf.constant([2.0, -1.0])
    inner = tf.function(derivative) if is_traced else derivative
    np.testing.assert_array_equal(inner(place, x), [14.0, -7.0])


def test_the_tape_may_be_outside_of_the_function():
    for place in PLACES:
        x = tf.constant([2.0, -1.0])
        np.testing.assert_array_equal(derivative(tf.function(place), x), [14.0, -7.0])


def test_several_results_and_inputs():
    @tf.function
    def gradients(x, y):
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            found = both(x, y)
        return tape.gradient(found, [x, y], output_gradients=[tf.constant(3.0), tf.constant(5.0)])

    # d/dx is the upstream of the sum, d/dy twice that of the product.
    assert [float(one) for one in gradients(tf.constant(1.0), tf.constant(1.0))] == [3.0, 10.0]


def test_a_function_traced_first_in_another_one_outlives_it():
    shared = tf.function(in_a_loop)
    x = tf.constant([2.0])
    first = tf.function(lambda x: derivative(shared, x))
    np.testing.assert_array_equal(first(x), [14.0])
    del first
    gc.collect()
    np.testing.assert_array_equal(tf.function(lambda x: derivative(shared, x))(x), [14.0])
    np.testing.assert_array_equal(derivative(shared, x), [14.0])


def of_rows(x):
    spec = tf.TensorSpec([2], tf.float32)
    return map_rows(lambda rows, shared: rows[0] * shared[0], [x], [x[0]], 1, spec)


def traced_once():
    """Whatever has a gradient of its own in this package, and the update of an optimizer."""
    for function in [*PLACES, bounds.get("infonce"), bounds.get("js_nwj"), of_rows]:
        compiled = tf.function(lambda x: derivative(function, x))  # noqa: B023
        compiled(tf.constant([[1.0, 2.0], [3.0, 4.0]]))
    weight, optimizer = tf.Variable(1.0), keras.optimizers.SGD()
    optimizer.build([weight])

    def loss():
        return weight**2, {}

    tf.function(lambda: gradient_step(loss, [weight], optimizer))()


def test_nothing_is_left_of_functions_that_are_gone():
    def left():
        gc.collect()
        graphs = sum(isinstance(one, func_graph.FuncGraph) for one in gc.get_objects())
        return graphs, len(ops.gradient_registry._registry)

    traced_once()
    before = left()
    traced_once()
    assert left() == before


class _Allocated(ctypes.Structure):
    """What ``mallinfo2`` of the GNU C library returns."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks",
                     "uordblks", "fordblks", "keepcost")
    ]  # fmt: skip


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs the GNU C library")
def test_building_models_does_not_grow_a_process_that_forgets_kernels():
    allocated = ctypes.CDLL(None).mallinfo2
    allocated.restype = _Allocated

    def growth(forget):
        """In bytes, of making 40 variables with names of their own."""
        before = allocated().uordblks
        for _ in range(20):
            keras.layers.Dense(8).build((None, 8))
        gc.collect()
        forget()
        return allocated().uordblks - before

    growth(forget_kernels)
    kept = growth(lambda: None)
    forget_kernels()
    assert kept > 40 * 10_000
    assert growth(forget_kernels) < kept / 10
