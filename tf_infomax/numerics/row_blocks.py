"""A function of rows, computed some rows at a time, in value and in gradient.

The intermediate results that a gradient needs grow with the rows. Here only the inputs are stored,
and the gradient computes every block again. Memory is that of one block, at the cost of one more
forward computation. Blocks are visited by a loop inside TensorFlow, which XLA can compile.
"""

import functools

import tensorflow as tf

__all__ = ["map_rows"]


def map_rows(function, rows, shared, block, of_row, jit_compile=False):
    """``function(rows, shared)``, ``block`` rows at a time.

    The value, and the gradient by ``rows`` and ``shared``, are those of one call on all rows, if
    every row of the result depends only on its own row of each of ``rows``, and on ``shared``. So
    are derivatives of higher order, which however need the memory of one call.

    Args:
        function: ``(list of [block, ...], list of shared) -> [block, ...]``. A pure function:
            variables in its closure get no gradient, and must not change. The last block is filled
            up with copies of the last row, whose results are discarded.
        rows: list of tensors ``[K, ...]``, K >= 1. Integers among them have no gradient.
        shared: list of floating tensors that all rows share, such as weights.
        block: positive int, or an int scalar tensor.
        of_row: ``tf.TensorSpec`` of the result of a row.
        jit_compile: whether XLA compiles the loops, that for the value and that for the gradient:
            pays off for many elementwise operations. Without effect if the number of blocks is
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
        forward, backward = _compiled(forward), _compiled(backward)

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
    def body(index, found):
        return [found.write(index, function([values[index] for values in row_blocks], shared))]

    count, shape = _count(row_blocks), [row_blocks[0].shape[1], *of_row.shape]
    blocks = tf.TensorArray(of_row.dtype, size=count, element_shape=shape)
    (blocks,) = _visit(count, body, [blocks])
    return blocks.stack()


def _backward(function, row_blocks, shared, upstream):
    """Gradients by the blocks of floating rows and, summed, by what is shared."""
    floating = [k for k, values in enumerate(row_blocks) if values.dtype.is_floating]

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
        return [
            [array.write(index, one) for array, one in zip(by_rows, own, strict=True)],
            [total + one for total, one in zip(by_shared, common, strict=True)],
        ]

    count = _count(row_blocks)
    arrays = [
        tf.TensorArray(row_blocks[k].dtype, size=count, element_shape=row_blocks[k].shape[1:])
        for k in floating
    ]
    arrays, by_shared = _visit(count, body, [arrays, [tf.zeros_like(one) for one in shared]])
    return [array.stack() for array in arrays], by_shared


def _count(row_blocks):
    return row_blocks[0].shape[0] or tf.shape(row_blocks[0])[0]


def _visit(count, body, state):
    """``state = body(index, *state)`` for every index below ``count`` in order.

    Not ``tf.map_fn``: if the function raises, that leaves TensorFlow in a state in which
    ``tf.recompute_grad`` always fails.
    """
    _, *state = tf.while_loop(
        lambda index, *_: index < count,
        lambda index, *state: [index + 1, *body(index, *state)],
        [tf.constant(0), *state],
        # One block in memory at a time, which is the purpose of this module.
        parallel_iterations=1,
        # XLA needs it for the derivative of this loop.
        maximum_iterations=count,
    )
    return state


def _compiled(function):
    """``function`` of nested tensors, by XLA; its derivative is computed without.

    TensorFlow's derivative of a loop reads what the loop has stored of every pass, and that cannot
    leave an XLA program. So derivatives of second order go through the uncompiled loop.
    """
    program = tf.function(function, jit_compile=True, autograph=False)

    def result(*inputs):
        structure = None

        @tf.custom_gradient
        def of_flat(*flat):
            nonlocal structure
            # Otherwise a tape would make the program return the values that its derivative needs.
            unwatched = [tf.stop_gradient(values) for values in flat]
            structure = program(*tf.nest.pack_sequence_as(inputs, unwatched))

            def gradient(*upstream):
                with tf.GradientTape() as tape:
                    tape.watch([values for values in flat if values.dtype.is_floating])
                    found = function(*tf.nest.pack_sequence_as(inputs, flat))
                return tape.gradient(
                    tf.nest.flatten(found), flat, output_gradients=list(upstream)
                )

            return tf.nest.flatten(structure), gradient

        found = of_flat(*tf.nest.flatten(inputs))
        return tf.nest.pack_sequence_as(structure, tf.nest.flatten(found))

    return result


def _filled_up(values, number):
    """``values``, its last row repeated until there are ``number`` of them."""
    last = tf.shape(values)[0] - 1
    # Not zeros, at which the function may not be differentiable.
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
