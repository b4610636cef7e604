"""What a model asks of its data, checked before the first step and, where unknown, in the graph."""

import tensorflow as tf

from tf_infomax.numerics import replicas

__all__ = ["check_rows", "checked_batch", "doubts"]


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
    if given.is_never_batched and len(batch.inputs) > 1:
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
    uneven = [rows for rows in known if rows % number_of_replicas]
    if uneven:
        raise ValueError(
            f"Each of the {number_of_replicas} replicas needs as many rows of a batch: use a "
            f"multiple of {number_of_replicas}, and `drop_remainder=True`. "
            f"Received: a batch of {uneven[-1]}."
        )
    return batch


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
    if batch.rows is None:
        # The rows of all replicas count where they are gathered.
        least = tf.cast(-(-least_rows // replicas.number()), tf.int32)
        tf.debugging.assert_greater_equal(tf.shape(batch.inputs[0])[0], least, message)
    elif batch.rows * replicas.number() < least_rows:
        raise ValueError(f"{message} Received: a batch of shape {batch.inputs[0].shape}.")


def _too_few(form):
    return (
        f"At least two {form.rows_are} a batch are needed, since the others of its batch are a "
        "row's negatives: `data.batch(size, drop_remainder=True)` leaves a smaller last batch out."
    )
