"""Parts cover the range once, in order, and do not depend on who calls."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core import map_ranges


@given(st.integers(0, 200), st.integers(0, 50))
def test_parts_cover_the_range_in_order(size, least):
    parts = map_ranges(lambda start, stop: list(range(start, stop)), size, least=least)
    assert [index for part in parts for index in part] == list(range(size))
    assert all(parts)


@given(st.integers(1, 200), st.integers(1, 50))
def test_a_part_may_spread_its_own_work_and_finds_the_same_parts(size, least):
    alone = map_ranges(lambda start, stop: (start, stop), size, least=least)
    nested = map_ranges(
        lambda *_: map_ranges(lambda start, stop: (start, stop), size, least=least), 4
    )
    assert nested == [alone] * 4


def test_an_error_reaches_the_caller():
    def fail(start: int, stop: int) -> None:
        raise ValueError("part")

    with pytest.raises(ValueError, match="part"):
        map_ranges(fail, 10)


def test_large_jobs_leave_the_calling_thread():
    threads = set(map_ranges(lambda *_: threading.get_ident(), 1000))
    assert threading.get_ident() not in threads
