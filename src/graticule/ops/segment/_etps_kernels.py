# mypy: disable-error-code="no-any-return"
"""Compiled loops of ``segment.etps``: blocks at the border of a superpixel change sides.

Blocks lie on a grid ``z y x``. Their labels have a rim of one block, whose label is 0 as outside
the mask, and are counted flat. What is known of a label is a row of sums over its samples: number,
position (``z y x``) and colour. All is indexed down to single numbers: a view of an array costs
more here than what is computed from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_WAITS = np.uint8(128)


@njit(cache=True, nogil=True)
def add_up(
    colour: Any,
    weight: Any,
    total: Any,
    number: Any,
    ends_z: Any,
    ends_y: Any,
    ends_x: Any,
    start: int,
    stop: int,
) -> None:
    """Sum colours (``z y x c``) and weights over blocks, for some rows of blocks (``z`` and ``y``).

    The ``ends`` are those of blocks along each axis; an empty ``weight`` is not summed.
    """
    blocks_y = ends_y.size - 1
    for row in range(start, stop):
        bz, by = row // blocks_y, row % blocks_y
        for z in range(ends_z[bz], ends_z[bz + 1]):
            for y in range(ends_y[by], ends_y[by + 1]):
                for bx in range(ends_x.size - 1):
                    for x in range(ends_x[bx], ends_x[bx + 1]):
                        if weight.size > 0:
                            number[bz, by, bx] += weight[z, y, x]
                        for channel in range(colour.shape[3]):
                            total[bz, by, bx, channel] += colour[z, y, x, channel]


@njit(cache=True, nogil=True)
def finer(
    labels: Any,
    at_z: Any,
    at_y: Any,
    at_x: Any,
    weight: Any,
    start: int,
    stop: int,
    found: Any,
) -> None:
    """Give blocks the labels of the coarser ones (both with a rim), for some rows of blocks.

    Blocks without weight, as samples outside the mask, are 0.
    """
    for row in range(start, stop):
        z, y = row // at_y.size, row % at_y.size
        for x in range(at_x.size):
            label = labels[at_z[z] + 1, at_y[y] + 1, at_x[x] + 1]
            if weight.size > 0 and weight[z, y, x] == 0:
                label = 0
            found[z + 1, y + 1, x + 1] = label


@njit(cache=True, nogil=True)
def sum_up(labels: Any, colour: Any, weight: Any, widths: Any, places: Any, count: int) -> Any:
    """Return the sums of every label ``0..count``."""
    _, height, width = labels.shape
    flat = labels.reshape(-1)
    sums = np.zeros((count + 1, 4 + colour.shape[1]))
    for block in range(flat.size):
        if flat[block] > 0:
            line = block // width
            z, y, x = line // height - 1, line % height - 1, block - line * width - 1
            at = (z * (height - 2) + y) * (width - 2) + x
            heavy = widths[0, z] * widths[1, y] * widths[2, x] if weight.size == 0 else weight[at]
            _add(sums, flat[block], heavy, places[0, z], places[1, y], places[2, x], colour, at)
    return sums


@njit(cache=True, nogil=True, inline="always")
def _add(
    sums: Any, label: int, heavy: float, pz: float, py: float, px: float, colour: Any, at: int
) -> None:
    """Add a block to the sums of a label."""
    sums[label, 0] += heavy
    sums[label, 1] += heavy * pz
    sums[label, 2] += heavy * py
    sums[label, 3] += heavy * px
    for channel in range(colour.shape[1]):
        sums[label, 4 + channel] += heavy * colour[at, channel]


@njit(cache=True, nogil=True)
def stays_whole(same: int, touching: Any, faces: int) -> bool:
    """Whether neighbours, as bits, are connected among themselves without the middle.

    The first ``faces`` neighbours lie across a face, and only they must be connected; the others
    may help. Bit ``j`` of ``touching[i]`` says that neighbours ``i`` and ``j`` touch.
    """
    wanted = same & ((1 << faces) - 1)
    reached = wanted & -wanted
    grown = -1
    while grown != reached:
        grown = reached
        for side in range(touching.size):
            if grown >> side & 1:
                reached |= touching[side] & same
    return wanted & ~reached == 0


@njit(cache=True, nogil=True)
def whole_by_bits(touching: Any, faces: int) -> Any:
    """Return `stays_whole` for all neighbours of a plane; nothing for those of a volume."""
    size = 1 << touching.size if touching.size <= 8 else 0
    table = np.zeros(size, np.bool_)
    for same in range(size):
        table[same] = stays_whole(same, touching, faces)
    return table


@njit(cache=True, nogil=True)
def borders(labels: Any, around: Any, faces: int) -> Any:
    """Return the blocks that touch another label, in raster order."""
    flat = labels.reshape(-1)
    found = np.empty(flat.size, np.int32)
    length = 0
    for block in range(flat.size):
        mine = flat[block]
        if mine > 0:
            for side in range(faces):
                other = flat[block + around[side]]
                if other != mine and other > 0:
                    found[length] = block
                    length += 1
                    break
    return found[:length].copy()


@njit(cache=True, nogil=True)
def refine(
    labels: Any,
    colour: Any,
    weight: Any,
    widths: Any,
    places: Any,
    sums: Any,
    first: Any,
    around: Any,
    touching: Any,
    faces: int,
    rules: tuple[float, float, float, int],
) -> None:
    """Move blocks to the neighbour where they cost least, while any can be; all in place.

    ``around`` are the offsets of the neighbours across faces, then of those across edges. The
    ``rules`` are the weight of position, the cost of a border, the least size of a label, and how
    often a block is looked at.
    """
    compactness, edge, least, looks = rules
    flat = labels.reshape(-1)
    _, height, width = labels.shape
    whole = whole_by_bits(touching, faces)
    queue = np.empty(flat.size, np.int32)
    state = np.zeros(flat.size, np.uint8)
    near, length = np.empty(around.size, np.int32), first.size
    for number in range(length):
        queue[number] = first[number]
        state[first[number]] = _WAITS
    head = 0
    while length > 0:
        block = queue[head]
        head = head + 1 if head + 1 < queue.size else 0
        length -= 1
        state[block] = (state[block] & ~_WAITS) + 1
        mine, same = flat[block], 0
        for side in range(near.size):
            near[side] = flat[block + around[side]]
            if near[side] == mine:
                same |= 1 << side
        if not (whole[same] if whole.size else stays_whole(same, touching, faces)):
            continue
        line = block // width
        z, y, x = line // height - 1, line % height - 1, block - line * width - 1
        at = (z * (height - 2) + y) * (width - 2) + x
        heavy = widths[0, z] * widths[1, y] * widths[2, x] if weight.size == 0 else weight[at]
        if sums[mine, 0] - heavy < least:
            continue
        pz, py, px = places[0, z], places[1, y], places[2, x]
        best = mine
        lowest = _cost(sums, mine, -heavy, pz, py, px, colour, at, compactness) * (1 - 1e-9)
        lowest += edge * _others(near, mine)
        for side in range(faces):
            label = near[side]
            if label > 0 and label != mine and label != best:
                cost = _cost(sums, label, heavy, pz, py, px, colour, at, compactness)
                if cost < lowest:
                    cost += edge * _others(near, label)
                    if cost < lowest:
                        best, lowest = label, cost
        if best != mine:
            flat[block] = best
            _add(sums, mine, -heavy, pz, py, px, colour, at)
            _add(sums, best, heavy, pz, py, px, colour, at)
            length = _push(block, head, length, near, around, faces, looks, queue, state)


@njit(cache=True, nogil=True)
def _push(
    block: int,
    head: int,
    length: int,
    near: Any,
    around: Any,
    faces: int,
    looks: int,
    queue: Any,
    state: Any,
) -> int:
    """Put the neighbours of a block that moved into the queue; return its new length."""
    for side in range(faces):
        other = block + around[side]
        if near[side] > 0 and state[other] < looks:
            tail = head + length
            queue[tail if tail < queue.size else tail - queue.size] = other
            state[other] |= _WAITS
            length += 1
    return length


@njit(cache=True, nogil=True, inline="always")
def _others(near: Any, label: int) -> int:
    """Return how many neighbours have another label, not counting those outside."""
    count = 0
    for side in range(near.size):
        count += near[side] != label and near[side] > 0
    return count


@njit(cache=True, nogil=True, inline="always")
def _cost(
    sums: Any,
    label: int,
    heavy: float,
    pz: float,
    py: float,
    px: float,
    colour: Any,
    at: int,
    compactness: float,
) -> float:
    """Return what a block adds to the squared distances of a label from its mean.

    A negative weight asks for a block that is in the sums: what it adds to the rest.
    """
    number = sums[label, 0]
    share = 1 / number
    dz, dy, dx = (
        sums[label, 1] * share - pz,
        sums[label, 2] * share - py,
        sums[label, 3] * share - px,
    )
    cost = compactness * (dz * dz + dy * dy + dx * dx)
    for channel in range(colour.shape[1]):
        difference = sums[label, 4 + channel] * share - colour[at, channel]
        cost += difference * difference
    return cost * abs(heavy) * number / (number + heavy)
