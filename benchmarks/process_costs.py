"""Costs of this process and its child processes so far, as Linux counts them."""

import ctypes
import gc
import os
import pathlib
import time

__all__ = ["forget_peak", "peak", "processor_time"]


def processor_time():
    """Seconds of all threads so far; those of other processes are counted in ticks of 10 ms."""
    # User and system time.
    ticks = [int(one) for other in _processes()[1:] for one in _entries(other)[11:13]]
    return time.process_time() + sum(ticks) / os.sysconf("SC_CLK_TCK")


def forget_peak():
    """Resets ``peak``; returns the memory that this process holds now, MiB.

    Freed memory is returned to the system first.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    processes = _processes()
    for process in processes:
        (process / "clear_refs").write_text("5")
    return _largest_memory(processes[0])


def peak():
    """The largest resident memory so far, MiB; of several processes the sum of theirs."""
    return sum(_largest_memory(process) for process in _processes())


def _largest_memory(process):
    lines = (process / "status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**10


def _processes():
    """The folders in /proc of this process and, after it, of the processes that it has started."""
    own = pathlib.Path("/proc") / str(os.getpid())
    others = [one for one in pathlib.Path("/proc").glob("[0-9]*") if one != own]
    return [own, *(one for one in others if _entries(one)[1:2] == [str(os.getpid())])]


def _entries(process):
    """Fields of /proc/<number>/stat after the name (which may hold blanks): state, parent, ..."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        # The process has ended meanwhile.
        return []
