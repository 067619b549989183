# mypy: disable-error-code="no-any-return"
"""Compiled loops over pairs of rows in tiles: neighbours within eps, and the tree of reachability.

Distances are sums of squared differences in float64, so no digits are lost by large values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath={"reassoc", "nnan", "nsz"})
def _least(values: Any) -> Any:
    least = values[0]
    for u in range(values.size):
        least = min(least, values[u])
    return least


@njit(cache=True, nogil=True)
def _squares(tile: Any, row: Any, most: float, out: Any) -> bool:
    """Fill in the squared distance of a row to each row of a tile, four features at a time.

    Squares are added in the order of the features, as everybody does, so that what is equal
    elsewhere is equal here. It ends where no row can be within a squared distance any more, and
    says whether one is.
    """
    count = tile.shape[1]
    for u in range(count):
        out[u] = 0.0
    for f in range(0, tile.shape[0], 4):
        r0, r1, r2, r3 = row[f], row[f + 1], row[f + 2], row[f + 3]
        for u in range(count):
            d0, d1 = tile[f, u] - r0, tile[f + 1, u] - r1
            d2, d3 = tile[f + 2, u] - r2, tile[f + 3, u] - r3
            out[u] = (((out[u] + d0 * d0) + d1 * d1) + d2 * d2) + d3 * d3
        if f % 8 == 4 and _least(out) > most:
            return False
    return _least(out) <= most


_SUMS = {"reassoc", "contract"}


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _is_beyond(centre: Any, row: Any, reach: float) -> bool:
    """Whether a row is farther from the centre of a tile than its radius and a distance."""
    total, most = 0.0, reach * reach * (1 + 1e-9)
    for f in range(centre.size):
        apart = centre[f] - row[f]
        total += apart * apart
    return total > most


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _distance(one: Any, other: Any) -> float:
    total = 0.0
    for f in range(one.size):
        apart = one[f] - other[f]
        total += apart * apart
    return np.sqrt(total)


@njit(cache=True, nogil=True)
def exact_distances(rows: Any, near: Any, out: Any, start: int, stop: int) -> None:
    """Fill in the distance of each row to its listed ones."""
    for r in range(start, stop):
        for k in range(near.shape[1]):
            total = 0.0
            for f in range(rows.shape[1]):
                apart = rows[r, f] - rows[near[r, k], f]
                total += apart * apart
            out[r, k] = np.sqrt(total)


@njit(cache=True, nogil=True)
def core_rows(
    values: Any,
    rows: Any,
    centres: Any,
    radii: Any,
    eps: float,
    min_samples: int,
    core: Any,
    start: int,
    stop: int,
) -> Any:
    """Mark the core rows of some tiles, which are done with once they have enough neighbours.

    Returns the pairs of the other rows and their neighbours, few by what they are.
    """
    tiles, features, width = values.shape
    pairs, count = np.empty((256, 2), np.int64), 0
    out, row, near = np.empty(width), np.empty(features), np.empty(min_samples, np.int64)
    beside, square = np.empty(tiles), eps * eps
    for a in range(start, stop):
        for b in range(tiles):
            beside[b] = _distance(centres[a], centres[b]) - radii[b]
        beside[a] = -np.inf
        order = np.argsort(beside)
        for i in range(width):
            if rows[a, i] < 0:
                break
            row[:] = values[a, :, i]
            found = 0
            for b in order:
                if beside[b] > (radii[a] + eps) * (1 + 1e-9) or found == min_samples:
                    break
                if _is_beyond(centres[b], row, radii[b] + eps):
                    continue
                if not _squares(values[b], row, square, out):
                    continue
                for u in range(width):
                    if out[u] <= square and found < min_samples:
                        near[found] = rows[b, u]
                        found += 1
            core[rows[a, i]] = found == min_samples
            if found == min_samples:
                continue
            if count + found > pairs.shape[0]:
                grown = np.empty((2 * pairs.shape[0] + found, 2), np.int64)
                grown[:count] = pairs[:count]
                pairs = grown
            for k in range(found):
                pairs[count, 0], pairs[count, 1] = rows[a, i], near[k]
                count += 1
    return pairs[:count]


@njit(cache=True, nogil=True)
def root_of(parents: Any, row: int) -> int:
    """Return the root of a row, halving the path to it."""
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row


@njit(cache=True, nogil=True)
def _join(parents: Any, one: int, other: int) -> None:
    """Join two rows; the smaller root stays."""
    a, b = root_of(parents, one), root_of(parents, other)
    parents[max(a, b)] = min(a, b)


@njit(cache=True, nogil=True)
def _are_joined(parents: Any, first: Any, second: Any, core: Any) -> bool:
    """Whether all core rows of two tiles have one root already."""
    root = -1
    for tile in (first, second):
        for row in tile:
            if row >= 0 and core[row]:
                found = root_of(parents, row)
                if root >= 0 and found != root:
                    return False
                root = found
    return True


@njit(cache=True, nogil=True)
def join_within(
    values: Any, rows: Any, centres: Any, radii: Any, eps: float, core: Any, start: int, stop: int
) -> Any:
    """Return parents of core rows, joined where they are within a distance."""
    tiles, features, width = values.shape
    parents = np.arange(core.size)
    out, row, square = np.empty(width), np.empty(features), eps * eps
    for a in range(start, stop):
        for b in range(a, tiles):
            if _is_beyond(centres[b], centres[a], radii[a] + radii[b] + eps):
                continue
            if _are_joined(parents, rows[a], rows[b], core):
                continue
            for i in range(width):
                own = rows[a, i]
                if own < 0 or not core[own]:
                    continue
                row[:] = values[a, :, i]
                if _is_beyond(centres[b], row, radii[b] + eps):
                    continue
                if not _squares(values[b], row, square, out):
                    continue
                for u in range(width):
                    if out[u] <= square and core[rows[b, u]]:
                        _join(parents, own, rows[b, u])
    return parents


@njit(cache=True, nogil=True)
def merge_parents(parents: Any, others: Any) -> None:
    """Join what is joined in another forest."""
    for row in range(parents.size):
        if others[row] != row:
            _join(parents, row, others[row])


@njit(cache=True, nogil=True)
def reachability_tree(
    values: Any, rows: Any, centres: Any, radii: Any, core: Any, size: int
) -> Any:
    """Return a minimum spanning tree of mutual reachability distances, by Prim's algorithm.

    ``core`` holds the core distance of each place of the tiles, inf where there is no row. The tree
    begins with row 0, and of equally near rows the first is taken. A tile is looked at again only
    where it may be nearer to the row that was taken last than the farthest of its rows that wait
    is to the tree.

    Returns the rows that each edge joins, in the order they were joined, and its distance.
    """
    tiles, features, width = values.shape
    best, source = np.full((tiles, width), np.inf), np.full((tiles, width), -1)
    waits = rows >= 0
    nearest, farthest = np.full(tiles, np.inf), np.full(tiles, np.inf)
    place, least_core = np.zeros(tiles, np.int64), np.empty(tiles)
    tile, at = 0, 0
    for t in range(tiles):
        least_core[t] = core[t].min()
        for u in range(width):
            if rows[t, u] == 0:
                tile, at = t, u
    ends, apart = np.empty((size - 1, 2), np.int64), np.empty(size - 1)
    out, row = np.empty(width), np.empty(features)
    for edge in range(size):
        waits[tile, at] = False
        row[:] = values[tile, :, at]
        own, own_core = rows[tile, at], core[tile, at]
        for t in range(tiles):
            changed = t == tile
            if farthest[t] > max(own_core, least_core[t]):
                most = farthest[t] * farthest[t] * (1 + 1e-9)
                beyond = _is_beyond(centres[t], row, radii[t] + farthest[t])
                if not beyond and _squares(values[t], row, most, out):
                    for u in range(width):
                        reach = max(np.sqrt(out[u]), own_core, core[t, u])
                        if waits[t, u] and reach < best[t, u]:
                            best[t, u], source[t, u] = reach, own
                            changed = True
            if changed:
                far, near, where = -1.0, np.inf, -1
                for u in range(width):
                    if waits[t, u]:
                        far = max(far, best[t, u])
                        first = where < 0 or rows[t, u] < rows[t, where]
                        if best[t, u] < near or (best[t, u] == near and first):
                            near, where = best[t, u], u
                farthest[t], nearest[t], place[t] = far, near, where
        if edge == size - 1:
            break
        tile = -1
        for t in range(tiles):
            if place[t] < 0:
                continue
            least = np.inf if tile < 0 else nearest[tile]
            first = tile < 0 or rows[t, place[t]] < rows[tile, place[tile]]
            if nearest[t] < least or (nearest[t] == least and first):
                tile = t
        at = place[tile]
        ends[edge, 0], ends[edge, 1] = source[tile, at], rows[tile, at]
        apart[edge] = best[tile, at]
    return ends, apart
