"""Functions of rows in blocks: the same value and gradient, whatever the block."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.numerics.row_blocks import map_rows

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(11, 3))
NUMBERS = np.arange(11)
WEIGHTS = RNG.normal(size=(3, 4))
OFFSET = RNG.normal(size=(4,))


def function(rows, shared):
    x, numbers = rows
    weights, offset = shared
    scale = tf.cast(numbers, x.dtype)[:, tf.newaxis]
    return tf.exp(tf.sin(scale) * tf.tanh(x @ weights) + offset)


def in_blocks(block, rows=ROWS):
    return map_rows(
        function, [rows, NUMBERS], [WEIGHTS, OFFSET], block, tf.TensorSpec([4], tf.float64)
    )


def value_and_gradients(compute, inputs):
    x, weights, offset = (tf.constant(one) for one in inputs)
    with tf.GradientTape() as tape:
        tape.watch([x, weights, offset])
        found = compute(x, weights, offset)
        # Another weight for each entry of the result.
        total = tf.reduce_sum(found * tf.reshape(tf.range(44.0, dtype=tf.float64), [11, 4]))
    return [found, *tape.gradient(total, [x, weights, offset])]


# 11 rows: blocks that divide them, that do not, and that are larger.
@pytest.mark.parametrize("block", [
    1, 5, pytest.param(11, marks=pytest.mark.slow), pytest.param(40, marks=pytest.mark.slow),
])
@pytest.mark.parametrize("mode", ["eager", "graph", "loops by xla", "xla", "unknown size"])
def test_blocks_change_nothing(block, mode):
    def blocked(x, weights, offset):
        spec = tf.TensorSpec([4], tf.float64)
        return map_rows(
            function, [x, NUMBERS], [weights, offset], block, spec, "xla" in mode or "un" in mode
        )

    if mode == "unknown size":
        specs = [tf.TensorSpec([None, 3], tf.float64), *(
            tf.TensorSpec(one.shape, tf.float64) for one in (WEIGHTS, OFFSET)
        )]
        blocked = tf.function(blocked, input_signature=specs)
    elif mode != "eager":
        blocked = tf.function(blocked, jit_compile=mode == "xla")
    inputs = (ROWS, WEIGHTS, OFFSET)
    expected = value_and_gradients(
        lambda x, *shared: function([x, tf.constant(NUMBERS)], list(shared)), inputs
    )
    for one, other in zip(value_and_gradients(blocked, inputs), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", ["eager", "graph", "loops by xla", "xla"])
def test_derivatives_of_second_order(mode):
    inputs = [tf.constant(one) for one in (ROWS, WEIGHTS, OFFSET)]

    def penalty_gradients(compute):
        """Of the squared norm of the gradient, as in a gradient penalty."""
        with tf.GradientTape() as outer:
            outer.watch(inputs)
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                total = tf.reduce_sum(compute(*inputs) ** 2)
            penalty = sum(tf.reduce_sum(one**2) for one in inner.gradient(total, inputs))
        return outer.gradient(penalty, inputs)

    def blocked(x, *shared):
        spec = tf.TensorSpec([4], tf.float64)
        return map_rows(function, [x, NUMBERS], list(shared), 4, spec, "xla" in mode)

    compute = penalty_gradients
    if mode != "eager":
        compute = tf.function(compute, jit_compile=mode == "xla")
    expected = penalty_gradients(
        lambda x, *shared: function([x, tf.constant(NUMBERS)], list(shared))
    )
    for one, other in zip(compute(blocked), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11)


def test_a_block_may_be_a_tensor():
    np.testing.assert_array_equal(in_blocks(tf.constant(4)), in_blocks(4))


def test_no_more_than_a_block_is_seen_at_a_time():
    seen = []

    def watched(rows, shared):
        seen.append(rows[0].shape[0])
        return rows[0][:, 0] * shared[0]

    x, scale = tf.constant(ROWS), tf.constant(2.0, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(scale)
        value = tf.reduce_sum(map_rows(watched, [x], [scale], 4, tf.TensorSpec([], tf.float64)))
    assert float(tape.gradient(value, scale)) == pytest.approx(ROWS[:, 0].sum())
    # Three blocks of four, the last one filled up; once for the value, once for the gradient.
    assert seen == [4] * 6


def test_rows_that_fill_up_the_last_block_do_no_harm():
    # Of zeros the logarithm and its derivative are infinite.
    x, scale = tf.constant(np.abs(ROWS) + 1.0), tf.constant(2.0, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([x, scale])
        logs = map_rows(
            lambda rows, shared: tf.math.log(shared[0] * tf.reduce_sum(rows[0], axis=1)),
            [x], [scale], 4, tf.TensorSpec([], tf.float64),
        )
        total = tf.reduce_sum(logs)
    by_rows, by_scale = tape.gradient(total, [x, scale])
    np.testing.assert_allclose(by_rows, np.repeat(1 / x.numpy().sum(1), 3).reshape(11, 3))
    assert float(by_scale) == pytest.approx(11 / 2)
