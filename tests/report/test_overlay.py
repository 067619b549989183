"""Numbers of objects stand inside them, whatever their shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graticule.report.figures.pictures import _inmost

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)).filter(np.any)


@settings(deadline=None)  # the first call imports SciPy
@given(MASKS)
def test_a_number_stands_on_its_object(mask: np.ndarray) -> None:
    y, x = _inmost(mask)
    assert mask[int(y), int(x)]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_ring_and_a_bar(turn: int) -> None:
    y, x = np.mgrid[-20:21, -20:21]
    ring = (np.hypot(y, x) < 18) & (np.hypot(y, x) > 8)
    place = _inmost(np.rot90(ring, turn))
    assert 11 < np.hypot(place[0] - 20, place[1] - 20) < 15
    bar = np.zeros((9, 31), bool)
    bar[3:6, 2:29] = True
    assert _inmost(bar) == (4.0, 15.0)


@settings(deadline=None, max_examples=20)
@given(MASKS, st.integers(0, 5), st.integers(0, 5))
def test_it_moves_with_the_object(mask: np.ndarray, down: int, along: int) -> None:
    moved = np.pad(mask, ((down, 0), (along, 0)))
    y, x = _inmost(mask)
    assert _inmost(moved) == (y + down, x + along)
