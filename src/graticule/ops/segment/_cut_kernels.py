# mypy: disable-error-code="no-any-return"
"""Compiled maximum flow on a grid, by two search trees that are kept between augmentations.

After Boykov and Kolmogorov, "An experimental comparison of min-cut/max-flow algorithms for energy
minimization in vision", IEEE Trans. Pattern Anal. Mach. Intell. 26(9), 1124-1137, 2004. Nodes are
counted flat and have a rim, so that each has all its neighbours; direction ``d ^ 1`` is the way
back of direction ``d``. ``room[i, d]`` is what can still flow from ``i`` along ``d``, ``ends[i]``
what can flow from the source (above 0) or to the sink (below 0).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

FREE, SOURCE, SINK = 0, 1, 2
NONE, ROOT, ORPHAN = -1, -2, -3
FAR = 1 << 30


@njit(cache=True, nogil=True)
def minimum_cut(room: Any, ends: Any, steps: Any) -> Any:
    """Return which nodes must be on the side of the sink; ``room`` and ``ends`` are used up."""
    count = ends.size
    tree, parent = np.zeros(count, np.uint8), np.full(count, NONE, np.int8)
    stamp, away = np.zeros(count, np.int32), np.zeros(count, np.int32)
    active, waiting = np.empty(count + 1, np.int32), np.zeros(count, np.bool_)
    orphans = np.empty(count + 1, np.int32)
    first = last = 0
    for node in range(count):
        if ends[node] != 0:
            tree[node] = SOURCE if ends[node] > 0 else SINK
            parent[node], away[node] = ROOT, 1
            active[last] = node
            waiting[node] = True
            last += 1
    now, node = 0, -1
    while True:
        if node < 0 or tree[node] == FREE:
            if first == last:
                break
            node = active[first]
            first = (first + 1) % active.size
            waiting[node] = False
            if tree[node] == FREE:
                node = -1
                continue
        at, along, last = _grow(node, room, steps, tree, parent, stamp, away, active, waiting, last)
        now += 1
        if at < 0:
            node = -1
            continue
        number = _augment(at, along, room, ends, steps, parent, orphans)
        last = _adopt(
            number, orphans, now, room, steps, tree, parent, stamp, away, active, waiting, last
        )
    return tree == SINK


@njit(cache=True, nogil=True)
def _grow(
    node: int,
    room: Any,
    steps: Any,
    tree: Any,
    parent: Any,
    stamp: Any,
    away: Any,
    active: Any,
    waiting: Any,
    last: int,
) -> Any:
    """Let a node's tree take its free neighbours; return the edge where the trees meet, if any."""
    mine = tree[node]
    for d in range(steps.size):
        other = node + steps[d]
        free_room = room[node, d] if mine == SOURCE else room[other, d ^ 1]
        if free_room <= 0:
            continue
        if tree[other] == FREE:
            tree[other], parent[other] = mine, d ^ 1
            stamp[other], away[other] = stamp[node], away[node] + 1
            if not waiting[other]:
                active[last] = other
                waiting[other] = True
                last = (last + 1) % active.size
        elif tree[other] != mine:
            return (node, d, last) if mine == SOURCE else (other, d ^ 1, last)
        elif stamp[other] <= stamp[node] and away[other] > away[node]:
            parent[other] = d ^ 1
            stamp[other], away[other] = stamp[node], away[node] + 1
    return -1, 0, last


@njit(cache=True, nogil=True)
def _augment(
    at: int, along: int, room: Any, ends: Any, steps: Any, parent: Any, orphans: Any
) -> int:
    """Send all that fits through an edge between the trees; return how many nodes lost parents."""
    most = room[at, along]
    node = at
    while parent[node] != ROOT:
        d = parent[node]
        node += steps[d]
        most = min(most, room[node, d ^ 1])
    most = min(most, ends[node])
    node = at + steps[along]
    while parent[node] != ROOT:
        most = min(most, room[node, parent[node]])
        node += steps[parent[node]]
    most = min(most, -ends[node])
    room[at, along] -= most
    room[at + steps[along], along ^ 1] += most
    number = 0
    for side in range(2):
        node = at if side == 0 else at + steps[along]
        while True:
            d = parent[node]
            if d == ROOT:
                ends[node] += -most if side == 0 else most
                if ends[node] == 0:
                    parent[node] = ORPHAN
                    orphans[number] = node
                    number += 1
                break
            beyond = node + steps[d]
            if side == 0:
                room[node, d] += most
                room[beyond, d ^ 1] -= most
                full = room[beyond, d ^ 1] == 0
            else:
                room[node, d] -= most
                room[beyond, d ^ 1] += most
                full = room[node, d] == 0
            if full:
                parent[node] = ORPHAN
                orphans[number] = node
                number += 1
            node = beyond
    return number


@njit(cache=True, nogil=True)
def _adopt(
    number: int,
    orphans: Any,
    now: int,
    room: Any,
    steps: Any,
    tree: Any,
    parent: Any,
    stamp: Any,
    away: Any,
    active: Any,
    waiting: Any,
    last: int,
) -> int:
    """Find new parents for orphans in their own tree, or set them free; return the queue's end."""
    first, end = 0, number
    while first != end:
        node = orphans[first]
        first = (first + 1) % orphans.size
        mine, best, least = tree[node], NONE, FAR
        for d in range(steps.size):
            other = node + steps[d]
            open_room = room[other, d ^ 1] if mine == SOURCE else room[node, d]
            if open_room > 0 and tree[other] == mine and parent[other] != NONE:
                length = _to_root(other, now, steps, parent, stamp, away)
                if length < least:
                    best, least = d, length
        parent[node] = best
        if best != NONE:
            stamp[node], away[node] = now, least + 1
            continue
        for d in range(steps.size):
            other = node + steps[d]
            if tree[other] != mine or parent[other] == NONE:
                continue
            open_room = room[other, d ^ 1] if mine == SOURCE else room[node, d]
            if open_room > 0 and not waiting[other]:
                active[last] = other
                waiting[other] = True
                last = (last + 1) % active.size
            if parent[other] >= 0 and parent[other] == d ^ 1:
                parent[other] = ORPHAN
                orphans[end] = other
                end = (end + 1) % orphans.size
        tree[node] = FREE
    return last


@njit(cache=True, nogil=True)
def _to_root(node: int, now: int, steps: Any, parent: Any, stamp: Any, away: Any) -> int:
    """Return how far a node is from the root of its tree, or `FAR` if it hangs on an orphan."""
    length, at = 0, node
    while True:
        if stamp[at] == now:
            length += away[at]
            break
        length += 1
        if parent[at] == ROOT:
            stamp[at], away[at] = now, 1
            break
        if parent[at] < 0:
            return FAR
        at += steps[parent[at]]
    left, at = length, node
    while stamp[at] != now:
        stamp[at], away[at] = now, left
        left -= 1
        at += steps[parent[at]]
    return length


@njit(cache=True, nogil=True)
def expansion(labels: Any, costs: Any, steps: Any, weights: Any, wanted: int) -> Any:
    """Return room and ends of the cut that tells which samples change to the label ``wanted``.

    ``labels`` (flat, with a rim of -1) say what each sample has, ``costs`` (one row a label) what
    it would have to pay. A neighbour of another label costs ``weights`` of the direction. A
    sample on the side of the sink changes.
    """
    room = np.zeros((labels.size, steps.size), np.int32)
    ends = np.zeros(labels.size, np.int32)
    for node in range(labels.size):
        mine = labels[node]
        if mine < 0:
            continue
        ends[node] += costs[wanted, node] - costs[mine, node]
        for d in range(0, steps.size, 2):
            other = node + steps[d]
            theirs = labels[other]
            if theirs < 0:
                continue
            both = weights[d] if mine != theirs else 0
            stay = weights[d] if mine != wanted else 0  # the other changes, this one does not
            change = weights[d] if theirs != wanted else 0
            ends[node] += change - both
            ends[other] -= change
            room[node, d] += stay + change - both
    return room, ends


@njit(cache=True, nogil=True)
def iterated_modes(labels: Any, costs: Any, steps: Any, weights: Any, rounds: int) -> None:
    """Give each sample in turn the label that costs least beside its neighbours, in place."""
    best = np.empty(costs.shape[0], np.int64)
    for _ in range(rounds):
        changed = False
        for node in range(labels.size):
            if labels[node] < 0:
                continue
            for label in range(costs.shape[0]):
                best[label] = costs[label, node]
                for d in range(steps.size):
                    other = labels[node + steps[d]]
                    if other >= 0 and other != label:
                        best[label] += weights[d]
            found = np.argmin(best)
            if best[found] < best[labels[node]]:
                labels[node] = found
                changed = True
        if not changed:
            break


@njit(cache=True, nogil=True)
def energy(labels: Any, costs: Any, steps: Any, weights: Any) -> int:
    """Return what all samples, and all pairs of unlike neighbours, cost."""
    total = 0
    for node in range(labels.size):
        if labels[node] >= 0:
            total += costs[labels[node], node]
            for d in range(0, steps.size, 2):
                other = labels[node + steps[d]]
                if other >= 0 and other != labels[node]:
                    total += weights[d]
    return total
