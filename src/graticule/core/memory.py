"""What memory this process takes, and how what is freed goes back to the system."""

from __future__ import annotations

import contextlib
import math
import os
import sys

PROCESS_BYTES = 400_000_000
"""What the interpreter and the libraries of a run take, at the least that is counted with."""
_STEP = 50_000_000
_STARTED, _STARTING = 80_000_000, 150_000_000
"""What libraries take that are loaded on first use; and with the compiler, where it is not yet."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of ``mallopt``."""
_PIECE = 4 * 2**20
_ARENAS = 4


def resident() -> int:
    """Return the bytes of memory of this process that are resident."""
    with (
        contextlib.suppress(OSError, ValueError, IndexError),
        open("/proc/self/statm", "rb") as file,
    ):
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import psutil

    return int(psutil.Process().memory_info().rss)


def process_bytes() -> int:
    """Return what of this process's memory is not for the arrays of a run that begins now.

    That is what it takes already, and the libraries it is still to load: of a command the same at
    every call (`PROCESS_BYTES`), and more in a program that holds more. It is counted in steps, so
    that tiles do not depend on small differences.
    """
    to_come = _STARTED if "numba" in sys.modules else _STARTING
    return max(PROCESS_BYTES, math.ceil((resident() + to_come) / _STEP) * _STEP)


def give_back_what_is_freed() -> None:
    """Have arrays of 4 MB and more go back to the system as soon as they are freed.

    Without it the C library keeps what it believes will be needed again, as much as half of all
    that a run in tiles takes. It costs some time, so it is for runs that keep to little memory.
    Where the C library is another than glibc nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _PIECE)
        mallopt(_TRIM_THRESHOLD, _PIECE)
        mallopt(_ARENA_MAX, _ARENAS)
