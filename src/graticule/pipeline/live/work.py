"""Work for a view: on all processors, and dropped where nobody wants its result any more."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

from graticule.core.errors import GraticuleError, MemoryBudgetError
from graticule.core.forks import renew_in_child
from graticule.core.threads import working_alone

_NICE = 10
_state = threading.local()


Report = Callable[[str], None]


class Superseded(Exception):  # noqa: N818
    """Nobody wants the result any more."""


@contextmanager
def wanted_while(is_wanted: Callable[[], bool]) -> Iterator[None]:
    """Let `require_wanted` raise in this block, and what it does side by side, once it is not."""
    before = getattr(_state, "is_wanted", None)
    _state.is_wanted = is_wanted
    try:
        yield
    finally:
        _state.is_wanted = before


def require_wanted() -> None:
    """Raise `Superseded` if the result of the work is not wanted any more."""
    is_wanted = getattr(_state, "is_wanted", None)
    if is_wanted is not None and not is_wanted():
        raise Superseded


@contextmanager
def reporting(report: Report) -> Iterator[None]:
    """Let `report` be told what each thread works at in this block; "" where it is at nothing."""
    before = getattr(_state, "report", None)
    _state.report = report
    try:
        yield
    finally:
        _state.report = before


@contextmanager
def working_at(what: str) -> Iterator[None]:
    """Let it be known that this thread works at a step or an input in this block."""
    report, before = getattr(_state, "report", None), getattr(_state, "at", "")
    if report is None:
        yield
        return
    _state.at = what
    report(what)
    try:
        yield
    except MemoryError as error:
        if isinstance(error, GraticuleError):
            raise
        raise MemoryBudgetError("needs more memory than there is for a view", where=what) from None
    finally:
        _state.at = before
        report(before)


def is_part() -> bool:
    """Whether this is a part of what is done side by side."""
    return getattr(_state, "is_part", False)


def side_by_side(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterable[Any]:
    """Call a function on all items, on all processors, in their order; of a part, in turn."""
    return _mapped(function, items, _pool)


def behind(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterable[Any]:
    """Do so as `side_by_side`, but let what somebody waits for go first."""
    return _mapped(function, items, _pool_behind)


def _mapped(
    function: Callable[[Any], Any],
    items: Iterable[Any],
    pool: Callable[[], ThreadPoolExecutor],
) -> Iterable[Any]:
    held: Sequence[Any] = list(items)
    if len(held) < 2 or is_part():
        return [_wanted(function, item) for item in held]
    is_wanted, report = getattr(_state, "is_wanted", None), getattr(_state, "report", None)
    return pool().map(lambda item: _part(function, item, is_wanted, report), held)


def _wanted(function: Callable[[Any], Any], item: Any) -> Any:
    require_wanted()
    return function(item)


def _part(
    function: Callable[[Any], Any],
    item: Any,
    is_wanted: Callable[[], bool] | None,
    report: Report | None,
) -> Any:
    _state.is_part, _state.report = True, report
    try:
        with working_alone(), wanted_while(is_wanted or (lambda: True)):
            return _wanted(function, item)
    finally:
        _state.is_part, _state.report = False, None


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="live")


@cache
def _pool_behind() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="behind", initializer=_yield_to)


def _yield_to() -> None:
    """Let this thread have a processor when the others do not want it, where a system can."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


renew_in_child(_pool.cache_clear)
renew_in_child(_pool_behind.cache_clear)
