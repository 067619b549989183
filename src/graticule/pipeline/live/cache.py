"""Tiles of results that are kept while somebody looks at them, shared by all who do."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias

Compute = Callable[[Sequence[Hashable]], Mapping[Hashable, Any]]
"""From the keys that are missing to their values."""
_Work: TypeAlias = "Future[Mapping[Hashable, Any]]"


class TileCache:
    """Values by key; of those that were not asked for longest some go where there are too many.

    What several ask for at once is computed once: the others wait for it.

    Parameters
    ----------
    limit : int
        Bytes of the values (their ``nbytes``) that are kept.

    Examples
    --------
    >>> import numpy as np
    >>> cache = TileCache(limit=1000)
    >>> made = cache.get_all(["a", "b"], lambda keys: {key: np.zeros(9) for key in keys})
    >>> len(made), cache.bytes
    (2, 144)
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._under_way: dict[Hashable, _Work] = {}
        self._lock = threading.Lock()

    def get_all(
        self, keys: Iterable[Hashable], compute: Compute, *, waits: bool = True
    ) -> dict[Hashable, Any]:
        """Return the values of all keys; ``compute`` makes those that are not there.

        An error of ``compute`` is raised here; who waited for the same values makes them again.
        Who may not wait, as a part of what others wait for, makes them all.
        """
        wanted = list(dict.fromkeys(keys))
        found: dict[Hashable, Any] = {}
        while len(found) < len(wanted):
            mine, own, others = self._claim([key for key in wanted if key not in found], found)
            if mine:
                found |= self._made(mine, own, compute)
            if others and not waits:
                found |= compute([key for keys in others.values() for key in keys])
                break
            for work, theirs in others.items():
                if work.exception() is None:
                    found |= {key: work.result()[key] for key in theirs}
        return found

    def _claim(
        self, keys: Sequence[Hashable], found: dict[Hashable, Any]
    ) -> tuple[list[Hashable], _Work, dict[_Work, list[Hashable]]]:
        """Add what is there to ``found``; return what is to be made here, and what others make."""
        mine: list[Hashable] = []
        own: _Work = Future()
        others: dict[_Work, list[Hashable]] = {}
        with self._lock:
            for key in keys:
                if key in self._values:
                    self._values.move_to_end(key)
                    found[key] = self._values[key]
                elif key in self._under_way:
                    others.setdefault(self._under_way[key], []).append(key)
                else:
                    mine.append(key)
                    self._under_way[key] = own
        return mine, own, others

    def _made(
        self, mine: Sequence[Hashable], own: _Work, compute: Compute
    ) -> Mapping[Hashable, Any]:
        try:
            made = compute(mine)
        except BaseException as error:
            with self._lock:
                for key in mine:
                    del self._under_way[key]
            own.set_exception(error)
            raise
        with self._lock:
            for key in mine:
                self._keep(key, made[key])
                del self._under_way[key]
        own.set_result(made)
        return made

    def _keep(self, key: Hashable, value: Any) -> None:
        self._values[key] = value
        self.bytes += value.nbytes
        while self.bytes > self.limit and self._values:
            _, gone = self._values.popitem(last=False)
            self.bytes -= gone.nbytes
