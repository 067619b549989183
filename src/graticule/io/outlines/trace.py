"""Outlines of the objects of a label image, along the edges of pixels and so without loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array

Ring: TypeAlias = Array
"""``(n, 2)`` x and y of its corners, the last not that of the first again."""
_MOST = 2**31 - 1


@dataclass(frozen=True)
class Outline:
    """The outline of an object in a plane.

    Attributes
    ----------
    label : int
        The object.
    plane : int
        The plane; 0 of an image of two dims.
    polygons : tuple of tuple of ndarray
        Of each part that hangs together by edges of pixels: its outer ring, and one for each hole.
        A pixel at row ``i`` and column ``j`` reaches from ``(j, i)`` to ``(j + 1, i + 1)``. Rings
        have integer corners ``(x, y)`` and touch neither themselves nor, but in points, each other.
    area : int
        Pixels.
    box : tuple of int
        Least x and y, and width and height.
    """

    label: int
    plane: int
    polygons: tuple[tuple[Ring, ...], ...]
    area: int
    box: tuple[int, int, int, int]

    @property
    def rings(self) -> list[Ring]:
        """All rings, of which an odd number is around each pixel of the object."""
        return [ring for polygon in self.polygons for ring in polygon]


def trace(labels: Array) -> list[Outline]:
    """Return the outlines of all objects, plane after plane and in the order of their numbers.

    Parameters
    ----------
    labels : ndarray
        ``(y, x)`` or ``(plane, y, x)``, bools or integers that are not negative; 0 is no object.

    Raises
    ------
    FormatError
        If values are no labels.

    Examples
    --------
    >>> ring = np.ones((3, 3), np.uint8)
    >>> ring[1, 1] = 0
    >>> (found,) = trace(ring)
    >>> found.area, [corners.tolist() for corners in found.rings]
    (8, [[[3, 0], [3, 3], [0, 3], [0, 0]], [[2, 2], [2, 1], [1, 1], [1, 2]]])
    """
    if labels.dtype.kind not in "bui":
        what = f"outlines are of labels, which are whole numbers, not {labels.dtype}"
        raise FormatError(what, hint="label the objects first, as by segment.label")
    if labels.ndim not in (2, 3):
        what = f"outlines lie in planes: of labels with 2 or 3 dims, not {labels.ndim}"
        raise FormatError(what, hint="export a part with fewer dims")
    if labels.size and (int(labels.min()) < 0 or int(labels.max()) > _MOST):
        raise FormatError(f"outlines are of labels from 0 to {_MOST}")
    planes = labels if labels.ndim == 3 else labels[None]
    return [found for number, plane in enumerate(planes) for found in _trace_plane(plane, number)]


def _trace_plane(plane: Array, number: int) -> Iterator[Outline]:
    import cc3d

    from graticule.io.outlines._kernels import rings_of

    if not plane.size or not plane.any():
        return
    parts = cc3d.connected_components(np.ascontiguousarray(plane, np.int32), connectivity=4)
    parts = np.ascontiguousarray(parts, np.int32)
    corners, ends, owners, touching = rings_of(parts)
    corners = np.ascontiguousarray(corners[:, ::-1])
    label_of = np.zeros(int(parts.max()) + 1, np.int64)
    label_of[parts.ravel()] = plane.ravel()
    by_label: dict[int, dict[int, list[Ring]]] = {}
    for stop, start, part, touches in zip(
        ends.tolist(), [0, *ends[:-1].tolist()], owners.tolist(), touching.tolist(), strict=True
    ):
        ring = corners[start:stop]
        found = by_label.setdefault(int(label_of[part]), {}).setdefault(part, [])
        found.extend(_parted(ring) if touches else [ring])
    for label in sorted(by_label):
        polygons = tuple(_outer_first(rings) for rings in by_label[label].values())
        area = sum(signed_area(ring) for polygon in polygons for ring in polygon)
        outer = np.concatenate([polygon[0] for polygon in polygons])
        low, high = outer.min(axis=0).tolist(), outer.max(axis=0).tolist()
        box = (low[0], low[1], high[0] - low[0], high[1] - low[1])
        yield Outline(label, number, polygons, int(area), box)


def signed_area(ring: Ring) -> float:
    """Return the area within a ring: positive where it runs clockwise, y downwards.

    Examples
    --------
    >>> signed_area(np.array([[0, 0], [2, 0], [2, 1], [0, 1]]))
    2.0
    """
    x, y = ring[:, 0].astype(np.float64), ring[:, 1].astype(np.float64)
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _outer_first(rings: list[Ring]) -> tuple[Ring, ...]:
    """Return the rings of a part, the only one that is no hole in front."""
    return tuple(sorted(rings, key=lambda ring: signed_area(ring) < 0))


def _parted(ring: Ring) -> list[Ring]:
    """Part a ring that passes a corner twice into rings that pass each corner once."""
    parts: list[Ring] = []
    path: list[tuple[int, int]] = []
    place: dict[tuple[int, int], int] = {}
    for x, y in ring.tolist():
        corner = (x, y)
        if corner in place:
            start = place[corner]
            parts.append(np.array(path[start:], np.int32))
            for passed in path[start:]:
                del place[passed]
            del path[start:]
        place[corner] = len(path)
        path.append(corner)
    return [*parts, np.array(path, np.int32)]
