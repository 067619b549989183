"""A regular grid through places: found from neighbours, fitted to all, with what is missing."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array

_NEIGHBOURS = 8
_FITTED = 0.25
"""How far a place may be from its node, in parts of the pitch."""


class Lattice(NamedTuple):
    """A grid, and which place lies on which of its nodes.

    Attributes
    ----------
    origin : ndarray
        Place of row 0 and column 0.
    down, across : ndarray
        The way from a row to the next, and from a column to the next.
    node : ndarray
        Row and column of each place.
    fits : ndarray
        Whether a place lies on its node.
    """

    origin: Array
    down: Array
    across: Array
    node: Array
    fits: Array

    def places(self, node: Array) -> Array:
        """Return where nodes lie."""
        return np.asarray(self.origin + node @ np.stack([self.down, self.across]))


def find_lattice(places: Array) -> Lattice | None:
    """Return the grid that most places lie on; None where there is none.

    Examples
    --------
    >>> y, x = np.mgrid[:4, :5]
    >>> found = find_lattice(np.column_stack([10 * y.ravel(), 8 * x.ravel()]) + 3.0)
    >>> np.abs(found.down).round(6).tolist(), np.abs(found.across).round(6).tolist()
    ([10.0, 0.0], [0.0, 8.0])
    """
    if len(places) < 4:
        return None
    neighbours, ways = _neighbours(places)
    basis = _basis(ways)
    if basis is None:
        return None
    nodes, known = _walked(neighbours, ways, basis)
    origin, fitted = np.zeros(2), basis
    for _ in range(10):
        if not _spans(nodes[known]):
            return None
        origin, fitted = _least_squares(places[known], nodes[known])
        exact = (places - origin) @ np.linalg.inv(fitted)
        rounded = np.rint(exact).astype(np.int64)
        off = (exact - rounded) @ fitted
        pitch = np.linalg.norm(fitted, axis=1)
        fits = np.linalg.norm(off, axis=1) <= _FITTED * pitch.min()
        if (rounded == nodes).all() and (fits == known).all():
            break
        nodes, known = rounded, fits
    return Lattice(origin, fitted[0], fitted[1], nodes, known)


def _neighbours(places: Array) -> tuple[Array, Array]:
    """Return the nearest places of each, and the ways to them."""
    from scipy.spatial import KDTree

    count = min(_NEIGHBOURS, len(places) - 1)
    _, index = KDTree(places).query(places, k=count + 1)
    index = np.asarray(index)[:, 1:]
    return index, places[index] - places[:, None]


def _basis(ways: Array) -> Array | None:
    """Return the ways down and across, from the most usual direction and the steps along it."""
    first = ways[:, 0]
    angle = np.arctan2(first[:, 0], first[:, 1]) % (np.pi / 2)
    # the mode: of the directions modulo a right angle, the one most others are close to
    angle = angle[np.unique(np.linspace(0, len(angle) - 1, 2000).astype(int))]
    apart = np.abs(angle[:, None] - angle[None])
    apart = np.minimum(apart, np.pi / 2 - apart)
    best = int((apart < np.deg2rad(4)).sum(axis=1).argmax())
    close = apart[best] < np.deg2rad(4)
    turned = (angle[close] - angle[best] + np.pi / 4) % (np.pi / 2) - np.pi / 4
    theta = float(angle[best] + np.median(turned))
    theta = (theta + np.pi / 4) % (np.pi / 2) - np.pi / 4
    across = np.array([np.sin(theta), np.cos(theta)])
    down = np.array([np.cos(theta), -np.sin(theta)])
    flat = ways.reshape(-1, 2)
    found = []
    for axis in (down, across):
        along, beside = flat @ axis, flat @ np.array([-axis[1], axis[0]])
        steps = np.abs(along)[np.abs(beside) < 0.2 * np.abs(along)]
        if not len(steps):
            return None
        found.append(axis * _usual(steps))
    return np.stack(found)


def _usual(steps: Array) -> float:
    """Return the step that most others are close to; of doubles, the single one."""
    steps = np.sort(steps)
    counts = np.searchsorted(steps, steps * 1.15) - np.searchsorted(steps, steps * 0.85)
    low = steps[int(np.flatnonzero(counts >= 0.5 * counts.max())[0])]
    close = steps[(steps >= low * 0.85) & (steps <= low * 1.3)]
    return float(np.median(close))


def _walked(neighbours: Array, ways: Array, basis: Array) -> tuple[Array, Array]:
    """Return the nodes of the largest part that can be walked to in steps of the grid."""
    exact = ways @ np.linalg.inv(basis)
    rounded = np.rint(exact).astype(np.int64)
    off = np.abs(exact - rounded).max(axis=2)
    goes = (off < _FITTED) & (np.abs(rounded).sum(axis=2) > 0) & (np.abs(rounded).max(axis=2) <= 2)
    count = len(neighbours)
    nodes = np.zeros((count, 2), np.int64)
    part = np.full(count, -1)
    for start in range(count):
        if part[start] >= 0:
            continue
        part[start] = start
        waiting = deque([start])
        while waiting:
            at = waiting.popleft()
            for slot in np.flatnonzero(goes[at]):
                other = neighbours[at, slot]
                if part[other] < 0:
                    part[other] = start
                    nodes[other] = nodes[at] + rounded[at, slot]
                    waiting.append(int(other))
    largest = np.bincount(part).argmax()
    return nodes, part == largest


def _spans(nodes: Array) -> bool:
    """Whether nodes are four or more, and not all in a line."""
    different = np.unique(nodes, axis=0)
    rows = np.column_stack([np.ones(len(different)), different])
    return len(different) >= 4 and int(np.linalg.matrix_rank(rows)) == 3


def _least_squares(places: Array, nodes: Array) -> tuple[Array, Array]:
    """Return origin and basis of least squared distances."""
    rows = np.column_stack([np.ones(len(nodes)), nodes])
    found, *_ = np.linalg.lstsq(rows, places, rcond=None)
    return found[0], found[1:]
