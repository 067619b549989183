"""Compiled search for the best split of a node.

The split is found from histograms of a few features, drawn at random: the sums of each class (or of
the target and the weight) in each of at most 256 bins. Only bins that hold a row of the node are
looked at, so small nodes, of which most of a deep tree consists, cost little.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from graticule.learn.forest._lean import lean

BINS = 256
AT_ONCE = 8
"""Features whose histograms are filled in one pass over the rows."""

_U = np.uint64
_WORD = 64


class Data(NamedTuple):
    """What trees are grown from.

    ``codes`` (rows, features) uint8; ``low`` and ``high`` (features, 256), the smallest and
    largest value in each bin; ``code`` class of each row; ``target`` of each row, for regression.
    """

    codes: Any
    low: Any
    high: Any
    code: Any
    target: Any
    channels: int
    regression: bool


class Rule(NamedTuple):
    """How trees are grown."""

    max_features: int
    max_depth: int
    min_split: int
    min_leaf: int
    random: bool


class Room(NamedTuple):
    """Room for one node at a time."""

    sums: Any
    seen: Any
    tally: Any
    order: Any
    bins: Any
    total: Any
    left: Any
    right: Any
    best: Any
    random: Any
    buffer: Any


@intrinsic
def _lowest_bit(typing_context: Any, word: Any) -> Any:
    """Return the number of the lowest bit set, of a word that is not 0."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], context.get_constant(types.boolean, True))

    return types.uint64(types.uint64), code


@lean
def _draw(state: Any) -> Any:
    """Return the next 64 random bits (splitmix64)."""
    state[0] += _U(0x9E3779B97F4A7C15)
    word = state[0]
    word = (word ^ (word >> _U(30))) * _U(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> _U(27))) * _U(0x94D049BB133111EB)
    return word ^ (word >> _U(31))


@lean
def _below(state: Any, size: int) -> Any:
    """Return a random number of ``range(size)``, ``size`` below 2**31."""
    return np.int64(((_draw(state) >> _U(32)) * _U(size)) >> _U(32))


@njit(cache=True, nogil=True)
def drawn(size: int, seed: Any) -> Any:
    """Return how often each row is drawn in a bootstrap sample, (rows,) float64."""
    state = np.array([seed], np.uint64)
    count = np.zeros(size)
    for _ in range(size):
        count[_below(state, size)] += 1.0
    return count


@njit(cache=True, nogil=True)
def room_for(data: Data, rule: Rule, rows: int, seed: Any) -> Room:
    """Make room for a tree of so many rows."""
    return Room(
        np.zeros(AT_ONCE * BINS * data.channels),
        np.zeros(AT_ONCE * BINS // _WORD, np.uint64),
        np.zeros(AT_ONCE * BINS if rule.min_leaf > 1 else 1, np.int64),
        np.arange(data.codes.shape[1]).astype(np.uint32),
        np.zeros(BINS, np.uint64),
        np.zeros(data.channels),
        np.zeros(data.channels),
        np.zeros(data.channels),
        np.zeros(4),
        np.array([seed], np.uint64),
        np.zeros(rows, np.uint32),
    )


@lean
def weight_of(data: Data, sums: Any) -> float:
    """Return the weight of a node."""
    total = 0.0
    for channel in range(1 if data.regression else 0, data.channels):
        total += sums[channel]
    return total


@lean
def squares_of(data: Data, sums: Any) -> float:
    """Return the sum of squares: by weight, the larger over both sides, the purer they are."""
    squares = 0.0
    for channel in range(1 if data.regression else data.channels):
        squares += sums[channel] * sums[channel]
    return squares


@lean
def _count(data: Data, weight: Any, rows: Any, room: Room, first: int, width: int) -> None:
    """Fill the histograms of the features from ``first`` on in ``room.order``."""
    codes, sums, order, channels = data.codes, room.sums, room.order, _U(data.channels)
    if data.regression:
        for row in rows:
            amount = weight[row]
            moment = amount * data.target[row]
            for j in range(width):
                at = (_U(j * BINS) + _U(codes[row, order[first + j]])) * _U(2)
                sums[at] += moment
                sums[at + _U(1)] += amount
        return
    for row in rows:
        amount = weight[row]
        channel = _U(data.code[row])
        for j in range(width):
            bin = _U(j * BINS) + _U(codes[row, order[first + j]])
            sums[bin * channels + channel] += amount


@lean
def _mark(data: Data, rows: Any, room: Room, first: int, width: int) -> None:
    """Mark the bins that hold rows, and count rows where leaves must have several."""
    codes, seen, order = data.codes, room.seen, room.order
    for row in rows:
        for j in range(width):
            bin = _U(codes[row, order[first + j]])
            seen[_U(j * 4) + (bin >> _U(6))] |= _U(1) << (bin & _U(63))
    if room.tally.size > 1:
        for row in rows:
            for j in range(width):
                room.tally[j * BINS + codes[row, order[first + j]]] += 1


@lean
def _list(seen: Any, j: int, bins: Any) -> Any:
    """List the bins marked of a feature, unmark them, and return how many there are."""
    count = _U(0)
    for part in range(4):
        word = seen[_U(j * 4 + part)]
        seen[_U(j * 4 + part)] = _U(0)
        while word:
            bins[count] = _U(part * 64) + _lowest_bit(word)
            word &= word - _U(1)
            count += _U(1)
    return np.int64(count)


@lean
def _anywhere(data: Data, room: Room, feature: int, count: int) -> tuple[int, float]:
    """Return a random threshold between the outer bins, and the first bin in the list above it."""
    least = np.float64(data.high[feature, room.bins[0]])
    most = np.float64(data.low[feature, room.bins[count - 1]])
    part = np.float64(_draw(room.random) >> _U(11)) / 9007199254740992.0
    wanted = least + part * (most - least)
    above = 1
    while above < count - 1 and data.low[feature, room.bins[above]] <= wanted:
        above += 1
    return above, max(wanted, np.float64(data.high[feature, room.bins[above - 1]]))


@lean
def _between(low: Any, high: Any) -> float:
    """Return a threshold that parts two float32 values, the middle where floats have one."""
    middle = np.float32((np.float64(low) + np.float64(high)) / 2)
    return np.float64(middle if low <= middle < high else low)


@lean
def _scan(data: Data, rule: Rule, room: Room, node: tuple[float, int], j: int, feature: int) -> Any:
    """Look for a better split of one feature, and empty its histogram; False if it is constant.

    Between two bins with rows of one and the same class there is no best split, so it is not tried
    (Fayyad and Irani 1992), unless leaves must have several rows.
    """
    weight, size = node
    best, bins, sums, left, right = room.best, room.bins, room.sums, room.left, room.right
    scored = 1 if data.regression else data.channels
    few = rule.min_leaf > 1
    count = _list(room.seen, j, bins)
    asked, wanted = _anywhere(data, room, feature, count) if rule.random else (-1, 0.0)
    for channel in range(data.channels):
        left[channel], right[channel] = 0.0, room.total[channel]
    near, far, passed, left_size, before = 0.0, squares_of(data, right), 0.0, 0, -1
    for i in range(count):
        bin = bins[_U(i)]
        at = (_U(j * BINS) + bin) * _U(data.channels)
        amount, more, less, classes, here = 0.0, 0.0, 0.0, 0, -1
        for channel in range(scored):
            value = sums[at + _U(channel)]
            if value != 0.0:
                more += value * (2.0 * left[_U(channel)] + value)
                less += value * (value - 2.0 * right[_U(channel)])
                left[_U(channel)] += value
                right[_U(channel)] -= value
                sums[at + _U(channel)] = 0.0
                amount += value
                classes += 1
                here = channel
        if data.regression:
            amount = sums[at + _U(1)]
            sums[at + _U(1)] = 0.0
        here = -1 if data.regression or classes > 1 else here
        worth = i == asked if rule.random else i > 0 and (here < 0 or here != before or few)
        if worth and (not few or min(left_size, size - left_size) >= rule.min_leaf):
            scale = passed * (weight - passed)
            found = near * (weight - passed) + far * passed
            if found > best[0] * scale:
                border = data.high[feature, bins[_U(i - 1)]]
                best[0], best[1], best[2] = found / scale, feature, bins[_U(i - 1)]
                best[3] = wanted if rule.random else _between(border, data.low[feature, bin])
        near, far, passed, before = near + more, far + less, passed + amount, here
        if few:
            left_size += room.tally[j * BINS + np.int64(bin)]
            room.tally[j * BINS + np.int64(bin)] = 0
    return count > 1


@lean
def search(data: Data, rule: Rule, weight: Any, rows: Any, room: Room) -> bool:
    """Find the best split over features drawn at random, more while all of them are constant."""
    features = data.codes.shape[1]
    order = room.order
    node = (weight_of(data, room.total), rows.size)
    room.best[0] = -1.0
    visited, varied = 0, 0
    while visited < features and (visited < rule.max_features or varied == 0):
        width = min(AT_ONCE, features - visited, max(rule.max_features - visited, 1))
        for j in range(visited, visited + width):
            other = j + _below(room.random, features - j)
            order[j], order[other] = order[other], order[j]
        _count(data, weight, rows, room, visited, width)
        _mark(data, rows, room, visited, width)
        for j in range(width):
            varied += _scan(data, rule, room, node, j, order[visited + j])
        visited += width
    found: bool = room.best[0] >= 0.0
    return found
