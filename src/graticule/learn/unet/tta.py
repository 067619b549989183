"""Test-time augmentation: the mean over a window mirrored and with its last two dims swapped."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array


@dataclass(frozen=True)
class Orientation:
    """A way to lay down an array, of which only the trailing axes are moved.

    Attributes
    ----------
    swap : tuple of int
        Two axes that change places before it is mirrored, counted from the end; or none.
    mirrored : tuple of int
        Axes that are mirrored, counted from the end.
    """

    swap: tuple[int, ...] = ()
    mirrored: tuple[int, ...] = ()

    def apply(self, values: Array) -> Array:
        """Return values laid down this way, contiguous."""
        moved = np.swapaxes(values, *self.swap) if self.swap else values
        return np.ascontiguousarray(np.flip(moved, self.mirrored))

    def undo(self, values: Array) -> Array:
        """Return values as they were before `apply`."""
        moved = np.flip(values, self.mirrored)
        return np.swapaxes(moved, *self.swap) if self.swap else moved


def orientations(extent: Sequence[int]) -> Iterator[Orientation]:
    """Yield all ways to lay down a window, as it is first.

    Dims that are one sample long stay, and only dims that are equally long are swapped.

    Examples
    --------
    >>> extents = ((64, 64), (64, 48), (1, 64, 64), (24, 24, 24))
    >>> [len(list(orientations(extent))) for extent in extents]
    [8, 4, 8, 16]
    """
    long = [axis - len(extent) for axis, size in enumerate(extent) if size > 1]
    square = len(long) > 1 and extent[long[-1]] == extent[long[-2]]
    for swap in ((), tuple(long[-2:])) if square else ((),):
        for count in range(len(long) + 1):
            for mirrored in itertools.combinations(long, count):
                yield Orientation(swap, mirrored)


def mean_over_orientations(run: Callable[[Array], Array], windows: Array) -> Array:
    """Return the mean of what ``run`` says of windows laid down in all ways, laid back.

    Parameters
    ----------
    run : callable
        From windows ``(n, channels, *extent)`` to results ``(n, outputs, *extent)``.
    windows : ndarray
        As ``run`` takes them.
    """
    ways = list(orientations(windows.shape[2:]))
    total = ways[0].undo(run(ways[0].apply(windows))).astype(np.float32)
    for way in ways[1:]:
        total += way.undo(run(way.apply(windows)))
    mean: Array = total / np.float32(len(ways))
    return mean
