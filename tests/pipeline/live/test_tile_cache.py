"""The cache of tiles: bounded, each value made once, no error kept."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from graticule.pipeline.live.cache import TileCache


def made(keys: Sequence[Hashable]) -> dict[Hashable, np.ndarray]:
    return {key: np.full(10, key) for key in keys}


def test_what_was_not_asked_for_longest_goes_first() -> None:
    cache = TileCache(limit=240)
    cache.get_all([1, 2, 3], made)
    cache.get_all([1], made)
    cache.get_all([4], made)
    assert cache.bytes == 240
    asked: list[Hashable] = []

    def watched(keys: Sequence[Hashable]) -> dict[Hashable, np.ndarray]:
        asked.extend(keys)
        return made(keys)

    found = cache.get_all([1, 3, 4, 2], watched)
    assert asked == [2]
    assert {key: int(value[0]) for key, value in found.items()} == {1: 1, 2: 2, 3: 3, 4: 4}


def test_more_than_there_is_room_for_is_given_all_the_same() -> None:
    cache = TileCache(limit=100)
    assert len(cache.get_all(range(50), made)) == 50
    assert cache.bytes <= 100


def test_what_several_ask_for_at_once_is_made_once() -> None:
    cache, calls, gate = TileCache(limit=10**6), [], threading.Barrier(6)

    def slow(keys: Sequence[Hashable]) -> dict[Hashable, np.ndarray]:
        calls.extend(keys)
        threading.Event().wait(0.02)
        return made(keys)

    def ask(first: int) -> list[int]:
        gate.wait()
        return [int(each[0]) for each in cache.get_all(range(first, first + 8), slow).values()]

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(ask, range(6)))
    assert found == [list(range(first, first + 8)) for first in range(6)]
    assert sorted(calls) == list(range(13))


def test_an_error_is_of_the_one_who_asked_and_is_not_kept() -> None:
    cache, begun, end = TileCache(limit=10**6), threading.Event(), threading.Event()

    def failing(keys: Sequence[Hashable]) -> dict[Hashable, np.ndarray]:
        begun.set()
        end.wait()
        raise ValueError("no")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get_all, [1, 2], failing)
        begun.wait()
        second = pool.submit(cache.get_all, [2, 3], made)
        end.set()
        with pytest.raises(ValueError, match="no"):
            first.result()
        assert sorted(second.result()) == [2, 3]


def test_who_may_not_wait_makes_what_others_make() -> None:
    cache, begun, end = TileCache(limit=10**6), threading.Event(), threading.Event()

    def slow(keys: Sequence[Hashable]) -> dict[Hashable, np.ndarray]:
        begun.set()
        end.wait()
        return made(keys)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(cache.get_all, [1, 2], slow)
        begun.wait()
        assert sorted(cache.get_all([2, 3], made, waits=False)) == [2, 3]
        end.set()
        assert sorted(other.result()) == [1, 2]
