"""Properties that follow from the convex hull of each object."""

from __future__ import annotations

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array
from graticule.ops._axes import Named
from graticule.ops.measure._merge import OBJECT, Columns, combined
from graticule.ops.measure._objects import Objects
from graticule.ops.measure._table import SIZE, Measured


def collect(objects: Objects) -> tuple[Columns, ...]:
    """Return the first and last sample of every line of each object."""
    from graticule.ops.measure._hull_kernels import line_ends

    parts = []
    for ranks, frame in zip(objects.inner, objects.frames, strict=True):
        keys, ends = line_ends(ranks, int(ranks.max(initial=0)))
        frames = np.full(len(keys), frame, np.int64)
        z, y, x = objects.first
        parts.append(
            {
                "frame": frames,
                "label": objects.labels_of(keys[:, 0]),
                "z": keys[:, 1] + z,
                "y": keys[:, 2] + y,
                "first": ends[:, 0] + x,
                "last": ends[:, 1] + x,
            }
        )
    return tuple(parts)


def convex(measured: Measured) -> Named:
    """Return size of the convex hull, solidity and Feret diameters of each object."""
    ndim = len(measured.dims)
    if ndim == 1:
        span = (measured.objects["high"] - measured.objects["low"] + 1)[:, 2] * measured.steps[0]
        ends = {"convex_length": (span, measured.unit), "feret_max": (span, measured.unit)}
        return {**ends, "solidity": (measured.sizes / span, "")}
    rules = {"first": np.minimum.reduceat, "last": np.maximum.reduceat}
    lines = combined(measured.partial.tables["convex"], (*OBJECT, "z", "y"), rules)
    rows = measured.keys.rows(lines["frame"], lines["label"])
    starts = np.searchsorted(rows, np.arange(len(measured.keys) + 1))
    if ndim == 3:
        sizes, longest = _solids(lines, starts, measured.basis)
        narrowest = None
    else:
        sizes, longest, narrowest = _planes(lines, starts, measured.basis).T
    columns = {
        f"convex_{SIZE[ndim]}": (sizes, measured.power(ndim)),
        "solidity": (measured.sizes / sizes, ""),
        "feret_max": (longest, measured.unit),
    }
    if narrowest is not None:
        columns["feret_min"] = narrowest, measured.unit
    return columns


def _planes(lines: Columns, starts: Array, basis: Array) -> Array:
    """Return area and Feret diameters of the hulls of objects in two dims."""
    from graticule.ops.measure._hull_kernels import hulls, polygon_sizes

    ends = np.stack([lines["first"], lines["last"]], axis=1)

    def some(start: int, stop: int) -> Array:
        span = slice(starts[start], starts[stop])
        at, corners = hulls(starts[start : stop + 1] - span.start, lines["y"][span], ends[span])
        return np.asarray(polygon_sizes(at, corners, basis))

    return np.concatenate([np.zeros((0, 3)), *map_ranges(some, len(starts) - 1, least=64)])


def _solids(lines: Columns, starts: Array, basis: Array) -> tuple[Array, Array]:
    """Return volume and largest width of the hulls of objects in three dims."""
    from scipy.spatial import ConvexHull, distance

    sizes, longest = np.zeros(len(starts) - 1), np.zeros(len(starts) - 1)
    for row in range(len(starts) - 1):
        span = slice(starts[row], starts[row + 1])
        hull = ConvexHull(_corners({name: lines[name][span] for name in lines}) @ basis)
        sizes[row] = hull.volume
        longest[row] = distance.pdist(hull.points[hull.vertices]).max()
    return sizes, longest


def _corners(lines: Columns) -> Array:
    """Return corners of an object's samples, taken as unit cubes, among which are the outermost."""
    from graticule.ops.measure._hull_kernels import hulls

    planes, first = np.unique(lines["z"], return_index=True)
    starts = np.append(first, len(lines["z"]))
    ends = np.stack([lines["first"], lines["last"]], axis=1)
    at, corners = hulls(starts, lines["y"], ends)
    z = np.repeat(planes, np.diff(at))
    below, above = (np.column_stack([z + side, corners]) for side in (0, 1))
    return np.concatenate([below, above]).astype(float)
