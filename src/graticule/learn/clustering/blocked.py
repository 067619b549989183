r"""k-means of rows that are read block by block, most of them once.

Lloyd's iterations measure all rows against all centroids again and again. Here each row is read
once and written down by its coordinates :math:`y` in a subspace of few dims, that of the first
centroids and of the widest directions of a sample, and the length :math:`r` of the rest of it. Of
a centroid with the coordinates :math:`a` and a rest of length :math:`q` the squared distance is

.. math:: |y - a|^2 + r^2 + q^2 - 2 \epsilon, \qquad |\epsilon| \le r q

by the inequality of Cauchy and Schwarz, and as means of many rows have little noise, :math:`q` is
small. So the nearest centroid of most rows is certain, and no other rows are read. The result is
that of Lloyd's iterations, to rounding; no copy of the data is made but of the few coordinates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graticule.core import map_ranges
from graticule.core.errors import ImageError
from graticule.core.typing import Array

BLOCK = 256
"""Rows of a block, so that it stays in the cache of a processor."""
_LINES = 8192
"""Rows whose coordinates are measured at once."""
_SAMPLE, _WIDEST = 4096, 8
"""Rows that tell the widest directions, and how many of these."""
_AGAIN = 0.5
"""Share of rows in doubt at which the subspace is laid anew."""


@dataclass(frozen=True)
class Rows:
    """Rows of features that need not lie in memory.

    Attributes
    ----------
    count, features : int
        Their number, and what is known of each.
    read : callable
        ``read(start, stop)`` gives float32 (rows, features), one row after the other in memory.
    """

    count: int
    features: int
    read: Callable[[int, int], Array] = field(repr=False)

    @classmethod
    def of(cls, table: Array) -> Rows:
        """Return the rows of an array; float32 ones are not copied."""

        def read(start: int, stop: int) -> Array:
            return np.ascontiguousarray(table[start:stop], np.float32)

        return cls(len(table), table.shape[1], read)

    def at(self, numbers: Array) -> Array:
        """Return some rows, given by increasing numbers."""
        found = np.empty((len(numbers), self.features), np.float32)
        edges = np.searchsorted(numbers, np.arange(0, self.count + BLOCK, BLOCK))
        for block in np.flatnonzero(np.diff(edges)):
            part, start = slice(edges[block], edges[block + 1]), int(block) * BLOCK
            held = self.read(start, min(start + BLOCK, self.count))
            found[part] = held[numbers[part] - start]
        return found

    def sample(self, size: int, seed: int) -> Array:
        """Return rows drawn without replacement, in their order; all where there are no more."""
        if self.count <= size:
            return self.at(np.arange(self.count))
        drawn = np.random.default_rng(seed).choice(self.count, size, replace=False)
        return self.at(np.sort(drawn))


@dataclass(frozen=True)
class KMeansFit:
    """What the iterations ended with.

    Attributes
    ----------
    centroids : ndarray
        (centroids, features) of float64.
    labels : ndarray of int32
        The nearest of them.
    sizes : ndarray of int64
        Rows of each.
    inertia : float
        Sum of the squared distances.
    iterations : int
        How often the centroids moved.
    read : float
        Rows that were read, as a multiple of their number.
    """

    centroids: Array
    labels: Array
    sizes: Array
    inertia: float
    iterations: int
    read: float


def kmeans_of_blocks(
    rows: Rows, centroids: Array, *, iterations: int = 300, tolerance: float = 0.0
) -> KMeansFit:
    """Move centroids to the mean of the rows nearest to them until they rest.

    Parameters
    ----------
    rows : Rows
        All finite.
    centroids : ndarray
        (centroids, features): where they start.
    iterations : int
        At most so many.
    tolerance : float
        Squared shift of all centroids at which they rest.

    Raises
    ------
    ImageError
        If there are fewer rows than centroids, or one is not finite.

    Examples
    --------
    >>> table = np.repeat([[0.0, 1.0], [9.0, 7.0]], 50, axis=0).astype(np.float32)
    >>> found = kmeans_of_blocks(Rows.of(table), table[[0, 99]] + 1)
    >>> found.centroids.tolist(), found.sizes.tolist(), round(found.inertia, 6)
    ([[0.0, 1.0], [9.0, 7.0]], [50, 50], 0.0)
    """
    if rows.count < len(centroids):
        raise ImageError(
            f"{len(centroids)} groups need {len(centroids)} rows, not {rows.count}",
            hint="ask for fewer groups or give more rows",
        )
    from threadpoolctl import threadpool_limits

    # Parts run side by side; were their small products shared out too, threads would wait.
    with threadpool_limits(limits=1, user_api="blas"):
        return _Lloyd(rows, np.asarray(centroids, np.float64)).run(iterations, tolerance)


def best_kmeans_of_blocks(
    rows: Rows, groups: int, *, starts: int = 10, iterations: int = 300, seed: int = 0
) -> KMeansFit:
    """Return the best of some fits, each started by k-means of another sample of the rows.

    A sample alone may prefer other groups than all rows do, so every start is carried through.

    Examples
    --------
    >>> table = np.repeat([[0.0], [9.0], [30.0]], 50, axis=0).astype(np.float32)
    >>> best_kmeans_of_blocks(Rows.of(table), 3).sizes.tolist()
    [50, 50, 50]
    """
    from graticule.learn.clustering.steps.kmeans import KMeans, best_of_starts

    rng = np.random.default_rng(seed)
    once = KMeans(n_clusters=groups, n_init=1)
    best: KMeansFit | None = None
    for own in rng.integers(2**31, size=starts).tolist():
        sample = rows.sample(_SAMPLE, own).astype(np.float64)
        _require_finite(sample)
        centroids, _ = best_of_starts(sample, once, own)
        found = kmeans_of_blocks(rows, centroids, iterations=iterations)
        if best is None or found.inertia < best.inertia * (1 - 1e-7):
            best = found
    assert best is not None
    return best


class _Lloyd:
    """The state of Lloyd's iterations."""

    def __init__(self, rows: Rows, centroids: Array) -> None:
        self.rows, self.centroids = rows, centroids
        self.labels = np.full(rows.count, -1, np.int32)
        self.sums = np.zeros(centroids.shape)
        self.sizes = np.zeros(len(centroids), np.int64)
        self.read = 0
        sample = rows.sample(_SAMPLE, 0)
        _require_finite(sample, centroids)
        self.centre = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        self.widest = _widest(sample - self.centre)
        self.spread = 0.0
        self.lay()

    def lay(self) -> None:
        """Lay the subspace through the centroids as they are, and read all rows."""
        start = self.centroids - self.centre
        # Directions shorter than rounding would be noise; the rest of a row only grows without.
        held, singular, _ = np.linalg.svd(np.concatenate([start, self.widest]).T, False)
        self.axes = np.ascontiguousarray(held[:, singular > 1e-6 * singular[0]], np.float32)
        self.places = np.empty((self.rows.count, self.axes.shape[1]), np.float32)
        self.rest = np.empty(self.rows.count, np.float32)
        self.squares = np.empty(self.rows.count, np.float32)
        self.fresh = True

    def run(self, iterations: int, tolerance: float) -> KMeansFit:
        """Iterate; the labels are those of the last centroids."""
        done = 0
        for done in range(iterations + 1):
            changed, doubt = self.assign()
            if changed == 0 or done == iterations:
                break
            self.fill_empty()
            moved = self.sums / self.sizes[:, None] - self.centroids
            self.centroids = self.centroids + moved
            if float((moved**2).sum()) <= tolerance:
                done += 1
                self.assign()
                break
            if doubt > _AGAIN * self.rows.count and not self.fresh:
                self.lay()
        inside = self.centroids - self.centre
        sums = self.sums - self.sizes[:, None] * self.centre
        squares = self.sizes * (inside**2).sum(axis=1) - 2 * (inside * sums).sum(axis=1)
        inertia = max(0.0, self.spread + float(squares.sum()))
        share = self.read / self.rows.count
        return KMeansFit(self.centroids, self.labels, self.sizes, inertia, done, share)

    def assign(self) -> tuple[int, int]:
        """Give all rows their nearest centroid; return how many changed, and were in doubt."""
        parts = map_ranges(self._part, self.rows.count, least=_LINES)
        for sums, sizes, *_ in parts:
            self.sums += sums
            self.sizes += sizes
        changed, doubt, read = (sum(part[n] for part in parts) for n in (2, 3, 4))
        self.read += read
        if self.fresh:
            self.spread = float(sum(part[5] for part in parts))
            _require_finite(self.spread)
        self.fresh = False
        return changed, doubt

    def _part(self, first: int, last: int) -> tuple[Any, ...]:
        from graticule.learn.clustering import _block_kernels as kernels

        axes, count = self.axes, len(self.centroids)
        inside = self.centroids - self.centre
        along = inside @ axes
        reach = 2 * np.linalg.norm(inside - along @ axes.T, axis=1).astype(np.float32)
        base = (inside**2).sum(axis=1).astype(np.float32)
        turned = np.ascontiguousarray(-2 * along.T, np.float32)
        centroids = self.centroids.astype(np.float32)
        longest = np.float32(base.max())
        origin = self.centre @ axes
        sums, sizes = np.zeros(self.sums.shape), np.zeros(count, np.int64)
        doubtful = np.empty(_LINES, np.int32)
        changed = doubt = read = 0
        spread = 0.0
        # Rows that are read anyway are settled while they are in the cache.
        step = BLOCK if self.fresh else _LINES
        for start in range(first, last, step):
            span = slice(start, min(start + step, last))
            places, rest, labels = self.places[span], self.rest[span], self.labels[span]
            block = None
            if self.fresh:
                block = self.rows.read(span.start, span.stop)
                np.matmul(block, axes, out=places)
                places -= origin
                spread += kernels.outside(block, self.centre, places, rest, self.squares[span])
            costs = places @ turned
            to_do = doubtful[: len(labels)]
            waiting, unsure = kernels.settle(
                *(costs, base, reach, rest, self.squares[span], longest, labels, to_do)
            )
            if not waiting:
                continue
            doubt += unsure
            if block is None:
                block = self.rows.read(span.start, span.stop)
            read += waiting
            changed += kernels.resolve(
                *(block, centroids, costs, reach, rest, self.squares[span], longest, labels),
                *(to_do, sums, sizes),
            )
        return sums, sizes, changed, doubt, read, spread

    def fill_empty(self) -> None:
        """Give a centroid without rows the row that is farthest from its own."""
        for group in np.flatnonzero(self.sizes == 0):
            along = (self.centroids - self.centre) @ self.axes
            apart = ((self.places - along[self.labels]) ** 2).sum(axis=1) + self.rest**2
            apart[self.sizes[self.labels] < 2] = -1
            far = int(apart.argmax())
            row, old = self.rows.read(far, far + 1)[0], self.labels[far]
            self.sums[old] -= row
            self.sums[group] += row
            self.sizes[old] -= 1
            self.sizes[group] += 1
            self.labels[far] = group


def _require_finite(*values: Any) -> None:
    if not all(np.isfinite(each).all() for each in values):
        raise ImageError("holds values that are not finite", hint="mask them first")


def _widest(centred: Array) -> Array:
    """Return directions that hold most of the variance of rows, by subspace iteration."""
    count = min(_WIDEST, *centred.shape)
    rng = np.random.default_rng(0)
    tried = rng.standard_normal((centred.shape[1], count), np.float32)
    for _ in range(4):
        tried, _ = np.linalg.qr(centred.T @ (centred @ tried))
    return np.asarray(tried.T, np.float64)
