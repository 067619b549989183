"""Workers: results in order, and an end as soon as it is asked for."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from graticule.core.errors import FormatError, RequestError
from graticule.pipeline.cluster import result_or_lost, told
from graticule.pipeline.workers import Workers


def test_an_interrupt_does_not_wait_for_work_under_way() -> None:
    ended, release = threading.Event(), threading.Event()

    def work(number: int) -> int:
        if number:
            return number
        release.wait(60)
        try:
            workers.raise_if_stopped()
        except KeyboardInterrupt:
            ended.set()
            raise
        return number

    started = time.monotonic()
    workers = Workers(2)
    with contextlib.suppress(KeyboardInterrupt), workers:
        assert next(iter(workers.map(work, [1, 0, 1, 1, 1]))) == 1
        raise KeyboardInterrupt
    assert time.monotonic() - started < 30
    release.set()
    assert ended.wait(30)


def test_work_goes_on_while_nobody_stops_it() -> None:
    with Workers(2) as workers:
        workers.raise_if_stopped("step")
        assert list(workers.map(abs, range(-9, 0))) == list(range(9, 0, -1))


def _end(number: int) -> int:
    if number == 5:
        os._exit(9)
    return number


def test_processes_keep_the_order_and_work_in_batches() -> None:
    with Workers(2, processes=True) as workers:
        assert workers.has_processes
        assert list(workers.map(abs, range(-100, 0))) == list(range(100, 0, -1))


def test_a_process_that_ends_is_told_with_the_way_on() -> None:
    with pytest.raises(RequestError, match="--workers"), Workers(2, processes=True) as workers:
        list(workers.map(_end, range(10)))


def test_an_interrupted_pool_leaves_no_process_behind() -> None:
    with contextlib.suppress(KeyboardInterrupt), Workers(2, processes=True) as workers:
        assert next(iter(workers.map(abs, range(1000)))) == 0
        raise KeyboardInterrupt
    assert not multiprocessing.active_children()


def test_beside_a_thread_processes_come_from_a_server() -> None:
    release = threading.Event()
    beside = threading.Thread(target=release.wait, daemon=True)
    beside.start()
    try:
        with Workers(2, processes=True) as workers:
            assert not workers.are_forks
            assert list(workers.map(abs, range(-20, 0))) == list(range(20, 0, -1))
    finally:
        release.set()
        beside.join()


_ALONE = """
from graticule.pipeline.workers import Workers

held = []

def what_is_held(_):
    return held

with Workers(2, processes=True) as workers:
    assert workers.are_forks
    held.append(7)
    assert list(workers.map(what_is_held, range(4))) == [[7]] * 4
"""


@pytest.mark.skipif(sys.platform != "linux", reason="programs are forked on Linux alone")
def test_forks_hold_what_the_program_did_before_it_mapped() -> None:
    subprocess.run([sys.executable, "-c", _ALONE], check=True, timeout=120)


class _Scheduler:
    """A stand-in for a client of a cluster, and for its scheduler."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.scheduler = self
        self.address = "tcp://127.0.0.1:8786"


def test_a_scheduler_that_is_lost_is_named_with_the_way_on() -> None:
    comm = pytest.importorskip("distributed.comm")

    def results(error: Exception) -> Iterator[int]:
        yield 1
        raise error

    lost = [(CancelledError("x"), "running"), (comm.CommClosedError("x"), "running"),
            (TimeoutError(), "closed"), (RuntimeError("x"), "connecting")]  # fmt: skip
    for error, status in lost:
        given = told(_Scheduler(status), results(error))
        assert next(given) == 1
        with pytest.raises(RequestError, match=r"tcp://127\.0\.0\.1:8786 was lost.*same command"):
            next(given)


def test_an_error_of_the_work_is_not_blamed_on_the_scheduler() -> None:
    pytest.importorskip("distributed")

    def results() -> Iterator[int]:
        yield 1
        raise FormatError("is no image", where="a.png")

    given = told(_Scheduler("running"), results())
    next(given)
    with pytest.raises(FormatError, match="is no image"):
        next(given)


def test_work_that_ends_every_worker_is_given_up_or_told() -> None:
    distributed = pytest.importorskip("distributed")

    class Killed:
        def result(self) -> int:
            raise distributed.KilledWorker("task", None, 3)

    assert result_or_lost(lambda item: f"lost {item}", 7, Killed()) == "lost 7"
    with pytest.raises(RequestError, match="ended 4 workers"):
        result_or_lost(None, 7, Killed())
