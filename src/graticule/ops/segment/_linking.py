"""Objects of frames linked to tracks: frame to frame, then across gaps and at divisions.

The costs and the two assignments are those of Jaqaman et al. 2008; what must not be linked costs
as much as the longest link allowed, on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array

_LEAST = 1e-9
"""Cost of a link over no distance: a sparse matrix holds no zeros."""


@dataclass(frozen=True)
class Rules:
    """What may be linked.

    Attributes
    ----------
    reach : float
        The longest way from one frame to the next.
    gap : int
        Frames an object may be missing.
    divisions : bool
        Whether one object may become two.
    size_weight : float
        How much objects of different size are kept apart.
    steady : bool
        Whether an object is expected where its last steps lead to, not where it was.
    """

    reach: float
    gap: int
    divisions: bool
    size_weight: float
    steady: bool


class Observations(NamedTuple):
    """Objects of all frames, in the order of frames: number of the frame, place and size."""

    frame: Array
    place: Array
    size: Array


class Links(NamedTuple):
    """What became of the objects: the track of each, from 1, and the parent of each track."""

    track: Array
    parent: Array


def assigned(rows: Array, columns: Array, costs: Array, limit: float) -> tuple[Array, Array]:
    """Return the pairs of least total cost; to leave both of a pair alone costs ``2 * limit``.

    Examples
    --------
    >>> one, two = assigned(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([1.0, 2, 9]), 3.0)
    >>> one.tolist(), two.tolist()
    ([0], [0])
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    if not len(rows):
        return rows, columns
    names, row = np.unique(rows, return_inverse=True)
    goals, column = np.unique(columns, return_inverse=True)
    count, width = len(names), len(goals)
    alone = np.arange(count)
    values = np.concatenate([costs + _LEAST, np.full(count, 2 * limit + _LEAST)])
    where = (np.concatenate([row, alone]), np.concatenate([column, width + alone]))
    matrix = csr_array((values, where), shape=(count, width + count))
    one, two = min_weight_full_bipartite_matching(matrix)
    linked = two < width
    return names[one[linked]], goals[two[linked]]


def link(seen: Observations, frames: int, rules: Rules) -> Links:
    """Return the tracks of all objects."""
    before = _frame_to_frame(seen, frames, rules)
    after = _turned(before)
    parent = np.full(len(before), -1)
    if len(before):
        _close(seen, frames, rules, before, after, parent)
    return _numbered(seen, before, parent)


def _penalty(one: Array, two: Array, weight: float) -> Array:
    """Return the factor on a distance between objects of different size."""
    return np.asarray(1 + weight * 3 * np.abs(one - two) / np.maximum(one + two, 1e-300))


def _near(one: Array, two: Array, reach: float) -> tuple[Array, Array, Array]:
    """Return the pairs of places no further apart than a reach, and their distances."""
    from scipy.spatial import KDTree

    if not len(one) or not len(two):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    pairs = KDTree(one).sparse_distance_matrix(KDTree(two), reach, output_type="ndarray")
    order = np.lexsort((pairs["j"], pairs["i"]))
    return pairs["i"][order], pairs["j"][order], pairs["v"][order]


def _frame_to_frame(seen: Observations, frames: int, rules: Rules) -> Array:
    """Return for each object the one before it, in the frame before; -1 where there is none."""
    before = np.full(len(seen.frame), -1)
    starts = np.searchsorted(seen.frame, np.arange(frames + 1))
    velocity = np.zeros_like(seen.place)
    for number in range(1, frames):
        old = np.arange(starts[number - 1], starts[number])
        new = np.arange(starts[number], starts[number + 1])
        expected = seen.place[old] + velocity[old]
        i, j, away = _near(expected, seen.place[new], rules.reach)
        cost = (away * _penalty(seen.size[old[i]], seen.size[new[j]], rules.size_weight)) ** 2
        kept = cost <= rules.reach**2
        one, two = assigned(old[i[kept]], new[j[kept]], cost[kept], rules.reach**2)
        before[two] = one
        if rules.steady:
            step = seen.place[two] - seen.place[one]
            fresh = before[one] < 0
            velocity[two] = np.where(fresh[:, None], 0.5, 1.0) * (velocity[one] + step) / 2
    return before


def _turned(before: Array) -> Array:
    """Return for each object the one after it; -1 where there is none."""
    after = np.full(len(before), -1)
    linked = before >= 0
    after[before[linked]] = np.flatnonzero(linked)
    return after


def _close(
    seen: Observations, frames: int, rules: Rules, before: Array, after: Array, parent: Array
) -> None:
    """Link the starts of tracks to ends across gaps, and to tracks that divide, all at once.

    ``before`` and ``after`` are filled in across gaps; ``parent`` at divisions, with the object
    that the start came from.
    """
    count = len(before)
    starts = np.flatnonzero((before < 0) & (seen.frame > seen.frame.min()))
    ends = np.flatnonzero((after < 0) & (seen.frame < frames - 1))
    rows, columns, costs = [], [], []
    begins = np.searchsorted(seen.frame, np.arange(frames + 1))
    for number in np.unique(seen.frame[starts]):
        late = starts[seen.frame[starts] == number]
        for back in range(1, rules.gap + 2):
            if number - back < 0:
                break
            reach = rules.reach * np.sqrt(back)
            early = np.arange(begins[number - back], begins[number - back + 1])
            i, j, away = _near(seen.place[early], seen.place[late], reach)
            one, two = early[i], late[j]
            stops = np.isin(one, ends)
            size = _penalty(seen.size[one], seen.size[two], rules.size_weight)
            closing = (away * size) ** 2 / back
            fits = stops & (closing <= rules.reach**2)
            rows.append(one[fits])
            columns.append(two[fits])
            costs.append(closing[fits])
            if rules.divisions:
                splits, cost = _splits(seen, rules, one, two, away, after, back)
                rows.append(count + one[splits])
                columns.append(two[splits])
                costs.append(cost[splits])
    if not rows:
        return
    limit = rules.reach**2
    i, j, cost = (np.concatenate(each) for each in (rows, columns, costs))
    one, two = assigned(i, j, cost, limit)
    closes = one < count
    before[two[closes]] = one[closes]
    after[one[closes]] = two[closes]
    for mother, daughter in zip(one[~closes] - count, two[~closes], strict=True):
        if after[mother] < 0:  # nothing else follows, so that it is the same object
            before[daughter], after[mother] = mother, daughter
        else:
            parent[daughter] = mother


def _splits(
    seen: Observations,
    rules: Rules,
    mother: Array,
    daughter: Array,
    away: Array,
    after: Array,
    back: int,
) -> tuple[Array, Array]:
    """Return which pairs may be a division, and at what cost.

    Daughters lie on either side of where their mother was, are of one size, and together as
    large as she. The other daughter is what the mother's track goes on with, and must be there
    together with this one; where the track ends, nothing is known of her but the distance.
    """
    other = after[mother]
    ended = other < 0
    for _ in range(back - 1):
        other = np.where(other >= 0, after[other], -1)
    together = other >= 0
    middle = (seen.place[other] + seen.place[daughter]) / 2
    off = 2 * np.linalg.norm(middle - seen.place[mother], axis=1)
    ways = np.where(together, (off + away) / 2, away)
    one, two = seen.size[daughter], np.where(together, seen.size[other], seen.size[daughter])
    weight = rules.size_weight
    unlike = _penalty(one, two, weight) + _penalty(seen.size[mother], one + two, weight) - 1
    # a division seen late must be the better one: of a cell that rests, any frame before fits
    cost = (ways * unlike * back) ** 2
    fits = (cost <= rules.reach**2) & (away <= rules.reach * np.sqrt(back))
    return fits & (ended | together), cost


def _numbered(seen: Observations, before: Array, parent: Array) -> Links:
    """Return tracks from 1 by first frame; at a division both daughters begin one."""
    count = len(before)
    divides = np.zeros(count, bool)
    divides[parent[parent >= 0]] = True
    own = before.copy()
    mother = parent.copy()
    second = (before >= 0) & divides[before]  # the daughter that the track went on with
    own[second], mother[second] = -1, before[second]
    track = np.zeros(count, np.int64)
    firsts = np.flatnonzero(own < 0)
    track[firsts] = np.arange(1, len(firsts) + 1)
    for index in np.flatnonzero(own >= 0):  # sorted by frame, so that what is before is known
        track[index] = track[own[index]]
    made = mother[firsts]
    return Links(track, np.where(made >= 0, track[made], 0))
