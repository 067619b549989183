"""Windows on a lattice: an image of any size through a network that sees one window at a time.

Windows start at multiples of a step counted from the image's first sample, the last one where it
ends with the image, and their results are blended by weights that fall off towards their edges.
A sample's result depends on the windows that hold it alone, which a block that reaches a window
further and starts on the lattice has all of: so a tiled run_windows gives the same bytes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

import numpy as np

from graticule.core.typing import Array

WindowStart: TypeAlias = tuple[int, ...]
RunWindows: TypeAlias = Callable[[Sequence[WindowStart]], Array]
OpenStrip: TypeAlias = Callable[[int, int], RunWindows]


@dataclass(frozen=True)
class Lattice:
    """Where the windows lie.

    Parameters
    ----------
    window : tuple of int
        Samples of a window by dim.
    step : tuple of int
        From one to the next.
    multiple : tuple of int
        An image smaller than a window is padded to a multiple of it.
    """

    window: tuple[int, ...]
    step: tuple[int, ...]
    multiple: tuple[int, ...]

    def extent(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Return the windows' size in an image of given sizes."""
        return tuple(
            window if size >= window else -(-size // multiple) * multiple
            for size, window, multiple in zip(sizes, self.window, self.multiple, strict=True)
        )

    def starts(self, size: int, axis: int) -> list[int]:
        """Return where the windows start along a dim.

        Examples
        --------
        >>> Lattice((8,), (6,), (4,)).starts(21, 0)
        [0, 6, 12, 13]
        """
        window, step = self.window[axis], self.step[axis]
        if size <= window:
            return [0]
        regular = list(range(0, size - window + 1, step))
        return regular if regular[-1] + window == size else [*regular, size - window]

    def ramp(self, long: int, axis: int) -> Array:
        """Return the weights across a window of a given length: even inside, falling outside."""
        overlap = max(1, self.window[axis] - self.step[axis])
        from_edge = np.minimum(np.arange(long), np.arange(long)[::-1]) + 0.5
        return np.minimum(from_edge / overlap, 1).astype(np.float32)


def blend_windows(
    open_strip: OpenStrip,
    sizes: Sequence[int],
    lattice: Lattice,
    bulk: int,
    wanted: Sequence[tuple[int, int]] | None = None,
) -> Iterator[tuple[int, int, Array]]:
    """Yield the blended result in strips along the first dim, from the first to the last.

    Parameters
    ----------
    open_strip : callable
        ``open_strip(start, stop)`` gives, for windows within these rows of the image, what computes
        them: ``run_windows(places) -> (n, outputs, *extent)``.
    sizes : sequence of int
        Of the image.
    lattice : Lattice
        Where the windows lie.
    bulk : int
        Windows that are asked for together.
    wanted : sequence of (int, int), optional
        Start and stop by dim of what is wanted: windows that do not touch it are left out, and
        what is yielded holds only there.

    Yields
    ------
    start, stop : int
        Rows of the strip.
    values : ndarray
        ``(outputs, rows, ...)`` float32.
    """
    extent = lattice.extent(sizes)
    starts = [lattice.starts(size, axis) for axis, size in enumerate(sizes)]
    ramps = [lattice.ramp(long, axis) for axis, long in enumerate(extent)]
    weight = reduce(np.multiply.outer, ramps)
    shares = [
        _weight_sum(ramp, begin, size)
        for ramp, begin, size in zip(ramps, starts, sizes, strict=True)
    ]
    for axis, (low, high) in enumerate(wanted or ()):
        starts[axis] = [at for at in starts[axis] if at < high and at + extent[axis] > low]
    total: Array | None = None
    for number, first in enumerate(starts[0]):
        last = number + 1 == len(starts[0])
        rows = min(extent[0], sizes[0] - first)
        places = list(itertools.product([first], *starts[1:]))
        run_windows = open_strip(first, first + rows)
        for group in range(0, len(places), bulk):
            part = places[group : group + bulk]
            found = run_windows(part)
            if total is None:
                total = np.zeros((found.shape[1], rows, *sizes[1:]), np.float32)
            for place, values in zip(part, found, strict=True):
                _add(total, values * weight, place[1:])
        assert total is not None
        stop = first + rows if last else starts[0][number + 1]
        own = reduce(np.multiply.outer, [shares[0][first:stop], *shares[1:]])
        yield first, stop, total[:, : stop - first] / own
        if not last:
            after = min(extent[0], sizes[0] - stop)
            kept = np.zeros((total.shape[0], after, *sizes[1:]), np.float32)
            kept[:, : rows - (stop - first)] = total[:, stop - first :]
            total = kept


def _add(total: Array, values: Array, place: Sequence[int]) -> None:
    cuts = [slice(0, total.shape[1])]
    cuts += [
        slice(at, min(at + long, size))
        for at, long, size in zip(place, values.shape[2:], total.shape[2:], strict=True)
    ]
    inner = tuple(slice(0, cut.stop - cut.start) for cut in cuts)
    total[(slice(None), *cuts)] += values[(slice(None), *inner)]


def _weight_sum(ramp: Array, starts: Sequence[int], size: int) -> Array:
    total = np.zeros(size, np.float32)
    for start in starts:
        stop = min(size, start + len(ramp))
        total[start:stop] += ramp[: stop - start]
    return total
