"""Batches that a distribution strategy has split over replicas, treated as one batch.

Under ``tf.distribute`` every replica has some rows of the batch. A bound needs the pairs of all of
them: with its own rows alone a replica would have fewer negatives, and a lower value. Outside a
strategy there is one replica with all rows, and these functions change nothing.
"""

import contextlib
import threading

import tensorflow as tf

__all__ = ["first_row", "gathered", "have_equal", "number", "on_whole_batch", "own", "total"]

# Of each thread, because a strategy traces its replicas in threads of their own.
_WHOLE = threading.local()


@contextlib.contextmanager
def on_whole_batch():
    """Within it layers get the rows of all replicas, which every replica has gathered already.

    Batch norm would otherwise count each of these rows once a replica, which leaves means and
    variances as they are, but not the factor of the unbiased variance.
    """
    before = getattr(_WHOLE, "is_whole", False)
    _WHOLE.is_whole = True
    try:
        yield
    finally:
        _WHOLE.is_whole = before


def number():
    """How many replicas share a batch: 1 outside a strategy, and outside its replicas."""
    if getattr(_WHOLE, "is_whole", False):
        return 1
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def gathered(values):
    """``[K, ...]`` of every replica, all rows in the replicas' order, ``[R K, ...]``.

    Differentiable: the gradient that reaches a replica's rows is the sum of all replicas'. So if
    each computes the same loss of the gathered rows, that loss must be divided by ``number()``,
    as ``training.step`` does.

    Args:
        values: tensor with the same number of rows on each replica.
    """
    replicas = number()
    if replicas == 1:
        return values
    # Labels and other arguments of a step are on no device until something is done with them, and
    # workers gather from devices only.
    found = tf.distribute.get_replica_context().all_gather(tf.identity(values), axis=0)
    size = values.shape[0]
    return tf.ensure_shape(found, [size and replicas * size, *values.shape[1:]])


def own(values, axis=0):
    """This replica's rows of what ``gathered`` gives, or of random draws for the whole batch.

    Args:
        values: tensor that every replica has, ``R K`` entries along ``axis``.
        axis: of the rows.
    """
    replicas = number()
    if replicas == 1:
        return values
    place = tf.distribute.get_replica_context().replica_id_in_sync_group
    size = values.shape[axis]
    rows = (tf.shape(values)[axis] if size is None else size) // replicas
    found = tf.gather(values, place * rows + tf.range(rows), axis=axis)
    shape = values.shape.as_list()
    shape[axis] = size and size // replicas
    return tf.ensure_shape(found, shape)


def total(values):
    """The sum of every replica's ``values``, differentiable."""
    if number() == 1:
        return values
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, values)


def have_equal(rows):
    """Whether all replicas have the same number of rows: a boolean, the same on every replica.

    Args:
        rows: number of rows of this replica.
    """
    # R numbers are equal exactly if R times the sum of their squares is the square of their sum.
    rows = tf.cast(rows, tf.float64)
    sums = total(tf.stack([rows, rows**2]))
    return tf.equal(sums[0] ** 2, number() * sums[1])


def first_row(rows):
    """The place of this replica's first row among those that ``gathered`` gives.

    Args:
        rows: number of rows of this replica.
    """
    if number() == 1:
        return 0
    return tf.distribute.get_replica_context().replica_id_in_sync_group * rows
