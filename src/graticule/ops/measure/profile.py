"""Values along a line or path."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import ALL, BlockInfo, Image, Length, Reduction, Table, feature_names, op
from graticule.core import spatial_dims as spatial_dims_of
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.ops._distance import extent_of, steps_of
from graticule.ops._parameters import DOC

Points = Annotated[
    tuple[Annotated[tuple[Length, ...], Field(min_length=1, max_length=3)], ...],
    Field(title="Points of the path", min_length=2, max_length=10_000),
]
_MOST = 50_000_000
"""Places a profile may have: steps along it times those across it."""


@dataclass(frozen=True)
class _Path:
    """Where values are taken: steps along the path, and places across it.

    Attributes
    ----------
    distance : ndarray
        From the first point, for each step.
    middle : ndarray
        Samples of each step along the dims.
    places : ndarray
        Samples of all places, step by step, along the dims.
    unit : str
        Of distances.
    """

    distance: Array
    middle: Array
    places: Array
    unit: str


@dataclass(frozen=True)
class _Taken:
    """The path, the columns that there will be, and what blocks know of the values."""

    path: _Path
    dims: tuple[str, ...]
    names: tuple[str, ...]
    unit: str
    parts: tuple[tuple[Array, Array], ...]

    def merged(self, other: _Taken) -> _Taken:
        return replace(self, parts=self.parts + other.parts)


def _path(image: Image, points: Sequence[Sequence[Length]], width: Length, step: Length) -> _Path:
    dims = spatial_dims_of(image)
    steps, unit = steps_of(image)
    wrong = [each for each in points if len(each) != len(dims)]
    if wrong:
        raise ParameterError(
            f"must be places along {', '.join(dims)}, not {[str(p) for p in wrong[0]]}",
            where="points",
            hint="as [[10, 20], [40, 90]], or with units",
        )
    corners = np.array(
        [[p.samples(image, dim) for p, dim in zip(each, dims, strict=True)] for each in points]
    ) * np.array(steps)  # fmt: skip
    lengths = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    if not lengths.sum() > 0:
        raise ParameterError("must be points that differ", where="points")
    kept = np.append(True, lengths > 0)
    corners, lengths = corners[kept], lengths[lengths > 0]
    reached = np.append(0, np.cumsum(lengths))
    along, across = extent_of(image, step), extent_of(image, width)
    number = int(np.floor(reached[-1] / along * (1 + 1e-12))) + 1
    pixel = min(steps)
    wide = int(np.floor(across / pixel * (1 + 1e-12)))
    if number * max(1, wide) > _MOST:
        raise ParameterError(f"makes {number} steps of {wide} places each", where="step")
    distance = along * np.arange(number)
    piece = np.clip(np.searchsorted(reached, distance, side="right") - 1, 0, len(lengths) - 1)
    ways = np.diff(corners, axis=0) / lengths[:, None]
    middle = corners[piece] + (distance - reached[piece])[:, None] * ways[piece]
    places = middle[:, None]
    if wide > 1:
        if len(dims) != 2:
            raise ParameterError(
                "must be below two pixels: only in two dims it is known what lies beside a path",
                where="width",
            )
        beside = np.column_stack([-ways[:, 1], ways[:, 0]])[piece]
        shifts = pixel * (np.arange(wide) - (wide - 1) / 2)
        places = places + shifts[None, :, None] * beside[:, None]
    return _Path(distance, middle / steps, places / steps, unit)


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    space = spatial_dims_of(image)
    return {str(dim): 1 if dim in space else ALL for dim in image.dims}


def _map(
    image: Image,
    *,
    block: BlockInfo,
    points: Any,
    width: Length,
    step: Length,
    **_: Any,
) -> _Taken:
    dims = spatial_dims_of(image)
    if not dims:
        raise ImageError(
            f"has the dims {', '.join(map(str, image.dims))}, none of them of space",
            hint="name the axes z, y and x with dims: [...] when reading",
        )
    others = [str(dim) for dim in image.dims if dim not in dims]
    path = _path(image, points, width, step)
    names = tuple(f"_{name}" if name else "" for name in feature_names(image, others))
    values = image.transpose(*others, *dims).values
    rows = _rows(block, others, image)
    flat = values.reshape(-1, *(image.sizes[dim] for dim in dims))[rows]
    flat_places = path.places.reshape(-1, len(dims))
    whole = np.array([block.shape[dim] for dim in dims])
    # what lies on the border by a hair's breadth is on it
    near = np.where(np.abs(flat_places - np.rint(flat_places)) < 1e-9,
                    np.rint(flat_places), flat_places)  # fmt: skip
    inside = ((near >= 0) & (near <= whole - 1)).all(axis=1)
    base = np.floor(near).astype(np.int64)
    first = np.array([block.offset[dim] for dim in dims])
    own = inside.copy()
    for axis, dim in enumerate(dims):
        start, stop = block.interior.get(dim, (0, image.sizes[dim]))
        at = base[:, axis] - first[axis]
        own &= (at >= start) & (at < stop)
    index = np.flatnonzero(own)
    local, share = base[index] - first, near[index] - base[index]
    total = np.zeros((len(flat), len(index)))
    last = np.array(flat.shape[1:]) - 1
    for corner in itertools.product((0, 1), repeat=len(dims)):
        weight = np.prod(np.where(corner, share, 1 - share), axis=1)
        at = tuple(np.minimum(local + corner, last).T)
        with np.errstate(invalid="ignore"):
            part = flat[(slice(None), *at)].astype(float) * weight
        total += np.where(weight > 0, part, 0)
    taken = tuple((index * len(names) + row, each) for row, each in zip(rows, total, strict=True))
    return _Taken(path, dims, names, str(image.attrs.get("units", "")), taken)


def _rows(block: BlockInfo, others: Sequence[str], image: Image) -> list[int]:
    """Return the own indices along the other dims, counted over all."""
    ranges = [range(*block.interior.get(dim, (0, image.sizes[dim]))) for dim in others]
    rows = [0]
    for dim, own in zip(others, ranges, strict=True):
        rows = [row * image.sizes[dim] + at for row in rows for at in own]
    return rows


def _finish(taken: _Taken, *, statistic: str, **_: Any) -> Table:
    import pandas as pd

    path = taken.path
    number, wide = path.places.shape[:2]
    values = np.full((number * wide, len(taken.names)), np.nan)
    for place, part in taken.parts:
        values.reshape(-1)[place] = part
    grid = values.reshape(number, wide, len(taken.names))
    known = np.asarray(np.isfinite(grid).any(axis=1))
    rule = getattr(np, f"nan{statistic}")
    filled = np.where(known[:, None], grid, 0.0)
    reduced = np.where(known, rule(filled, axis=1), np.nan)
    columns: dict[str, Any] = {"distance": path.distance}
    columns |= {dim: path.middle[:, axis] for axis, dim in enumerate(taken.dims)}
    columns |= {f"value{name}": reduced[:, n] for n, name in enumerate(taken.names)}
    table = pd.DataFrame(columns)
    units = {"distance": path.unit or "px", **dict.fromkeys(taken.dims, "px")}
    units |= {f"value{name}": taken.unit for name in taken.names if taken.unit}
    table.attrs["units"] = units
    return table


_SCOPE = Reduction(_map, _Taken.merged, _finish, halo=_halo, memory=6.0)


@op(version=1, scope=_SCOPE, tolerance=1e-9, doc=DOC)
def profile(
    image: Image,
    *,
    points: Points,
    width: Annotated[Length, Field(title="Width", ge=0)] = Length(1),
    step: Annotated[Length, Field(title="Step", gt=0)] = Length(1),
    statistic: Annotated[
        Literal["mean", "median", "min", "max"], Field(title="Across the path")
    ] = "mean",
) -> Table:
    """Return the values along a line or path, with the distance from its start.

    Values are taken linearly between samples, every ``step`` along the path, and in two dims at
    as many places across it as ``width`` holds pixels, side by side at right angles to it.

    Parameters
    ----------
    image : Image
        With one to three of ``z y x``; other dims, as channels, are columns.
    points : sequence of sequence of Length
        Two for a line, more for a path: places along the spatial dims in the image's order, in
        pixels or as lengths from the first sample of the image.
    width : Length
        How far the profile is spread across the path, in pixels (of the smallest spacing) or as
        a length; of less than two pixels the path alone counts.
    step : Length
        In pixels (of the smallest spacing) or as a length.
    statistic : {"mean", "median", "min", "max"}
        What is made of the places across the path; those outside the image or without a number
        are left out.

    Returns
    -------
    Table
        One row for each step: ``distance``, the place of the path along the dims in samples, and
        ``value``, or ``value_<channel>`` as of `measure.regions`; NaN outside the image.

    Raises
    ------
    ParameterError
        If points have more or fewer places than the image has spatial dims, or do not differ; or
        there is a width other than in two dims.
    ImageError
        If there is no dim of space.
    %(length_error)s

    See Also
    --------
    skimage.measure.profile_line : the same along a line, its last step beyond the end.

    %(examples)s
    >>> image = np.arange(25.0).reshape(5, 5)
    >>> gt.measure.profile(image, points=[[1, 0], [1, 3]])
       distance    y    x  value
    0       0.0  1.0  0.0    5.0
    1       1.0  1.0  1.0    6.0
    2       2.0  1.0  2.0    7.0
    3       3.0  1.0  3.0    8.0
    """
    table: Table = _SCOPE.whole(image, points=points, width=width, step=step, statistic=statistic)
    return table
