"""Files that are written whole or not at all, and locks between processes."""

import contextlib
import errno
import fcntl
import os
import tempfile
import time
from pathlib import Path

__all__ = [
    "check_no_directory", "is_held", "locked", "naming", "remove_leftovers", "sync_directory",
    "write_bytes", "write_text",
]  # fmt: skip

_PREFIX, _SUFFIX = ".writing-", ".partial"
# Names that a killed writer left: these, and those of earlier versions.
_LEFTOVERS = (f"*{_SUFFIX}", ".rows.jsonl.*", ".evaluation.jsonl.*")
# Earlier versions did not lock what they wrote, and needed less than this to write it.
_WRITTEN_BY_NOW = 60.0  # seconds


def write_text(path, text):
    """As ``write_bytes``, for text in UTF-8."""
    write_bytes(path, [text.encode()])


def write_bytes(path, parts):
    """Writes in one move, and to the disk: readers see the old file or the new one, never half.

    Any number of processes may write the same file at a time: the last one wins. A writer that is
    killed leaves a file for ``remove_leftovers``.

    Args:
        path: the file; its folder must exist.
        parts: bytes, in an iterable; if it raises, the old file stays.

    Raises:
        OSError: naming ``path``, if it cannot be written.
    """
    path = Path(path)
    content = b"".join(parts)
    with naming(path):
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_PREFIX, suffix=_SUFFIX)
        try:
            with open(handle, "wb") as file:
                # Tells a file that is being written from one that a killed process has left.
                with contextlib.suppress(OSError):
                    fcntl.flock(file, fcntl.LOCK_EX)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                # mkstemp makes private files; this one is to be as readable as any other.
                os.fchmod(file.fileno(), 0o666 & ~_umask())
                os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def check_no_directory(path):
    """Raises ``ValueError`` if a directory stands where the file ``path`` is to be written."""
    if Path(path).is_dir():
        raise ValueError(
            f"{path} is to be written as a file: move the directory of this name away. "
            "Received: a directory."
        )


def sync_directory(directory):
    """Brings the names in a directory to the disk."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_leftovers(directory):
    """Deletes what killed writers have left in a directory; what is being written stays."""
    directory = Path(directory)
    for path in {path for pattern in _LEFTOVERS for path in directory.glob(pattern)}:
        with contextlib.suppress(OSError):
            if _is_abandoned(path):
                path.unlink()


def _is_abandoned(path):
    if not path.is_file() or path.is_symlink():
        return False
    if not path.name.startswith(_PREFIX):
        return time.time() - path.stat().st_mtime > _WRITTEN_BY_NOW or path.suffix == _SUFFIX
    return not is_held(path)


def is_held(path):
    """Whether a process holds a lock on the file or folder ``path``, as what it is writing."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextlib.contextmanager
def locked(path, seconds, busy):
    """Holds the lock file ``path``; the system releases it when the process ends, however it ends.

    Args:
        path: the file; made if missing, and never deleted (another process may wait for it).
        seconds: how long to wait for another process.
        busy: the sentence to raise when the time is over.

    Raises:
        ValueError: ``busy``.
        OSError: naming ``path``, if it cannot be opened.
    """
    with open(path, "a", encoding="utf-8") as lock:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ValueError(busy) from None
                time.sleep(0.1)
        yield


@contextlib.contextmanager
def naming(path):
    """Within it an ``OSError`` names the file ``path``, not a temporary one, or none."""
    try:
        yield
    except OSError as error:
        number = error.errno or errno.EIO
        raise OSError(number, os.strerror(number), str(path)) from None


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
