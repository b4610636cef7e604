"""What reads the standard output may end before it was written whole, as ``head`` does."""

import contextlib
import os
import select
import sys

__all__ = ["READER_LEFT", "reader_has_left", "until_the_reader_leaves"]

READER_LEFT = 128 + 13  # exit code, as shells have it for SIGPIPE


@contextlib.contextmanager
def until_the_reader_leaves():
    """Ends the process without a word, with code 141, where nobody reads its output any more."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if not reader_has_left():
            raise
        # What is still buffered would raise once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(READER_LEFT)


def reader_has_left():
    """Whether the standard output is a pipe that nobody reads."""
    try:
        watched = select.poll()
        watched.register(sys.stdout.fileno(), select.POLLOUT)
        return any(events & select.POLLERR for _, events in watched.poll(0))
    except (AttributeError, OSError, ValueError):
        # No such system call, or no such file.
        return False
