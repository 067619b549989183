"""Where work is done: in this thread, on threads, in processes, or on a dask.distributed cluster.

Each gives a ``map`` that keeps the order and holds no more than a few results at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain, islice
from typing import Any, Self

from graticule.core.errors import RequestError
from graticule.pipeline.cluster import close, connect, result_or_lost, told
from graticule.pipeline.processes import ProcessPool, work_through

BATCH = 16
"""Most items that a process is handed at once."""


class Workers:
    """Threads or processes of this machine, or the workers of a cluster.

    Parameters
    ----------
    count : int
        Threads or processes; 1 works in the calling thread.
    processes : bool
        Whether to work in processes, which a program may only ask for whose main module can be
        imported again (``if __name__ == "__main__"``); worth it for many short calls of Python.
    cluster : str, optional
        Address of a dask.distributed scheduler, as ``tcp://127.0.0.1:8786``.

    Raises
    ------
    RequestError
        If the cluster cannot be reached, or ``distributed`` is not installed.

    Examples
    --------
    >>> with Workers(2) as workers:
    ...     list(workers.map(abs, [-1, 2, -3]))
    [1, 2, 3]
    """

    def __init__(
        self, count: int = 1, *, processes: bool = False, cluster: str | None = None
    ) -> None:
        self.count = count
        self._pool: ThreadPoolExecutor | ProcessPool | None = None
        self._client: Any = None
        self._stopped = threading.Event()
        if cluster is not None:
            self._client = connect(cluster)
            self.count = max(1, sum(self._client.nthreads().values()))
        elif count > 1:
            threads = partial(ThreadPoolExecutor, count, thread_name_prefix="graticule")
            self._pool = ProcessPool(count) if processes else threads()

    @property
    def is_remote(self) -> bool:
        """Whether the work is done on a cluster."""
        return self._client is not None

    @property
    def has_processes(self) -> bool:
        """Whether the work is done in processes of this machine."""
        return isinstance(self._pool, ProcessPool)

    @property
    def are_forks(self) -> bool:
        """Whether the processes will have what this one has imported and compiled when it maps."""
        return isinstance(self._pool, ProcessPool) and self._pool.are_forks

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        lost: Callable[[Any], Any] | None = None,
    ) -> Iterator[Any]:
        """Apply a function to items, in parallel, giving the results in order.

        Parameters
        ----------
        function : callable
            From an item to its result.
        items : iterable
            What it is applied to.
        lost : callable, optional
            From an item to its result where the work on it ended every worker of a cluster that
            tried; by default that is an error.

        Raises
        ------
        RequestError
            If processes end that should not, or the cluster is lost.
        """
        if self._client is not None:
            submit = partial(self._client.submit, function, pure=False)
            result_of = partial(result_or_lost, lost)
            return told(self._client, self._windowed(submit, items, result_of))
        pool = self._pool
        if isinstance(pool, ProcessPool):
            work = partial(work_through, function)
            batches = _batches(list(items), self.count)
            return chain.from_iterable(
                self._windowed(lambda each: pool.submit(work, each), batches)
            )
        if pool is not None:
            return self._windowed(lambda item: pool.submit(function, item), items)
        return map(function, items)

    def raise_if_stopped(self, message: str = "") -> None:
        """Raise `KeyboardInterrupt` in a thread whose work nobody waits for any more."""
        if self._stopped.is_set():
            raise KeyboardInterrupt(message)

    def _windowed(
        self,
        submit: Callable[[Any], Future[Any]],
        items: Iterable[Any],
        result_of: Callable[[Any, Future[Any]], Any] = lambda item, future: future.result(),
    ) -> Iterator[Any]:
        """Keep two tasks a worker under way, so that neither memory nor patience runs out."""
        waiting: deque[tuple[Any, Future[Any]]] = deque()
        try:
            for item in items:
                waiting.append((item, submit(item)))
                if len(waiting) >= 2 * self.count:
                    yield result_of(*waiting.popleft())
            while waiting:
                yield result_of(*waiting.popleft())
        except BrokenProcessPool:
            raise RequestError(
                "a process that worked on images ended, maybe for want of memory",
                hint="run the same command again, with fewer --workers: it goes on where it was",
            ) from None
        finally:
            for _, future in waiting:
                future.cancel()

    def close(self, *, wait: bool = True) -> None:
        """End the threads or processes, or let go of the cluster.

        Without ``wait``, work is not done to its end: threads are left to themselves and stop
        where they next call `raise_if_stopped`, processes end before their next item.
        """
        if isinstance(self._pool, ProcessPool):
            if not wait:
                self._pool.stopped.set()
            self._pool.shutdown(cancel_futures=True)
        elif self._pool is not None:
            if not wait:
                self._stopped.set()
            self._pool.shutdown(wait=wait, cancel_futures=True)
        if self._client is not None:
            close(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(wait=kind is None or not issubclass(kind, KeyboardInterrupt))


def _batches(items: Sequence[Any], count: int) -> Iterator[list[Any]]:
    """Give items in batches: large enough to be worth a message, small enough to be shared out."""
    size = max(1, min(BATCH, len(items) // (4 * count)))
    held = iter(items)
    while batch := list(islice(held, size)):
        yield batch
