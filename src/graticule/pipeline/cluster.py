"""A dask.distributed cluster: found, told of when it is lost, and let go of."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

from graticule.core.errors import RequestError

CONNECT_TIMEOUT = 10.0  # seconds
_CLOSE_TIMEOUT = 2.0
_GOES_ON = "the same command goes on where it stopped"


def connect(address: str) -> Any:
    """Return a client of the scheduler at an address.

    Raises
    ------
    RequestError
        If there is none, it has no workers, or ``distributed`` is not installed.
    """
    try:
        from distributed import Client
    except ImportError:
        raise RequestError(
            "--cluster needs the package distributed", hint="pip install 'graticule[cluster]'"
        ) from None
    _silence()
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


def _silence() -> None:
    """Have what distributed says of a lost scheduler told by our own error, not as tracebacks."""
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.batched"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def result_or_lost(lost: Callable[[Any], Any] | None, item: Any, future: Any) -> Any:
    """Return the result of an item; that of ``lost`` if the work on it ended every worker."""
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        if lost is not None:
            return lost(item)
        raise RequestError(
            f"the work ended {error.allowed_failures + 1} workers of the cluster, one after the "
            "other, maybe for want of memory",
            hint=f"give workers more memory, or less to each by --memory: {_GOES_ON}",
        ) from None


def told(client: Any, results: Iterator[Any]) -> Iterator[Any]:
    """Give results; an error that comes of a lost scheduler names it, and the way on."""
    from concurrent.futures import CancelledError

    from distributed.comm import CommClosedError

    address = client.scheduler.address
    try:
        yield from results
    except RequestError:
        raise
    except Exception as error:
        if client.status == "running" and not isinstance(error, (CancelledError, CommClosedError)):
            raise
        raise RequestError(
            f"the scheduler at {address} was lost",
            hint=f"start it and its workers again: {_GOES_ON}",
        ) from None


def close(client: Any) -> None:
    """Let go of a cluster, which may be there no more."""
    with contextlib.suppress(Exception):
        client.close(timeout=_CLOSE_TIMEOUT)
