"""Compiled trainings, kept for the next fit of the same kind.

Compiling a training step often takes longer than training, and TensorFlow never frees the memory of
programs that XLA has compiled. So a second fit with the same shapes and options, as in a grid
search or a simulation, reuses the compiled training of the first.
"""

import collections
import contextlib
import threading

__all__ = ["borrowed"]

_MOST_IDLE = 16

_idle: collections.deque = collections.deque()
_lock = threading.Lock()


@contextlib.contextmanager
def borrowed(key, make):
    """Context of a training for ``key``: an idle training, or a new one from ``make()``.

    Afterwards it is idle, unless there was an error. The most recently used are kept.

    Args:
        key: hashable; for ``None`` nothing is kept.
        make: function without arguments -> training.
    """
    with _lock:
        found = next((entry for entry in _idle if entry[0] == key and key is not None), None)
        if found is not None:
            _idle.remove(found)
    training = make() if found is None else found[1]
    yield training
    if key is not None:
        with _lock:
            _idle.append((key, training))
            while len(_idle) > _MOST_IDLE:
                _idle.popleft()
