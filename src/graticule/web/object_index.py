"""Where each object of an image of labels lies, kept up as it is edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np

from graticule.core.errors import RequestError
from graticule.core.typing import Array

Box: TypeAlias = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""Start and stop along each axis of a volume: z, rows and columns."""
LARGEST = 2**27
"""Numbers of objects up to which there is room for where each lies."""
_ROWS = 2048


class ObjectIndex:
    """How many samples each object has, and a box that holds it.

    Boxes grow with what is drawn and do not shrink, so that an edit need not look elsewhere. Of
    several volumes, as of a film, they hold what a number is in all of them.

    Parameters
    ----------
    volumes : sequence of ndarray
        Labels along z, rows and columns.

    Attributes
    ----------
    top : int
        The largest number that was ever given; the next object has the one after it.
    count : int
        Objects that there are.
    """

    def __init__(self, volumes: Sequence[Array]) -> None:
        self.top = max((_largest(plane) for labels in volumes for plane in labels), default=0)
        require_few(self.top)
        self._counts = np.zeros(self.top + 1, np.int64)
        self._boxes = np.zeros((self.top + 1, 6), np.int32)
        for labels in volumes:
            for z, plane in enumerate(labels):
                for start in range(0, plane.shape[0], _ROWS):
                    self._survey(np.asarray(plane[start : start + _ROWS]), z, start, 0)
        self.count = int(np.count_nonzero(self._counts))

    def _survey(self, labels: Array, z: int, top: int, left: int) -> None:
        from graticule.web._kernels import survey

        survey(labels, z, top, left, self._counts, self._boxes)

    def holds(self, label: int) -> bool:
        """Whether there is an object of a number."""
        return 0 < label < len(self._counts) and bool(self._counts[label])

    def box_of(self, labels: Iterable[int]) -> Box:
        """Return the box that holds some objects that there are."""
        boxes = self._boxes[list(labels)]
        z0, y0, x0 = (int(low) for low in boxes[:, 0::2].min(axis=0))
        z1, y1, x1 = (int(high) for high in boxes[:, 1::2].max(axis=0))
        return (z0, z1), (y0, y1), (x0, x1)

    def replace(self, box: Box, before: Array, after: Array) -> None:
        """Take note that a box holds other labels."""
        largest = int(after.max(initial=0))
        if largest >= len(self._counts):
            require_few(largest)
            room = min(LARGEST, max(1024, 2 * largest)) + 1
            self._counts = np.concatenate([self._counts, np.zeros(room - len(self._counts), int)])
            more = np.zeros((room - len(self._boxes), 6), np.int32)
            self._boxes = np.concatenate([self._boxes, more])
        self.top = max(self.top, largest)
        changed = before != after
        gone, samples = np.unique(before[changed], return_counts=True)
        was = {*gone.tolist(), *np.unique(after[changed]).tolist()} - {0}
        there = sum(self.holds(label) for label in was)
        self._counts[gone] -= samples
        self._counts[0] = 0
        (z0, _), (y0, _), (x0, _) = box
        for z, plane in enumerate(np.where(changed, after, 0), z0):
            self._survey(plane, z, y0, x0)
        self.count += sum(self.holds(label) for label in was) - there


def _largest(plane: Array) -> int:
    parts = (plane[start : start + _ROWS] for start in range(0, len(plane), _ROWS))
    return max((int(part.max(initial=0)) for part in parts), default=0)


def require_few(largest: int) -> None:
    """Raise `RequestError` if objects have larger numbers than there is room for."""
    if largest > LARGEST:
        raise RequestError(
            f"an object has the number {largest:,}; up to {LARGEST:,} are corrected",
            hint="number them anew first, with segment.relabel",
        )
