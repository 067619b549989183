"""What the kernels do for a forest, written down once: its tests, selections and planes.

A test is one ``feature > threshold``; all nodes that ask for the same one share its plane of bits.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from graticule.core.typing import Array
from graticule.learn.forest.bitsliced._planes import WORDS

MAX_TESTS = 2048
"""Distinct tests of a group of trees, whose planes stay in the second-level cache."""
_CELLS = 8192
_PER_THRESHOLD = 64  # cells for each threshold, so that few share one
_FAR = np.float32(1.7e38)  # differences of values up to that are finite


class Program(NamedTuple):
    """Groups of trees one after the other.

    Attributes
    ----------
    selects : ndarray of uint32
        Of each inner node, children before parents: the first word of the plane of its test, of
        the classes on its right and on its left, and of those it selects from the two.
    ends, roots : ndarray
        Of each tree, where its selects end, and the first word of its class.
    groups, ends_of_groups : ndarray
        Of each group, where its trees end, and where its features do.
    features : ndarray of int64
        Of each feature of each group: its number, where its ``cells`` start, where its
        ``limits`` do, how many it has, in how many steps to search those of a cell, and where
        its planes of tests start.
    scales : ndarray of float32
        With them the least and greatest threshold, and how many cells there are in a unit.
    cells : ndarray of uint16
        How many thresholds lie in the cells before each.
    limits : ndarray of uint64
        For the ascending thresholds of a feature, their number in the upper half, and in the lower
        what there is between the threshold and the greatest integer. A search in steps of powers
        of two runs past the last threshold, so as many entries follow as it can overrun, whose
        threshold no value exceeds (sentinels).
    channels, digits, bits : int
        How many classes, bits of the number of trees, and of the number of a class.
    counters, scratch, tests, size : int
        First words of the counts of votes, of a plane for partial results, and of the planes of
        tests; and the end.
    """

    selects: Array
    ends: Array
    roots: Array
    groups: Array
    ends_of_groups: Array
    features: Array
    scales: Array
    cells: Array
    limits: Array
    channels: int
    digits: int
    bits: int
    counters: int
    scratch: int
    tests: int
    size: int


class Nodes(NamedTuple):
    """A forest node by node; ``left`` is the absolute left child, a leaf being its own.

    The right child follows the left one, and both come after their parent. ``threshold`` is an
    ordered int32, ``leaf_class`` the class of a leaf, ``starts`` where trees start.
    """

    feature: Array
    threshold: Array
    left: Array
    leaf_class: Array
    starts: Array


@njit(cache=True, nogil=True)
def _selects(
    left: Any, leaf_class: Any, starts: Any, test_at: Any, span: int, first: int
) -> tuple[Any, Any, Any, int]:
    """Return selects, ends and roots of trees, and how many slots they need.

    A slot is ``span`` words, the bits of a class by sample. In front are those that hold one class
    everywhere; ``first`` is the first to write in. A node frees those of its children for the next.
    """
    trees = starts.size - 1
    selects = np.zeros(((left.size - trees) // 2, 4), np.uint32)  # a leaf more than inner nodes
    ends, roots = np.zeros(trees, np.int64), np.zeros(trees, np.int64)
    where = np.zeros(left.size, np.int64)
    free = np.zeros(left.size + 2, np.int64)
    most = size = 0
    for tree in range(trees):
        places = scratch = 0
        for node in range(starts[tree + 1] - 1, starts[tree] - 1, -1):
            if left[node] == node:
                where[node] = leaf_class[node]
                continue
            for child in range(left[node], left[node] + 2):
                if where[child] >= first:
                    free[scratch] = where[child]
                    scratch += 1
            if scratch == 0:
                free[0] = first + places
                places += 1
                scratch = 1
            scratch -= 1
            where[node] = free[scratch]
            selects[size, 0] = test_at[node]
            selects[size, 1] = where[left[node] + 1] * span
            selects[size, 2] = where[left[node]] * span
            selects[size, 3] = where[node] * span
            size += 1
        ends[tree], roots[tree] = size, where[starts[tree]] * span
        most = max(most, places)
    return selects, ends, roots, most


def _groups(number: Array, cuts: Array) -> Array:
    """Return where groups of trees end, each a tree or with at most `MAX_TESTS` distinct tests."""
    seen = np.full(number.size, -1)
    groups: list[int] = []
    size = 0
    for tree in range(cuts.size - 1):
        own = np.unique(number[cuts[tree] : cuts[tree + 1]])
        fresh = int(np.count_nonzero(seen[own] != len(groups)))
        if size and size + fresh > MAX_TESTS:
            groups.append(tree)
            size, fresh = 0, own.size
        seen[own] = len(groups)
        size += fresh
    return np.array([*groups, cuts.size - 1])


def _table(ordered: Array, floats: Array) -> tuple[Array, tuple[Any, Any, Any], int]:
    """Return the cells of some thresholds, their scale, and the steps to look within one.

    The cell of a value never decreases as the value does not, however it is rounded. So all
    thresholds of cells before lie below it, and none of the cells behind. Each step costs as much
    as the look into the table, so there are more cells if that saves one.
    """
    low, high = np.clip(floats[[0, -1]], -_FAR, _FAR)
    width = max(float(high) - float(low), 1e-300)
    best = 64
    for count in _sizes(ordered.size):
        unit = np.float32(min((count - 1) / width, 3e38))
        at = ((np.clip(floats, low, high) - low) * unit).astype(np.int32)
        steps = int(np.bincount(at).max()).bit_length()
        if steps < best:
            best, size, scale, own = steps, count, unit, at
        if best == 1:
            break
    return np.searchsorted(own, np.arange(size)).astype(np.uint16), (low, high, scale), best


def _sizes(thresholds: int) -> list[int]:
    """Return how many cells to try, the best first if they are enough."""
    first = min(_CELLS, 1 << int(_PER_THRESHOLD * thresholds - 1).bit_length())
    more = [first << number for number in range(1, 8) if first << number <= _CELLS]
    return [first, *more, *(_CELLS - 61 * number for number in range(1, 12))]


class _Features:
    """What is known of the features of groups, one after the other."""

    def __init__(self) -> None:
        self.cells: list[Array] = []
        self.limits: list[Array] = []
        self.lines: list[tuple[int, ...]] = []
        self.scales: list[tuple[Any, Any, Any]] = []
        self._sizes = [0, 0]

    def add(self, feature: int, ordered: Array, floats: Array, at: int) -> None:
        """Add one feature of a group, whose first plane is at ``at``."""
        cells, scale, steps = _table(ordered, floats)
        size = ordered.size + (1 << steps)
        limits = np.arange(size, dtype=np.uint64) << np.uint64(32)
        limits[: ordered.size] += (2**31 - 1 - ordered.astype(np.int64)).astype(np.uint64)
        self.lines.append((feature, *self._sizes, ordered.size, steps, at))
        self.scales.append(scale)
        self.cells.append(cells)
        self.limits.append(limits)
        self._sizes[0] += cells.size
        self._sizes[1] += size


def _numbered_tests(nodes: Nodes, floats: Array) -> tuple[Array, Array, _Features, Array]:
    """Return where the test of each node is, the groups, their features, and where those end."""
    inner = np.flatnonzero(nodes.left != np.arange(nodes.left.size))
    key = (nodes.feature[inner].astype(np.int64) << 32) + nodes.threshold[inner].astype(np.int64)
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    number, first = number.reshape(-1), inner[first]
    cuts = np.searchsorted(inner, nodes.starts)
    groups = _groups(number, cuts)
    features, ends, start = _Features(), [], 0
    test_at = np.zeros(nodes.left.size, np.int64)
    for stop in cuts[groups]:
        own, place = np.unique(number[start:stop], return_inverse=True)
        test_at[inner[start:stop]] = place.reshape(-1) * WORDS
        start, node = stop, first[own]
        edges = np.flatnonzero(np.diff(nodes.feature[node], prepend=-1, append=-1))
        for low, high in itertools.pairwise(edges):
            each = node[low:high]
            at = int(low) * WORDS
            features.add(int(nodes.feature[each[0]]), nodes.threshold[each], floats[each], at)
        ends.append(len(features.lines))
    return test_at, groups, features, np.array(ends)


def program_of(nodes: Nodes, floats: Array, channels: int) -> Program:
    """Return what is to be done for a forest; ``floats`` are its thresholds as float32."""
    test_at, groups, features, ends_of_groups = _numbered_tests(nodes, floats)
    bits, digits = int(channels - 1).bit_length(), int(nodes.starts.size - 1).bit_length()
    selects, ends, roots, places = _selects(
        nodes.left, nodes.leaf_class, nodes.starts, test_at, bits * WORDS, channels
    )
    counters = (channels + places) * bits * WORDS
    scratch = counters + (channels - 1) * digits * WORDS
    tests = scratch + WORDS
    selects[:, 0] += np.uint32(tests)
    return Program(
        selects=selects.reshape(-1),
        ends=ends,
        roots=roots,
        groups=groups,
        ends_of_groups=ends_of_groups,
        features=np.array(features.lines, np.int64),
        scales=np.array(features.scales, np.float32),
        cells=np.concatenate(features.cells),
        limits=np.concatenate(features.limits),
        channels=channels,
        digits=digits,
        bits=bits,
        counters=counters,
        scratch=scratch,
        tests=tests,
        size=tests + int(test_at.max()) + WORDS,
    )
