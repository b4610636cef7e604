"""The rows file of a run at work, which is cut back to its last checkpoint after a kill."""

import contextlib
import hashlib
import os
from pathlib import Path

from tf_infomax.naming.files import naming

__all__ = ["RowWriter", "check_kept"]


class RowWriter:
    """Appends rows to a file such that a killed run can continue exactly where it was.

    ``flush`` returns the file's length in bytes; a checkpoint stores it, and ``truncate`` brings
    the file back to it. Half a line at the end, left by a killed writer, is cut off on opening.

    Args:
        path: the file; it and its folders are made if missing, old content is kept.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+b")  # noqa: SIM115 - lives as long as the writer
        self._file.seek(0)
        content = self._file.read()
        if not content.endswith(b"\n"):
            self._file.truncate(content.rfind(b"\n") + 1)

    def append(self, row):
        """Adds one row (in memory until ``flush``)."""
        with naming(self.path):
            self._file.write(row.to_json().encode("utf-8") + b"\n")

    def flush(self):
        """Brings all rows to the disk and returns the file's length in bytes."""
        with naming(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
            return os.fstat(self._file.fileno()).st_size

    def checksum(self):
        """SHA-256 of the file as of the last ``flush``, in hexadecimal."""
        with open(self.path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def truncate(self, byte_length, checksum=None):
        """Cuts the file to ``byte_length``, an earlier result of ``flush`` (or 0).

        Args:
            byte_length: length to keep.
            checksum: what ``checksum`` gave at that length, or ``None`` if it is not known.

        Raises:
            ValueError: naming the file, if it is shorter, or its content has changed.
        """
        length = self.flush()
        check_kept(self.path, length, byte_length, checksum)
        self._file.truncate(byte_length)
        self.flush()

    def close(self):
        """Flushes and closes; may be called again."""
        if not self._file.closed:
            try:
                self.flush()
            finally:
                # On a full disk it fails again, for the same reason.
                with contextlib.suppress(OSError):
                    self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def check_kept(path, length, byte_length, checksum=None):
    """Raises ``ValueError`` unless a rows file still begins with what it once held.

    Args:
        path: the file.
        length: its length in bytes.
        byte_length, checksum: as for ``RowWriter.truncate``.
    """
    way_out = "bring it back from a copy, or delete the run's directory to start it again."
    if not 0 <= byte_length <= length:
        raise ValueError(
            f"{path} is shorter than when the checkpoint was saved, {length} bytes: {way_out} "
            f"Received: byte_length={byte_length}."
        )
    if checksum is None:
        return
    with open(path, "rb") as file:
        kept = hashlib.sha256(file.read(byte_length)).hexdigest()
    if kept != checksum:
        raise ValueError(f"{path} has changed since the checkpoint was saved: {way_out}")
