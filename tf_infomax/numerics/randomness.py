"""Named streams of random seeds: every draw of a run descends from the run's one seed."""

import operator
import zlib

import numpy as np

__all__ = ["layer_seed", "stream", "stream_seed"]


def stream(seed, *names):
    """The seed of one named stream, in the form that TensorFlow's stateless operations take.

    Args:
        seed: the seed of the run, an int >= 0.
        *names: purpose of the stream, strings or ints, from the general to the particular
            (``stream(0, "train", "batches")``). Other names, or another order, give a stream
            that is independent for all practical purposes; ``3`` and ``"3"`` differ.

    Returns:
        ``int32 [2]``, both >= 0. The same on every machine and in every process.

    Raises:
        ValueError: on a negative or fractional seed, or a stream without a name.
    """
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"`seed` must be an integer of at least 0. Received: seed={seed!r}.")
    if not names:
        raise ValueError("A stream needs at least one name. Received: names=().")
    # `spawn_key`, not more entropy: SeedSequence pads entropy with zeros, so that [1] and [1, 0]
    # would be one stream, and splits large seeds into words that could pass for names.
    words = np.random.SeedSequence(int(seed), spawn_key=tuple(_word(name) for name in names))
    # One bit is dropped so that the words fit a non-negative int32.
    return (words.generate_state(2, np.uint32) >> 1).astype(np.int32)


def stream_seed(seed, *names):
    """One non-negative int32 of the stream, for Keras initialisers and scikit-learn."""
    return int(stream(seed, *names)[0])


def layer_seed(seed, position):
    """Seed of the layer at ``position`` of a network: ``seed + position``; ``None`` stays ``None``.

    ``None`` leaves the draw to Keras' global seed.
    """
    return None if seed is None else seed + position


def _word(name):
    if not isinstance(name, str):
        try:
            name = operator.index(name)
        except TypeError:
            raise ValueError(
                f"The names of a stream must be strings or ints. Received: name={name!r}."
            ) from None
    # Not `hash`, which Python salts anew in every process.
    return zlib.crc32(repr(name).encode())
