"""The comparisons of boxes: order, shared work and results that nobody needs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.ops.filters._merge import merged_in_boxes
from graticule.ops.filters._merge_layout import Stage
from graticule.ops.filters._merge_plan import plan_of


@given(st.integers(0, 9), st.integers(0, 9))
def test_merging_sorts_every_two_sorted_lists_of_bits(a: int, b: int) -> None:
    # A network that sorts all zeros and ones sorts everything (Knuth, 5.3.4, theorem Z).
    stage = Stage()
    order = stage.merge([-1 - i for i in range(a)], [-101 - i for i in range(b)])
    for ones, others in itertools.product(range(a + 1), range(b + 1)):
        values = {-1 - i: int(i >= a - ones) for i in range(a)}
        values |= {-101 - i: int(i >= b - others) for i in range(b)}
        for number, (x, y) in enumerate(stage.compared):
            pair = sorted((values[x], values[y]))  # type: ignore[index]
            values[2 * number], values[2 * number + 1] = pair
        assert [values[x] for x in order] == sorted(values[x] for x in order)  # type: ignore[index]


@pytest.mark.parametrize("side", [3, 5, 9, 15])
def test_windows_share_most_of_the_work(side: int) -> None:
    plan = plan_of(1, side, side, side * side // 2, 8)
    alone = plan_of(1, side, side, side * side // 2, 1)
    assert plan.work <= alone.work < 2.5 * side * side * np.log2(side)
    assert plan.lines == side + plan.tile - 1


@given(st.data())
def test_every_rank_of_every_box(data: Any) -> None:
    box = tuple(data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=3), label="box"))
    more = [data.draw(st.integers(0, 9)) for _ in box]
    shape = tuple(n + m for n, m in zip(box, more, strict=True))
    rank = data.draw(st.integers(0, int(np.prod(box)) - 1), label="rank")
    dtype = data.draw(st.sampled_from(["uint8", "int16", "float32"]))
    values = np.random.default_rng(0).integers(0, 99, shape).astype(dtype)
    if np.prod(box) == 1:
        return
    views = np.lib.stride_tricks.sliding_window_view(values, box)
    wanted = np.sort(views.reshape(*views.shape[: len(box)], -1), axis=-1)[..., rank]
    np.testing.assert_array_equal(merged_in_boxes(values, box, rank), wanted)
