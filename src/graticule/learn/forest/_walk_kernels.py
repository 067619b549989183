"""Compiled walk of many rows through many trees.

Rows come in blocks. A block is held as tiles of 16 rows, feature by feature, so that one feature of
a tile is one line of cache. The values are held as integers in the same order as the floats. The 16
rows of a tile go down a tree in step, which hides the time that memory takes; rows at a leaf stay
where they are, and those not at a leaf after the usual depth of the tree are gathered into full
tiles again. Where the 16 rows agree, as neighbours in an image do, they go down as one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from graticule.learn.forest._lean import lean
from graticule.learn.forest._tile_kernels import Scratch, Table, fill, known, limit, scratch_of

MEAN, PLAIN, SOFTMAX, EXPONENT = 0, 1, 2, 3

_U = np.uint64
_ONE = np.uint64(1)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_LANE = np.uint64(15)
_BY16 = np.uint64(4)
_AGAIN = 4  # levels between two looks at which rows have come to a leaf
_AS_ONE = 4  # levels that rows go down as one between two looks at whether they still agree
_PROBE = 8  # trees after which neighbours that did not agree are tried again


class Trees(NamedTuple):
    """Trees as the kernels see them; see `CompiledForest` for the arrays it has too.

    Attributes
    ----------
    depths : ndarray of int64
        Mean depth of the leaves of each tree: after so many levels rows at a leaf are sorted out.
    exit_margins : ndarray of float64
        After each tree, the lead of a class from which on the trees behind cannot undo it.
    exit_checks : ndarray of bool
        After which trees it is looked whether rows lead by that.
    bits : uint64
        Bits of a node that hold the position of its feature.
    one_hot : bool
        Whether each leaf gives one vote to one channel, so that votes are counted.
    """

    nodes: Any
    outputs: Any
    table: Any
    starts: Any
    depths: Any
    exit_margins: Any
    exit_checks: Any
    baseline: Any
    used: Any
    bits: Any
    one_hot: bool
    link: int


@lean
def _as_one(trees: Trees, room: Scratch, count: int, start: Any) -> int:
    """Take tiles down together while their rows agree; return the levels gained, summed."""
    nodes, bounds, group, bits = trees.nodes, room.bounds, room.group, trees.bits
    features = _U(trees.used.size)
    mask = (_ONE << bits) - _ONE
    gained = 0
    for g in range((count + 15) // 16):
        node = _U(group[_U(g)])
        first = _U(g) * features
        for _ in range(_AS_ONE):
            word = nodes[node]
            low = word & _LOW
            threshold = np.int32(word >> _HALF)
            at = (first + (low & mask)) * _U(2)
            right = bounds[at] > threshold
            left = bounds[at + _ONE] <= threshold
            below = start + (low >> bits) + _U(right)
            gained += (left | right) & (below != node)
            node = below if left | right else node
        group[_U(g)] = node
    return gained


@lean
def _fetch(nodes: Any, start: Any, stop: Any, room: Scratch) -> None:
    """Read a tree from end to end, which brings it near sooner than the walk would."""
    seen = _U(0)
    for node in range(start, stop, 8):
        seen ^= nodes[_U(node)]
    room.lane_node[_U(0)] = seen


@lean
def _begin(trees: Trees, room: Scratch, count: int, start: Any, eager: bool) -> tuple[Any, int]:
    """Put all rows where their tile is; return how many are not at a leaf, and the levels gained.

    The levels are summed over tiles.
    """
    groups = (count + 15) // 16
    for g in range(groups):
        room.group[_U(g)] = start
    gained = 0
    while eager:
        more = _as_one(trees, room, count, start)
        gained += more
        eager = more > 2 * groups
    rows, state, leaf = room.rows, room.state, room.leaf
    if gained == 0:
        for i in range(count):
            rows[_U(i)] = i
            state[_U(i)] = start
        return _U(count), 0
    waiting = _U(0)
    for g in range(groups):
        node = _U(room.group[_U(g)])
        inner = _U(start + ((trees.nodes[node] & _LOW) >> trees.bits) != node)
        for i in range(g * 16, min(g * 16 + 16, count)):
            leaf[_U(i)] = node
            rows[waiting] = i
            state[waiting] = node
            waiting += inner
    return waiting, gained


@lean
def _descend(trees: Trees, room: Scratch, left: Any, start: Any, levels: int) -> None:
    """Take the first rows of the list, ``left`` of them, to their leaves."""
    nodes, bits, tile = trees.nodes, trees.bits, room.tile
    rows, state, leaf = room.rows, room.state, room.leaf
    base, lane_node = room.lane_base, room.lane_node
    wide = _U(trees.used.size * 16)
    mask = (_ONE << bits) - _ONE
    while left > _U(0):
        last = left
        while last & _LANE:  # fill the last tile with copies of its first row
            rows[last] = rows[left - _ONE]
            state[last] = state[left - _ONE]
            last += _ONE
        keep = _U(0)
        for group in range(np.int64(last >> _BY16)):
            at = _U(group) << _BY16
            for lane in range(16):
                row = _U(rows[at + _U(lane)])
                base[_U(lane)] = (row >> _BY16) * wide + (row & _LANE)
                lane_node[_U(lane)] = state[at + _U(lane)]
            for _ in range(levels):
                for lane in range(16):
                    word = nodes[_U(lane_node[_U(lane)])]
                    low = word & _LOW
                    value = tile[_U(base[_U(lane)]) + ((low & mask) << _BY16)]
                    right = value > np.int32(word >> _HALF)
                    lane_node[_U(lane)] = start + (low >> bits) + _U(right)
            for lane in range(np.int64(min(at + _U(16), left) - at)):
                row = _U(rows[at + _U(lane)])
                node = _U(lane_node[_U(lane)])
                leaf[row] = node
                rows[keep] = row
                state[keep] = node
                keep += _U(start + ((nodes[node] & _LOW) >> bits) != node)
        left = keep
        levels = _AGAIN


@lean
def _add(trees: Trees, room: Scratch, count: int) -> None:
    """Add what the leaves say."""
    outputs, table, sums, leaf = trees.outputs, trees.table, room.sums, room.leaf
    channels = sums.shape[1]
    if trees.one_hot:
        for i in range(count):
            sums[i, outputs[leaf[i]]] += 1.0
    else:
        for i in range(count):
            line = outputs[leaf[i]]
            for channel in range(channels):
                sums[i, channel] += table[line, channel]


@lean
def _leader(sums: Any, row: int) -> tuple[int, float]:
    """Return the first of the largest channels, and its lead."""
    best, first, second = 0, sums[row, 0], -np.inf
    for channel in range(1, sums.shape[1]):
        value = sums[row, channel]
        if value > first:
            best, first, second = channel, value, first
        elif value > second:
            second = value
    return best, first - second


@lean
def _write_certain(room: Scratch, features: int, count: int, margin: float, labels: Any) -> int:
    """Write rows whose class no tree behind can change, and close the gaps if there are many."""
    sums, place, tile = room.sums, room.place, room.tile
    open_rows = 0
    for i in range(count):
        best, lead = _leader(sums, i)
        open_rows += lead <= margin
    if open_rows * 4 > count * 3:
        return count
    keep = 0
    for i in range(count):
        best, lead = _leader(sums, i)
        if lead > margin:
            labels[place[i], 0] = best
            continue
        if keep != i:
            source = (i >> 4) * features * 16 + (i & 15)
            target = (keep >> 4) * features * 16 + (keep & 15)
            for f in range(features):
                tile[target + f * 16] = tile[source + f * 16]
            for channel in range(sums.shape[1]):
                sums[keep, channel] = sums[i, channel]
            place[keep] = place[i]
        keep += 1
    return keep


@lean
def _finish(sums: Any, link: int, trees: int) -> None:
    """Turn the sums of a row into what is asked for, in place."""
    if link == MEAN:
        for channel in range(sums.size):
            sums[channel] /= trees
    elif link == SOFTMAX:
        most, total = sums[0], 0.0
        for channel in range(1, sums.size):
            most = max(most, sums[channel])
        for channel in range(sums.size):
            sums[channel] = np.exp(sums[channel] - most)
            total += sums[channel]
        for channel in range(sums.size):
            sums[channel] /= total
    elif link == EXPONENT:
        for channel in range(sums.size):
            sums[channel] = np.exp(sums[channel])


@njit(cache=True, nogil=True)
def _write(trees: Trees, room: Scratch, count: int, label: bool, out: Any) -> None:
    """Write the rows still there: probabilities, or their first largest."""
    values = np.zeros(room.sums.shape[1], np.float32)
    for i in range(count):
        _finish(room.sums[i], trees.link, trees.starts.size - 1)
        if label:
            values[:] = room.sums[i]
            out[room.place[i], 0] = np.argmax(values)
        else:
            for channel in range(values.size):
                out[room.place[i], channel] = room.sums[i, channel]


@njit(cache=True, nogil=True)
def walk(columns: Table, trees: Trees, span: tuple[int, int, int], label: bool, out: Any) -> None:
    """Predict rows from the first of ``span`` to the second, in blocks of the third.

    ``out`` (rows, channels) gets probabilities or values, or in its one channel the labels. Rows
    with NaN are left as they are.
    """
    features = trees.used.size
    room = scratch_of(span[2], features, trees.baseline.size)
    for begin in range(span[0], span[1], span[2]):
        end = min(begin + span[2], span[1])
        count = known(columns, trees.used, (begin, end), room.place)
        fill(columns, trees.used, room, count)
        room.sums[:count] = trees.baseline
        limit(room, features, count)
        agreed = True
        for tree in range(trees.starts.size - 1):
            if count == 0:
                break
            start = _U(trees.starts[tree])
            _fetch(trees.nodes, trees.starts[tree], trees.starts[tree + 1], room)
            eager = agreed or tree % _PROBE == 0
            waiting, gained = _begin(trees, room, count, start, eager)
            groups = (count + 15) // 16
            if eager:
                agreed = gained > groups // 2
            _descend(trees, room, waiting, start, max(1, trees.depths[tree] - gained // groups))
            _add(trees, room, count)
            if label and trees.exit_checks[tree]:
                before = count
                count = _write_certain(room, features, count, trees.exit_margins[tree], out)
                if count < before:
                    limit(room, features, count)
        _write(trees, room, count, label, out)


@njit(cache=True, nogil=True)
def mean_depths(nodes: Any, weights: Any, starts: Any, bits: Any) -> Any:
    """Return the mean depth of the leaves of each tree, by training weight, at least 1."""
    found = np.ones(starts.size - 1, np.int64)
    depth = np.zeros(nodes.size, np.int64)
    for tree in range(starts.size - 1):
        start = starts[tree]
        total, summed = 0.0, 0.0
        for node in range(start, starts[tree + 1]):
            child = start + np.int64((nodes[node] & _LOW) >> bits)
            if child == node:
                total += weights[node]
                summed += weights[node] * depth[node]
            else:
                depth[child] = depth[child + 1] = depth[node] + 1
        if total > 0:
            found[tree] = max(1, np.int64(np.rint(summed / total)))
    return found
