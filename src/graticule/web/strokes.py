"""What is drawn in one go, and which samples it covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from graticule.core.errors import RequestError
from graticule.core.typing import Array

Shape = Literal["line", "polygon", "boxes", "fill"]
_LARGEST = 2**26
"""Samples of the box around an area that is filled at once."""
Bounds: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""Start and stop of rows and of columns."""


@dataclass(frozen=True)
class Stroke:
    """What is drawn in one go.

    Attributes
    ----------
    value : int
        The label; 0 takes away.
    radius : float
        Of a round brush, in samples.
    points : sequence of (float, float)
        Rows and columns, in samples.
    at : mapping
        An index for each further dim.
    shape : str
        A ``line`` along the points, what their ``polygon`` encloses, ``boxes``, of each two points
        the samples between these corners, or a ``fill`` of the area of one label around the last.
    plane : (str, str)
        The dims that are rows and columns.
    stretch : (float, float)
        How long a sample is along these: by it the brush is round where they are spaced otherwise.
    """

    value: int
    radius: float
    points: Sequence[tuple[float, float]]
    at: Mapping[str, int] = field(default_factory=dict)
    shape: Shape = "line"
    plane: tuple[str, str] = ("y", "x")
    stretch: tuple[float, float] = (1.0, 1.0)


def bounds_of(stroke: Stroke, sizes: tuple[int, int]) -> Bounds:
    """Return the box around what a stroke covers of a plane, of at least one sample.

    Raises
    ------
    RequestError
        If it has no points, or half of a box.
    """
    points = np.asarray(stroke.points, float).reshape(-1, 2)
    radius = stroke.radius if stroke.shape == "line" else 0.0
    if not len(points) or not np.isfinite(points).all():
        raise RequestError("a stroke has points")
    if stroke.shape == "boxes" and len(points) % 2:
        raise RequestError("boxes have two points each")
    bounds = []
    for axis, size in enumerate(sizes):
        reach = radius / stroke.stretch[axis]
        low, top = points[:, axis].min() - reach, points[:, axis].max() + reach
        start = int(np.clip(np.floor(low), 0, size - 1))
        bounds.append((start, int(np.clip(np.ceil(top) + 1, start + 1, size))))
    return bounds[0], bounds[1]


def covered_by(stroke: Stroke, bounds: Bounds) -> Array:
    """Return which samples of a box a stroke covers."""
    rows, columns = (np.arange(*each, dtype=float) for each in bounds)
    points = np.asarray(stroke.points, float).reshape(-1, 2)
    if stroke.shape == "polygon":
        from matplotlib.path import Path as Outline

        grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        found = Outline(points[:, ::-1]).contains_points(grid, radius=1e-9)
        return np.asarray(found.reshape(rows.size, columns.size))
    covered = np.zeros((rows.size, columns.size), bool)
    if stroke.shape == "boxes":
        for corners in points.reshape(-1, 2, 2):
            (top, left), (bottom, right) = corners.min(axis=0), corners.max(axis=0)
            covered[_between(rows, top, bottom), _between(columns, left, right)] = True
        return covered
    high, wide = stroke.stretch
    places = points * stroke.stretch
    ends = places[1:] if len(places) > 1 else places
    for (y0, x0), (y1, x1) in zip(places[: len(ends)], ends, strict=True):
        _cover(covered, rows * high, columns * wide, (y0, x0, y1, x1), stroke.radius)
    if stroke.radius < max(high, wide) / 2:  # between samples, the brush would reach none
        corner = rows[0], columns[0]
        covered[tuple(path_of(points - corner, (rows.size, columns.size)).T)] = True
    return covered


def area_around(labels: Array, place: tuple[float, float]) -> tuple[Bounds, Array]:
    """Return the box around the connected area of one label about a place, and its samples.

    Areas that touch at corners only are two.

    Parameters
    ----------
    labels : (rows, columns) ndarray
        Labels of one byte.
    place : (float, float)
        Row and column, in samples.

    Raises
    ------
    RequestError
        If the place is outside, or the box is too large to be filled at once.

    Examples
    --------
    >>> bounds, inside = area_around(np.array([[1, 0, 1], [0, 0, 1]], np.uint8), (1, 0.2))
    >>> bounds, inside.tolist()
    (((0, 2), (0, 2)), [[False, True], [True, True]])
    """
    import cv2

    row, column = (int(np.floor(each + 0.5)) for each in place)
    rows, columns = labels.shape
    if not (0 <= row < rows and 0 <= column < columns):
        raise RequestError("lies outside of the image")
    mask = np.zeros((rows + 2, columns + 2), np.uint8)
    how = 4 | 255 << 8 | cv2.FLOODFILL_MASK_ONLY
    given = np.ascontiguousarray(labels)
    left, top, wide, high = cv2.floodFill(given, mask, (column, row), 0, flags=how)[3]
    if wide * high > _LARGEST:
        raise RequestError(
            f"the area is larger than {_LARGEST:,} samples",
            hint="draw around what is to be filled first",
        )
    inside = mask[1 + top : 1 + top + high, 1 + left : 1 + left + wide] == 255
    return ((top, top + high), (left, left + wide)), inside


def _between(places: Array, low: float, high: float) -> slice:
    return slice(int(np.searchsorted(places, low)), int(np.searchsorted(places, high, "right")))


def _cover(
    covered: Array, rows: Array, columns: Array, line: tuple[float, ...], radius: float
) -> None:
    """Mark the samples within a radius of a straight line, looking at its surroundings alone."""
    y0, x0, y1, x1 = line
    part = tuple(
        _between(places, min(a, b) - radius, max(a, b) + radius)
        for places, a, b in ((rows, y0, y1), (columns, x0, x1))
    )
    y, x = rows[part[0]][:, None] - y0, columns[part[1]][None, :] - x0
    dy, dx = y1 - y0, x1 - x0
    length = dy * dy + dx * dx
    along = np.clip((y * dy + x * dx) / length, 0, 1) if length else np.zeros(())
    covered[part] |= (y - along * dy) ** 2 + (x - along * dx) ** 2 <= max(radius, 0.5) ** 2


def path_of(points: Sequence[tuple[float, float]], sizes: tuple[int, int]) -> Array:
    """Return the samples along a line as rows and columns, each next to the one before.

    Steps go along rows or columns, so that what is connected across corners cannot slip through.
    What lies outside of the plane is left out.

    Examples
    --------
    >>> path_of([(0, 0), (1, 2)], (5, 5)).tolist()
    [[0, 0], [0, 1], [1, 1], [1, 2]]
    """
    places = np.asarray(points, float).reshape(-1, 2)
    if not len(places) or not np.isfinite(places).all():
        raise RequestError("a line has points")
    dense = [places[:1]]
    for start, stop in pairwise(places):
        count = max(1, int(np.ceil(4 * np.abs(stop - start).max())))
        dense.append(start + np.linspace(0, 1, count + 1)[1:, None] * (stop - start))
    cells = np.floor(np.concatenate(dense) + 0.5).astype(np.int64)
    moved = np.any(np.diff(cells, axis=0, prepend=cells[:1] - 1), axis=1)
    cells = cells[moved]
    turns = np.abs(np.diff(cells, axis=0)).sum(axis=1) > 1
    corners = np.stack([cells[:-1, 0], cells[1:, 1]], axis=1)[turns]
    cells = np.insert(cells, np.flatnonzero(turns) + 1, corners, axis=0)
    inside = np.all((cells >= 0) & (cells < np.asarray(sizes)), axis=1)
    return np.asarray(cells[inside])
