"""The number format of a run: a dtype policy of Keras, set while the run's models are built."""

import contextlib

import keras

from tf_infomax.training.precision_choice import PRECISIONS

__all__ = ["PRECISIONS", "check_precision", "precision"]


def check_precision(name):
    """Raises ``ValueError`` unless ``name`` is one of ``PRECISIONS``."""
    if name not in PRECISIONS:
        raise ValueError(
            f"train.precision must be one of {', '.join(PRECISIONS)}. "
            f"Received: train.precision={name!r}."
        )


@contextlib.contextmanager
def precision(name):
    """Context in which Keras layers get the dtype policy ``name``.

    Every layer keeps the policy that it was built with, so models keep computing in that format
    afterwards, and cast their inputs to it.

    Args:
        name: one of ``PRECISIONS``. "auto" leaves Keras as it is set (float32 unless a program
            says otherwise); "mixed_bfloat16" computes in bfloat16 with float32 weights.

    Raises:
        ValueError: on another name.
    """
    check_precision(name)
    before = keras.config.dtype_policy()
    if name != "auto":
        keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
