"""Compiled growth of one tree."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from graticule.learn.forest._lean import lean
from graticule.learn.forest._split_kernels import (
    Data,
    Room,
    Rule,
    room_for,
    search,
    squares_of,
    weight_of,
)

_U = np.uint64


class Grown(NamedTuple):
    """The nodes of a tree, the children of each side by side; ``left`` is -1 at a leaf."""

    feature: Any
    left: Any
    threshold: Any
    value: Any
    weight: Any
    importance: Any


@lean
def _sum_up(data: Data, weight: Any, rows: Any, room: Room) -> bool:
    """Sum the channels of a node; return whether all its rows say the same."""
    total = room.total
    for channel in range(data.channels):
        total[channel] = 0.0
    same = True
    if data.regression:
        first = data.target[rows[0]]
        for row in rows:
            total[0] += weight[row] * data.target[row]
            total[1] += weight[row]
            same &= data.target[row] == first
    else:
        only = data.code[rows[0]]
        for row in rows:
            total[data.code[row]] += weight[row]
            same &= data.code[row] == only
    return same


@lean
def _part(data: Data, rows: Any, room: Room) -> Any:
    """Bring the rows of the left side to the front, both in their order; return how many."""
    codes, buffer = data.codes, room.buffer
    feature, border = np.int64(room.best[1]), np.int64(room.best[2])
    near, far = _U(0), _U(0)
    for i in range(rows.size):
        row = rows[_U(i)]
        left = codes[row, feature] <= border
        rows[near] = row
        buffer[far] = row
        near += _U(left)
        far += _U(not left)
    for i in range(far):
        rows[near + _U(i)] = buffer[_U(i)]
    return np.int64(near)


@lean
def _say(data: Data, grown: Grown, room: Room, node: int) -> None:
    """Write what a node says: the share of each class, or the mean of the target."""
    weight = weight_of(data, room.total)
    grown.weight[node] = weight
    grown.left[node] = -1
    grown.feature[node] = -1
    grown.threshold[node] = 0.0
    for channel in range(grown.value.shape[1]):
        grown.value[node, channel] = room.total[channel] / weight


@njit(cache=True, nogil=True)
def _nodes_for(data: Data, rows: int) -> Grown:
    size = 2 * rows - 1
    return Grown(
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size),
        np.empty((size, 1 if data.regression else data.channels)),
        np.empty(size),
        np.zeros(data.codes.shape[1]),
    )


@njit(cache=True, nogil=True)
def grow(data: Data, rule: Rule, weight: Any, seed: Any) -> Grown:
    """Grow a tree on the rows that have weight; children follow their parents."""
    rows = np.flatnonzero(weight).astype(np.uint32)
    room = room_for(data, rule, rows.size, seed)
    grown = _nodes_for(data, rows.size)
    waiting = np.zeros((rows.size + 1, 4), np.int64)
    waiting[0, 2] = rows.size
    size, count = 1, 1
    while size:
        size -= 1
        node, begin, end, depth = waiting[size]
        own = rows[begin:end]
        same = _sum_up(data, weight, own, room)
        _say(data, grown, room, node)
        if same or own.size < max(rule.min_split, 2 * rule.min_leaf) or depth >= rule.max_depth:
            continue
        if not search(data, rule, weight, own, room):
            continue
        middle = begin + _part(data, own, room)
        feature = np.int64(room.best[1])
        grown.importance[feature] += room.best[0] - squares_of(data, room.total) / weight_of(
            data, room.total
        )
        grown.feature[node], grown.threshold[node] = feature, room.best[3]
        grown.left[node] = count
        waiting[size] = (count + 1, middle, end, depth + 1)
        waiting[size + 1] = (count, begin, middle, depth + 1)
        size += 2
        count += 2
    return Grown(
        grown.feature[:count].copy(),
        grown.left[:count].copy(),
        grown.threshold[:count].copy(),
        grown.value[:count].copy(),
        grown.weight[:count].copy(),
        grown.importance,
    )


@njit(cache=True, nogil=True)
def add_oob(grown: Grown, rows: Any, weight: Any, oob_sum: Any, oob_count: Any) -> None:
    """Add what a tree says of the rows that it did not see."""
    for row in range(rows.shape[0]):
        if weight[row] > 0:
            continue
        node = 0
        while grown.left[node] >= 0:
            right = rows[row, grown.feature[node]] > grown.threshold[node]
            node = grown.left[node] + right
        for channel in range(oob_sum.shape[1]):
            oob_sum[row, channel] += grown.value[node, channel]
        oob_count[row] += 1
