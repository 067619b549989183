"""Where work is done: in this thread, on threads, or on a dask.distributed cluster.

Each gives a ``map`` that keeps the order and holds no more than a few results at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Self

from graticule.core.errors import RequestError

CONNECT_TIMEOUT = 10.0  # seconds


class Workers:
    """Threads of this process, or the workers of a cluster.

    Parameters
    ----------
    count : int
        Threads; 1 works in the calling thread.
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

    def __init__(self, count: int = 1, *, cluster: str | None = None) -> None:
        self.count = count
        self._pool: ThreadPoolExecutor | None = None
        self._client: Any = None
        self._stopped = threading.Event()
        if cluster is not None:
            self._client = _connect(cluster)
            self.count = max(1, sum(self._client.nthreads().values()))
        elif count > 1:
            self._pool = ThreadPoolExecutor(count, thread_name_prefix="graticule")

    @property
    def is_remote(self) -> bool:
        """Whether the work is done in other processes."""
        return self._client is not None

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Apply a function to items, in parallel, giving the results in order."""
        if self._client is not None:
            return self._windowed(partial(self._client.submit, function, pure=False), items)
        if self._pool is not None:
            pool = self._pool
            return self._windowed(lambda item: pool.submit(function, item), items)
        return map(function, items)

    def raise_if_stopped(self, message: str = "") -> None:
        """Raise `KeyboardInterrupt` in a thread whose work nobody waits for any more."""
        if self._stopped.is_set():
            raise KeyboardInterrupt(message)

    def _windowed(
        self, submit: Callable[[Any], Future[Any]], items: Iterable[Any]
    ) -> Iterator[Any]:
        """Keep two tasks a worker under way, so that neither memory nor patience runs out."""
        waiting: deque[Future[Any]] = deque()
        try:
            for item in items:
                waiting.append(submit(item))
                if len(waiting) >= 2 * self.count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self, *, wait: bool = True) -> None:
        """End the threads, or let go of the cluster.

        Without ``wait``, threads are left to themselves and stop where they next call
        `raise_if_stopped`.
        """
        if self._pool is not None:
            if not wait:
                self._stopped.set()
            self._pool.shutdown(wait=wait, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(wait=kind is None or not issubclass(kind, KeyboardInterrupt))


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise RequestError(
            "--cluster needs the package distributed", hint="pip install 'graticule[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise RequestError(
            f"no scheduler answers at {address}: {error}",
            hint="start one with: dask scheduler --host 127.0.0.1",
        ) from None
    if not client.nthreads():
        client.close()
        raise RequestError(
            f"the scheduler at {address} has no workers", hint=f"start one: dask worker {address}"
        )
    return client
