"""Compiled: rows as tiles of 16, feature by feature, of integers in the order of the floats."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from graticule.learn.forest._lean import lean


class Table(NamedTuple):
    """A table of floats: the value of a feature of a row lies at the sum of so many steps."""

    flat: Any
    by_feature: int
    by_row: int


class Scratch(NamedTuple):
    """Room for one block of rows."""

    tile: Any
    bounds: Any
    rows: Any
    state: Any
    leaf: Any
    group: Any
    sums: Any
    place: Any
    lane_base: Any
    lane_node: Any


@njit(cache=True, nogil=True)
def scratch_of(size: int, features: int, channels: int) -> Scratch:
    """Make room for ``size`` rows, a multiple of 16."""
    groups = size // 16
    return Scratch(
        np.zeros(size * features, np.int32),
        np.zeros(groups * features * 2, np.int32),
        np.zeros(size + 16, np.uint32),
        np.zeros(size + 16, np.uint32),
        np.zeros(size, np.uint32),
        np.zeros(groups, np.uint32),
        np.zeros((size, channels)),
        np.zeros(size, np.int64),
        np.zeros(16, np.uint32),
        np.zeros(16, np.uint32),
    )


@lean
def ordered(value: Any) -> Any:
    """Return an integer that compares with others as the float32 does; both zeros are one."""
    bits = np.float32(np.float32(value) + np.float32(0)).view(np.int32)
    return bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF))


@njit(cache=True, nogil=True)
def known(columns: Table, used: Any, span: tuple[int, int], place: Any) -> int:
    """List the rows that have no NaN, in the order in which the table is stored."""
    flat, by_feature, by_row = columns
    start, stop = span
    missing = np.zeros(stop - start, np.bool_)
    if by_feature < by_row:
        for row in range(start, stop):
            for f in used:
                missing[row - start] |= np.isnan(flat[f * by_feature + row * by_row])
    else:
        for f in used:
            for row in range(start, stop):
                missing[row - start] |= np.isnan(flat[f * by_feature + row * by_row])
    count = 0
    for row in range(start, stop):
        place[count] = row
        count += not missing[row - start]
    return count


@lean
def fill(columns: Table, used: Any, room: Scratch, count: int) -> None:
    """Copy the rows listed in ``room.place`` into tiles."""
    flat, by_feature, by_row = columns
    features = used.size
    place, tile = room.place, room.tile
    if by_feature < by_row:
        for i in range(count):
            base = (i >> 4) * features * 16 + (i & 15)
            for f in range(features):
                tile[base + f * 16] = ordered(flat[used[f] * by_feature + place[i] * by_row])
    else:
        for f in range(features):
            first = used[f] * by_feature
            for i in range(count):
                at = ((i >> 4) * features + f) * 16 + (i & 15)
                tile[at] = ordered(flat[first + place[i] * by_row])


@lean
def limit(room: Scratch, features: int, count: int) -> None:
    """Note the smallest and largest value of each feature in each tile."""
    tile, bounds = room.tile, room.bounds
    for group in range((count + 15) // 16):
        top = min(16, count - group * 16)
        for f in range(features):
            base = (group * features + f) * 16
            low = high = tile[base]
            for lane in range(1, top):
                low = min(low, tile[base + lane])
                high = max(high, tile[base + lane])
            bounds[(group * features + f) * 2] = low
            bounds[(group * features + f) * 2 + 1] = high
