"""Checks of the integers of a batch: labels, attributes, numbers of examples."""

import tensorflow as tf

__all__ = ["checked_range"]


def checked_range(values, name, smallest, largest, wanted):
    """``values``, integers from ``smallest`` to ``largest``.

    XLA leaves assertions out: a caller that it may compile makes such values visible in its loss.

    Args:
        values: integers of any shape.
        name: what they are called in the error.
        smallest, largest: the smallest and the largest value that fit.
        wanted: a sentence that says what they must be.

    Raises:
        ValueError: if the values are known.
        tf.errors.InvalidArgumentError: from the graph, where they are not known before it runs.
    """
    known = tf.get_static_value(values)
    if known is None:
        checks = [
            tf.debugging.assert_greater_equal(values, tf.cast(smallest, values.dtype), wanted),
            tf.debugging.assert_less_equal(values, tf.cast(largest, values.dtype), wanted),
        ]
        with tf.control_dependencies(checks):
            return tf.identity(values)
    outside = known[(known < smallest) | (known > largest)]
    if outside.size:
        raise ValueError(f"{wanted} Received: {name}={outside.flat[0]}.")
    return values
