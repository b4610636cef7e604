"""Buffers of one training step serve the next one, instead of coming from the system each time.

A step of Deep InfoMax under XLA works in one buffer of some 90 MB. TensorFlow asks the C library
for it in every step, which maps and unmaps so large a block: 20,000 page faults a step, and the
time for the system to fill the pages with zeros, a sixth of the step (results/benchmarks).
"""

import ctypes
import os

__all__ = ["keep_buffers"]

# Read by TensorFlow when it starts its devices: blocks are cut from regions that it keeps.
_KEEPS_REGIONS = "TF_CPU_ALLOCATOR_USE_BFC"

# Parameters of glibc's mallopt, from its malloc.h, and bytes: buffers of convolutions come from the
# C library whatever TensorFlow does. Larger blocks, such as a data set, are mapped as before.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_KEPT, _KEPT_IN_ALL = 64 << 20, 256 << 20


def keep_buffers():
    """For processes of commands, before TensorFlow's first operation: freed buffers are kept.

    What the user has set in the environment (``TF_CPU_ALLOCATOR_USE_BFC``, ``MALLOC_...``) stays.
    Results do not depend on it. The process holds the most that it ever needed, until it ends.
    """
    os.environ.setdefault(_KEEPS_REGIONS, "true")
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018 - other C libraries give these numbers no meaning
    except (AttributeError, OSError, TypeError):
        return
    library.mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT)
    library.mallopt(_M_TRIM_THRESHOLD, _KEPT_IN_ALL)
