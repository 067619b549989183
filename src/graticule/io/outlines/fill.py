"""Labels from outlines: a pixel belongs to the object that its centre lies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.safety import require_modest, require_room

_CROSSING = 20
"""Bytes of a place where an edge crosses a row."""


@dataclass(frozen=True)
class Shape:
    """What is filled with a label.

    Attributes
    ----------
    label : int
        The value.
    groups : sequence of sequence of ndarray
        Groups of rings ``(n, 2)`` of x and y; within a group is what an odd number of its rings is
        around, and the object is all its groups together.
    plane : int
        The plane.
    """

    label: int
    groups: Sequence[Sequence[Array]]
    plane: int = 0


@dataclass(frozen=True)
class Filled:
    """Labels, and how many pixels lay in several objects; these are of the last one."""

    labels: Array
    overlaps: int


def fill(shapes: Sequence[Shape], shape: Sequence[int], dtype: Any = np.int32) -> Filled:
    """Return the labels of outlines.

    Parameters
    ----------
    shapes : sequence of Shape
        In the order in which they are filled.
    shape : sequence of int
        ``(y, x)`` or ``(plane, y, x)`` of the image; what lies outside is cut off.
    dtype : dtype
        Of the labels.

    Raises
    ------
    FormatError
        If a point is not finite or far outside of what a picture can be, or a plane is not there.
    UnsafeFileError
        If it would take more memory than there is.

    Examples
    --------
    >>> square = np.array([[0, 0], [2, 0], [2, 2], [0, 2]])
    >>> fill([Shape(7, [[square]])], (2, 3)).labels.tolist()
    [[7, 7, 0], [7, 7, 0]]
    """
    from graticule.io.outlines._kernels import fill_rings, rows_crossed

    sizes = tuple(int(size) for size in shape)
    require_modest(sizes, np.dtype(dtype).itemsize, what="the label image")
    labels = np.zeros(sizes, dtype)
    planes = labels if labels.ndim == 3 else labels[None]
    if not labels.size:
        return Filled(labels, 0)
    rings = [ring for each in shapes for group in each.groups for ring in group]
    if not rings:
        return Filled(labels, 0)
    ring_ends = np.cumsum([len(ring) for ring in rings])
    group_ends = np.cumsum([len(group) for each in shapes for group in each.groups])
    values = [each.label for each in shapes for _ in each.groups]
    places = [each.plane for each in shapes for _ in each.groups]
    if not all(0 <= place < len(planes) for place in places):
        raise FormatError(f"tells of objects in other planes than the {len(planes)} of its image")
    points = np.ascontiguousarray(np.concatenate(rings), np.float64)
    if not (np.abs(points) < 2**31).all():  # NaN is not either
        raise FormatError("has an outline with a point that is no place in an image")
    crossed = rows_crossed(points, ring_ends, group_ends, planes.shape[1])
    require_room(int(crossed.max()) * _CROSSING, what="an outline")
    overlaps = fill_rings(
        points,
        ring_ends,
        group_ends,
        crossed,
        np.array(values, dtype),
        np.array(places, np.int64),
        planes,
    )
    return Filled(labels, int(overlaps))
