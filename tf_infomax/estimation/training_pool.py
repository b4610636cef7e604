"""Compiled trainings, kept for the next fit of the same kind.

Compiling a training step takes longer than many a training, and TensorFlow never gives back the
memory of what XLA has compiled. So a second fit with the same shapes and options, as in a grid
search or a simulation, takes up the compiled training of the first.
"""

import collections
import contextlib
import threading

__all__ = ["borrowed"]

_MOST_IDLE = 16

_idle = collections.deque()
_lock = threading.Lock()


@contextlib.contextmanager
def borrowed(key, make):
    """Context of a training of the kind ``key``: an idle one, or what ``make()`` gives.

    Afterwards it is idle, unless there was an error. The ones that were used last are kept.

    Args:
        key: hashable; ``None`` is a kind of which nothing is kept.
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
