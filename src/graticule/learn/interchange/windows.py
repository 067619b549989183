"""Windows on a lattice whose good middles lie side by side: a network over an image of any size.

Windows start at multiples of a step from the first sample of the image, the last one where it ends
with the image; of each, what is nearer to its border than the halo is left out but at the border
of the image, where a window begins and ends with it. Where the halo is as wide as the network
looks, a sample is what the network says of it in the image as a whole. Which window a sample is of
depends on the size of the image alone, and windows start at multiples of what the network pools
over: so a block that starts on the lattice and reaches a window further gives the same bytes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graticule.core.errors import ParameterError

Span = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """Where a window lies, and which samples are its own, by axis in samples of the image."""

    start: tuple[int, ...]
    own: tuple[Span, ...]


@dataclass(frozen=True)
class CoreLattice:
    """Where windows lie.

    Parameters
    ----------
    tile : tuple of int
        Samples of a window by axis.
    halo : tuple of int
        Samples at its border that are not good.
    multiple : tuple of int
        What starts are multiples of, and sizes of images smaller than a window.
    least : tuple of int
        What a smaller image is padded to: the window's size where it is the only one.
    """

    tile: tuple[int, ...]
    halo: tuple[int, ...]
    multiple: tuple[int, ...]
    least: tuple[int, ...]

    @property
    def step(self) -> tuple[int, ...]:
        """From one window to the next, by axis.

        Raises
        ------
        ParameterError
            If the windows are too small for their halo.
        """
        steps = []
        for tile, halo, multiple in zip(self.tile, self.halo, self.multiple, strict=True):
            steps.append((tile - 2 * halo) // multiple * multiple)
            if steps[-1] < 1:
                least = -(-(2 * halo + multiple) // multiple) * multiple
                raise ParameterError(
                    f"must be {least} or more, with a halo of {halo} and sizes in multiples of "
                    f"{multiple}; not {tile}",
                    where="tile",
                )
        return tuple(steps)

    def padded(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Return the sizes an image is padded to, at its ends."""
        found = []
        for size, tile, multiple, least in zip(
            sizes, self.tile, self.multiple, self.least, strict=True
        ):
            beyond = max(0, size - tile)
            small = min(tile, max(least, -(-size // multiple) * multiple))
            found.append(tile + -(-beyond // multiple) * multiple if beyond else small)
        return tuple(found)

    def extent(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Return the size of every window in an image of some sizes."""
        padded = self.padded(sizes)
        return tuple(min(tile, size) for tile, size in zip(self.tile, padded, strict=True))

    def windows(self, sizes: Sequence[int], wanted: Sequence[Span]) -> Iterator[Window]:
        """Give the windows with samples of their own in a region, cut to it.

        Examples
        --------
        >>> lattice = CoreLattice((8,), (2,), (2,), (2,))
        >>> [(w.start[0], *w.own[0]) for w in lattice.windows([15], [(0, 15)])]
        [(0, 0, 6), (4, 6, 10), (8, 10, 15)]
        """
        padded = self.padded(sizes)
        axes = []
        for axis, (low, high) in enumerate(wanted):
            starts = self._starts(padded[axis], axis)
            edges = [0, *(at + self.halo[axis] for at in starts[1:]), padded[axis]]
            spans = zip(starts, itertools.pairwise(edges), strict=True)
            axes.append(
                [
                    (at, (max(first, low), min(last, high)))
                    for at, (first, last) in spans
                    if first < high and last > low
                ]
            )
        for parts in itertools.product(*axes):
            yield Window(tuple(at for at, _ in parts), tuple(own for _, own in parts))

    def _starts(self, size: int, axis: int) -> list[int]:
        tile, step = self.tile[axis], self.step[axis]
        if size <= tile:
            return [0]
        regular = list(range(0, size - tile + 1, step))
        return regular if regular[-1] + tile == size else [*regular, size - tile]
