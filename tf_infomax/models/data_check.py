"""What a model asks of its data, checked before the first step and, where unknown, in the graph."""

import dataclasses

import tensorflow as tf

from tf_infomax.numerics import replicas

__all__ = ["check_first_rows", "check_rows", "checked_batch", "divided_evenly", "doubts"]


def checked_batch(given, form, model, least_rows, number_of_replicas):
    """The first batch of ``given`` as a ``Batch``, or ``None`` if it is not known.

    Args:
        given: ``GivenData``.
        form: of a batch, such as ``models.batches.PAIRS``.
        model: name of the model's class, for messages.
        least_rows: smallest number of rows of a batch for which the loss is defined.
        number_of_replicas: among which every batch is divided evenly.

    Raises:
        ValueError: on data without a batch, of another form, batched nowhere, or whose batches have
            too few rows or cannot be divided.
    """
    if given.batch is None:
        return None
    if given.is_empty:
        raise ValueError(
            f"At least one batch of {form.rows_are} is needed; `drop_remainder=True` drops the "
            "only one where it is smaller. Received: data without a batch."
        )
    batch = form.read(given.batch, model)
    if given.is_never_batched and not form.rank_is_fixed:
        raise ValueError(
            f"{model} learns from batches: this data set gives slices of arrays, batched "
            "nowhere, whose first axis would be taken for the batch. Use `data.batch(128, "
            "drop_remainder=True)`, after `.unbatch()` if the arrays were stacked batches. "
            f"Received: elements of shapes {[tuple(part.shape) for part in batch.inputs]}."
        )
    known = [rows for rows in (given.batch_rows, given.last_rows) if rows is not None]
    if known and min(known) < least_rows:
        raise ValueError(
            f"{_too_few(form)} Received: batches of {given.batch_rows} {form.rows_are}, the last "
            f"of {given.last_rows}."
        )
    if not known and batch.rows is not None:
        known = [batch.rows]
    uneven = [rows for rows in known if rows % number_of_replicas]
    if uneven:
        raise ValueError(f"{_uneven(number_of_replicas)} Received: a batch of {uneven[-1]}.")
    return batch


def check_first_rows(given, number_of_replicas):
    """Raises on a first batch that the replicas cannot divide, where no size is known beforehand.

    Before the first step Keras takes the mean of the replicas' parts of the first batch, and fails
    without saying why if these differ in size.
    """
    data = given.x
    if number_of_replicas == 1 or given.batch_rows or not isinstance(data, tf.data.Dataset):
        return
    for batch in data.take(1):
        rows = len(tf.nest.flatten(batch)[0])
        if rows % number_of_replicas:
            raise ValueError(f"{_uneven(number_of_replicas)} Received: a batch of {rows}.")


def doubts(given, batch, form, least_rows):
    """Sentences about data that are valid, but probably not as intended."""
    found = [form.doubt(batch, given.x)]
    if least_rows > 1 and given.last_rows and given.last_rows < given.batch_rows:
        found.append(
            f"The last batch has {given.last_rows} {form.rows_are}, the others {given.batch_rows}: "
            "it has fewer negatives, so that its bound has a lower ceiling (log K for infoNCE). "
            "The log counts each batch by its rows; `data.batch(size, drop_remainder=True)` "
            "leaves the last one out."
        )
    return [text for text in found if text]


def check_rows(batch, form, least_rows):
    """Raises on a batch with too few rows: here, or in the graph if their number is not known."""
    message = _too_few(form)
    if least_rows < 2:
        return
    if batch.rows is None:
        # The rows of all replicas count where they are gathered.
        least = tf.cast(-(-least_rows // replicas.number()), tf.int32)
        tf.debugging.assert_greater_equal(tf.shape(batch.inputs[0])[0], least, message)
    elif batch.rows * replicas.number() < least_rows:
        raise ValueError(f"{message} Received: a batch of shape {batch.inputs[0].shape}.")


def divided_evenly(batch):
    """The batch of this replica; its rows are read only if all replicas have the same number.

    Checked in the graph, before anything is gathered, unless the number of rows is known there.
    """
    number = replicas.number()
    if number == 1 or (batch.rows is not None and not tf.executing_eagerly()):
        return batch
    rows = tf.shape(batch.inputs[0])[0]
    message = f"{_uneven(number)} Received: rows of this replica="
    check = tf.debugging.Assert(replicas.have_equal(rows), [message, rows])
    with tf.control_dependencies([] if check is None else [check]):
        inputs = tuple(map(tf.identity, batch.inputs))
    return dataclasses.replace(batch, inputs=inputs)


def _uneven(number):
    return (
        f"Each of the {number} replicas needs the same number of rows of a batch: use batches of "
        f"a multiple of {number} rows, and `drop_remainder=True`."
    )


def _too_few(form):
    return (
        f"At least two {form.rows_are} a batch are needed, since the others of its batch are a "
        "row's negatives: `data.batch(size, drop_remainder=True)` leaves a smaller last batch out."
    )
