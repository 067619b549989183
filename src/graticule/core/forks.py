"""What a fork breaks, put right in the child: threads that are not there, locks that none frees.

Programs fork after they have read: loaders of training data, `multiprocessing`. The child has the
memory of its parent and of its threads only the one that forked, so a pool would wait for ever,
and so would whoever asks for a lock that another thread held at that moment.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any

_COMPILES = 60.0
"""Seconds a fork waits at most for code that is being compiled in another thread."""


def renew_in_child(renew: Callable[[], object]) -> None:
    """Call a function in every forked child before anything else runs in it.

    It makes anew what its module holds for the whole process: pools of threads, locks.

    Examples
    --------
    >>> lock = threading.Lock()
    >>> def renew() -> None:
    ...     global lock
    ...     lock = threading.Lock()
    >>> renew_in_child(renew)
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)


class ProcessLock:
    """A lock of the whole process that is free in a forked child, whoever held it.

    A thread that has it may take it again.

    Examples
    --------
    >>> lock = ProcessLock()
    >>> with lock:
    ...     pass
    """

    def __init__(self) -> None:
        self._renew()
        renew_in_child(self._renew)

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        lock = self._lock
        lock.acquire()
        self._held = lock

    def __exit__(self, *_: object) -> None:
        self._held.release()  # which in a child that was forked meanwhile is not the one it has now


def _loaded(module: str) -> Any:
    """Return a module if it is imported."""
    return sys.modules.get(module)


def _renew_dask() -> None:
    """Forget the pools by which dask computes where nothing else is said, as for ``.values``."""
    if threaded := _loaded("dask.threaded"):
        pools = [pool for held in threaded.pools.values() for pool in held.values()]
        for pool in filter(None, [threaded.default_pool, *pools]):
            pool._shutdown_lock = threading.Lock()  # dask shuts it down when the child ends
        threaded.default_pool = None
        threaded.pools.clear()
        threaded.pools_lock = threading.Lock()
    if tokenize := _loaded("dask.tokenize"):
        tokenize.tokenize_lock = threading.RLock()
    if config := _loaded("dask.config"):
        config.config_lock = threading.Lock()


def _renew_zarr() -> None:
    """Give zarr a new lock; its thread and its pool it makes anew itself."""
    if sync := _loaded("zarr.core.sync"):
        sync._lock = None


def _renew_properties() -> None:
    """Give properties that are computed once new locks: Python's had one until 3.12."""
    known: dict[type[Any], str] = {}
    if sys.version_info < (3, 12):
        known[cached_property] = "lock"
    if decorators := _loaded("astropy.utils.decorators"):
        known[decorators.lazyproperty] = "_lock"
    kinds = tuple(known)
    for each in _classes() if kinds else ():
        for value in list(type.__getattribute__(each, "__dict__").values()):
            if issubclass(type(value), kinds):  # isinstance would ask the value, which may warn
                lock = next(lock for kind, lock in known.items() if issubclass(type(value), kind))
                setattr(value, lock, threading.RLock())


def _classes() -> set[type[Any]]:
    """Return all classes there are, without running code of theirs."""
    found: set[type[Any]] = {object}
    left: list[type[Any]] = [object]
    while left:
        new = set(type.__subclasses__(left.pop())) - found
        found |= new
        left += new
    return found


_held: list[Any] = []


def _await_compiler() -> None:
    """Wait until no thread compiles: half of a compiled function would stay so in the child."""
    if module := _loaded("numba.core.compiler_lock"):
        lock = module.global_compiler_lock._lock
        if lock.acquire(timeout=_COMPILES):
            _held.append(lock)


def _release_compiler() -> None:
    while _held:
        _held.pop().release()


renew_in_child(_renew_dask)
renew_in_child(_renew_zarr)
renew_in_child(_renew_properties)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_await_compiler,
        after_in_parent=_release_compiler,
        after_in_child=_release_compiler,
    )
