"""Numbers of objects stand inside them, whatever their shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graticule.report.figures.pictures import _inmost

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)).filter(np.any)


LABELS = hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
                    elements=st.integers(0, 4))  # fmt: skip


def place_in(mask: np.ndarray) -> tuple[int, int]:
    return _inmost(mask.astype(np.int64))[1]


@settings(deadline=None)  # the first call may compile
@given(LABELS)
def test_every_number_stands_on_its_object(labels: np.ndarray) -> None:
    places = _inmost(labels)
    assert set(places) == set(np.unique(labels)) - {0}
    assert all(labels[place] == number for number, place in places.items())


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_ring_and_a_bar(turn: int) -> None:
    y, x = np.mgrid[-20:21, -20:21]
    ring = (np.hypot(y, x) < 18) & (np.hypot(y, x) > 8)
    place = place_in(np.rot90(ring, turn))
    assert 11 < np.hypot(place[0] - 20, place[1] - 20) < 15
    bar = np.zeros((9, 31), bool)
    bar[3:6, 2:29] = True
    assert place_in(bar) == (4, 15)


@settings(deadline=None, max_examples=20)
@given(MASKS, st.integers(0, 5), st.integers(0, 5))
def test_it_moves_with_the_object(mask: np.ndarray, down: int, along: int) -> None:
    moved = np.pad(mask, ((down, 0), (along, 0)))
    y, x = place_in(mask)
    assert place_in(moved) == (y + down, x + along)
