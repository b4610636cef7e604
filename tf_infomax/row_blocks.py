"""A function of rows, computed some rows at a time, in value and in gradient.

What a function stores for its gradient grows with its rows. Here nothing is stored but its inputs:
the gradient computes every block a second time. So memory is that of one block, for one forward
computation more. Blocks are visited by a loop inside TensorFlow, which XLA can compile.
"""

import functools

import tensorflow as tf

__all__ = ["map_rows"]


def map_rows(function, rows, shared, block, of_row, jit_compile=False):
    """``function(rows, shared)``, ``block`` rows at a time.

    The value, and the gradient by ``rows`` and ``shared``, are those of one call on all rows, if
    every row of the result is made of its own row of each of ``rows``, and of ``shared``. There
    are no derivatives of higher order.

    Args:
        function: ``(list of [block, ...], list of shared) -> [block, ...]``. A pure function: what
            it closes over gets no gradient, and is not changed by it. The last block is filled up
            with copies of the last row, whose results are thrown away.
        rows: list of tensors ``[K, ...]``, K >= 1. Integers among them have no gradient.
        shared: list of floating tensors that all rows share, such as weights.
        block: positive int, or an int scalar tensor.
        of_row: ``tf.TensorSpec`` of what a row gives.
        jit_compile: whether XLA compiles the loops, that for the value and that for the gradient:
            pays where much is computed one by one. Without effect where the number of blocks is
            not known, and outside a ``tf.function``, which would compile them at every call.

    Returns:
        ``[K, ...]``.
    """
    rows = [tf.convert_to_tensor(values) for values in rows]
    shared = [tf.convert_to_tensor(values) for values in shared]
    number = rows[0].shape[0]
    if number is None:
        number = tf.shape(rows[0])[0]
    count = -(-number // block)
    forward = functools.partial(_forward, function, of_row)
    backward = functools.partial(_backward, function)
    if jit_compile and isinstance(count, int) and not tf.executing_eagerly():
        # The whole loop: XLA programs that TensorFlow calls in a loop are queued faster than they
        # run, and their memory with them.
        forward, backward = (
            tf.function(one, jit_compile=True, autograph=False) for one in (forward, backward)
        )

    @tf.custom_gradient
    def result(*inputs):
        filled = [_filled_up(values, count * block) for values in inputs[: len(rows)]]
        row_blocks = [_in_blocks(values, count, block) for values in filled]
        shared_inputs = list(inputs[len(rows) :])
        found = forward(row_blocks, shared_inputs)

        def gradient(upstream):
            missing = [[0, count * block - number]] + [[0, 0]] * (upstream.shape.rank - 1)
            upstream = _in_blocks(tf.pad(upstream, missing), count, block)
            by_rows, by_shared = backward(row_blocks, shared_inputs, upstream)
            joined = iter(_joined(values, number) for values in by_rows)
            joined = [next(joined) if values.dtype.is_floating else None for values in rows]
            return [*joined, *by_shared]

        return _joined(found, number), gradient

    return result(*rows, *shared)


def _forward(function, of_row, row_blocks, shared):
    block = row_blocks[0].shape[1]
    return tf.map_fn(
        lambda blocks: function(list(blocks), shared),
        tuple(row_blocks),
        fn_output_signature=tf.TensorSpec([block, *of_row.shape], of_row.dtype),
        # One block in memory, which is what this is for.
        parallel_iterations=1,
    )


def _backward(function, row_blocks, shared, upstream):
    """Gradients by the blocks of floating rows and, summed, by what is shared."""
    floating = [k for k, values in enumerate(row_blocks) if values.dtype.is_floating]
    count = tf.shape(upstream)[0] if upstream.shape[0] is None else upstream.shape[0]

    def body(index, by_rows, by_shared):
        blocks = [values[index] for values in row_blocks]
        watched = [blocks[k] for k in floating]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            tape.watch(shared)
            found = function(blocks, shared)
        gradients = tape.gradient(
            found,
            [*watched, *shared],
            output_gradients=upstream[index],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        own, common = gradients[: len(floating)], gradients[len(floating) :]
        return (
            index + 1,
            [array.write(index, one) for array, one in zip(by_rows, own, strict=True)],
            [total + one for total, one in zip(by_shared, common, strict=True)],
        )

    arrays = [
        tf.TensorArray(row_blocks[k].dtype, size=count, element_shape=row_blocks[k].shape[1:])
        for k in floating
    ]
    _, arrays, by_shared = tf.while_loop(
        lambda index, *_: index < count,
        body,
        (tf.constant(0), arrays, [tf.zeros_like(values) for values in shared]),
        parallel_iterations=1,
    )
    return [array.stack() for array in arrays], by_shared


def _filled_up(values, number):
    """``values``, its last row repeated until there are ``number`` of them."""
    last = tf.shape(values)[0] - 1
    # A row of zeros may be what the function cannot differentiate.
    return tf.gather(values, tf.minimum(tf.range(number), last))


def _in_blocks(values, count, block):
    """``[count * block, ...]`` as ``[count, block, ...]``."""
    shape = tf.concat([[count, block], tf.shape(values)[1:]], axis=0)
    static = [one if isinstance(one, int) else None for one in (count, block)]
    return tf.ensure_shape(tf.reshape(values, shape), [*static, *values.shape[1:]])


def _joined(blocks, number):
    """The inverse of ``_in_blocks``: the first ``number`` rows of all blocks together."""
    rows = tf.reshape(blocks, tf.concat([[-1], tf.shape(blocks)[2:]], axis=0))[:number]
    static = number if isinstance(number, int) else None
    return tf.ensure_shape(rows, [static, *blocks.shape[2:]])
