"""What TensorFlow says of files that it cannot write, as errors of the system."""

import contextlib

import tensorflow as tf

__all__ = ["writing"]


@contextlib.contextmanager
def writing(what, place, again="start the same command again"):
    """Within it an error of TensorFlow is an ``OSError`` that says what could not be written.

    Args:
        what: begins the sentence, "The checkpoint of step 3".
        place: the folder.
        again: what to do when there is room.
    """
    try:
        yield
    except tf.errors.OpError as error:
        reason = (error.message or type(error).__name__).splitlines()[0].rstrip(".")
        raise OSError(
            f"{what} cannot be written to {place} ({reason}). Make room there, and {again}."
        ) from None
