"""The work of one op on all processors, with the same result on any number of them."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from graticule.core.forks import renew_in_child

T = TypeVar("T")

PARTS = 16
"""Parts a job is cut into: fixed, so that sums of floats do not depend on the machine."""

_at_work = threading.local()


def map_ranges(function: Callable[[int, int], T], size: int, *, least: int = 1) -> list[T]:
    """Call ``function(start, stop)`` on consecutive parts of ``range(size)``, side by side.

    The parts depend on ``size`` and ``least`` alone, and the results come in their order: merged
    in that order, they are the same on every machine. Compiled functions must release the lock
    of the interpreter (``nogil=True``). A call from within a part runs its own parts in turn.

    Parameters
    ----------
    function : callable
        Work on the samples from ``start`` up to ``stop``; the parts must not write to the same
        places.
    size : int
        How many samples there are; nothing is called for 0.
    least : int
        Smallest part worth a call.

    Returns
    -------
    list
        What each part gave, in order.

    Examples
    --------
    >>> map_ranges(lambda start, stop: sum(range(start, stop)), 10, least=5)
    [10, 35]
    """
    count = max(1, min(PARTS, size // max(1, least)))
    edges = [size * number // count for number in range(count + 1)]
    spans = [(a, b) for a, b in itertools.pairwise(edges) if a < b]
    if len(spans) < 2 or getattr(_at_work, "busy", False):
        return [function(start, stop) for start, stop in spans]
    return list(_pool().map(lambda span: _part(function, *span), spans))


def work_alone() -> None:
    """Let calls of this thread run their parts in turn: other processors have work already."""
    _at_work.busy = True


@contextmanager
def working_alone() -> Iterator[None]:
    """Do so while the block runs; no thread is begun by it."""
    was_busy = getattr(_at_work, "busy", False)
    _at_work.busy = True
    try:
        yield
    finally:
        _at_work.busy = was_busy


def _part(function: Callable[[int, int], T], start: int, stop: int) -> T:
    with working_alone():
        return function(start, stop)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="map_ranges")


renew_in_child(_pool.cache_clear)
