"""Workers: results in order, and an end as soon as it is asked for."""

from __future__ import annotations

import contextlib
import threading
import time

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
