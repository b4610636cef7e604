"""Encoding a whole data set, once."""

import keras
import numpy as np
import tensorflow as tf

__all__ = ["NonFiniteError", "encode"]


class NonFiniteError(ValueError):
    """An encoder whose weights have run away: its codes or derivatives are not finite."""


def encode(encoder, views, preprocess=None, batch_size=1_000):
    """Codes of all views, as a NumPy array.

    Args:
        encoder: Keras model (its compiled prediction is used) or function, ``[K, ...] -> [K, D]``.
        views: array ``[N, ...]`` of any dtype ``preprocess`` takes.
        preprocess: TensorFlow function (batch ``[K, ...]``, index of its first example) -> floats
            for the encoder; ``None`` feeds the batches as they are.
        batch_size: examples in a pass of the encoder.

    Returns:
        ``[N, D]``.

    Raises:
        ValueError: if there is nothing to encode.
        NonFiniteError: a ``ValueError``, if a code is not finite (with how many).
    """
    if len(views) == 0:
        raise ValueError("There must be at least one view to encode. Received: none.")
    codes_of = encoder.predict_on_batch if isinstance(encoder, keras.Model) else encoder
    codes = []
    for start in range(0, len(views), batch_size):
        batch = tf.convert_to_tensor(views[start : start + batch_size])
        codes.append(codes_of(batch if preprocess is None else preprocess(batch, start)))
    codes = np.concatenate(codes)
    num_bad = int(np.sum(~np.isfinite(codes).all(axis=1)))
    if num_bad:
        raise NonFiniteError(
            "Codes must be finite to be evaluated. "
            f"Received: {num_bad} of {len(codes)} codes with NaN or infinite entries."
        )
    return codes
