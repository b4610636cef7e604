"""A file that says: the sweep goes on. Whoever works for it on another machine watches the file."""

import contextlib
import os
import threading
import time
import uuid
from pathlib import Path

__all__ = ["leased", "watched"]

_RENEWED = 5.0  # seconds
# Shared file systems may show a change a minute late.
_EXPIRED = 180.0


@contextlib.contextmanager
def leased(folder):
    """Keeps a lease in a folder while its context is entered.

    Yields:
        (path of its file, function that ends it at once).
    """
    path = Path(folder).absolute() / f".sweep_{uuid.uuid4().hex}"
    is_ended = threading.Event()

    def end():
        is_ended.set()
        path.unlink(missing_ok=True)

    def renew():
        number = 0
        while not is_ended.wait(_RENEWED):
            number += 1
            # A full disk is no reason to end the sweep; a file that was removed stays so.
            with contextlib.suppress(OSError), open(path, "r+") as file:
                file.write(str(number))

    path.write_text("0")
    renewing = threading.Thread(target=renew, daemon=True)
    renewing.start()
    try:
        yield path, end
    finally:
        end()
        renewing.join()


@contextlib.contextmanager
def watched(path, callback, every=1.0):
    """Calls ``callback()`` once, from another thread, if a lease ends or is not renewed.

    Args:
        path: of the lease's file.
        callback: function without arguments.
        every: seconds between looks at the file.
    """
    is_over = threading.Event()

    def watch():
        seen, since = None, time.monotonic()
        while not is_over.is_set():
            found = _content(path)
            if found != seen:
                seen, since = found, time.monotonic()
            if found is None or time.monotonic() - since > _EXPIRED:
                callback()
                return
            is_over.wait(every)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        is_over.set()
        watching.join()


def _content(path):
    """What the file says; ``None`` if there is none. Clocks of two machines are not compared."""
    try:
        # Opened, because other machines may answer questions on a file from memory.
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError:
        return ""
    with open(handle) as file:
        return file.read()
