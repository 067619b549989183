"""What files of outlines share: what is written of the label image, and what is read as one."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.axes import axis_of, build, coordinate
from graticule.io.outlines import UNSIZED, Outline, Shape, fill, trace
from graticule.io.safety import require_room

NOTE = "graticule"
"""Key under which a file says what its format has no place for."""
Facts = Mapping[int, Mapping[str, Any]]
"""Numbers and words of each object, by its label."""
NAMELESS = (
    "holds outlines and not the sizes of their image: taken as what the objects reach to, or, "
    "beside an image, as those of the image"
)
NUMBERED = "its objects have no numbers of their own, and are numbered in the order of the file"
_PARSED = 12
"""Bytes of memory for a byte of JSON."""
_MOST = 2**31 - 1
_TICK = 2 * 10**9
"""Nanoseconds in which a folder may change twice and look the same."""


def outlined(image: xr.DataArray) -> list[Outline]:
    """Return the outlines of a label image whose planes are its last two dims."""
    return trace(image.values)


def about(image: xr.DataArray) -> dict[str, Any]:
    """Return what of a label image its outlines do not tell, as JSON holds it."""
    axes = {str(dim): axis_of(image, str(dim)) for dim in image.dims}
    return {
        "dims": [str(dim) for dim in image.dims],
        "shape": list(image.shape),
        "dtype": image.dtype.newbyteorder("=").name,
        "units": str(image.attrs.get("units", "")),
        "axes": {
            dim: {"step": axis[0], "origin": axis[1], "units": axis[2]}
            for dim, axis in axes.items()
            if axis is not None
        },
    }


def load_json(path: Path) -> Any:
    """Return what a JSON file holds, if there is room for it."""
    require_room(_PARSED * path.stat().st_size, what="its text")
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"is no sound JSON: {error}", hint="fetch or export the file again"
        ) from None


def label_image(
    shapes: Sequence[Shape],
    said: Any,
    notes: Sequence[str] = (),
    sizes: tuple[int, int] | None = None,
    stack: str = "z",
) -> xr.DataArray:
    """Return the label image of shapes.

    Parameters
    ----------
    shapes : sequence of Shape
        The objects.
    said : mapping or None
        What `about` told of the image, as it stands in the file.
    notes : sequence of str
        What was not understood.
    sizes : (int, int), optional
        Rows and columns, of a format that tells them.
    stack : str
        Dim of the planes, of a file that does not tell the image.
    """
    told = list(notes)
    if said is None:
        planes = 1 + max((each.plane for each in shapes), default=0)
        rows, columns = sizes or _reach(shapes)
        shape = (planes, rows, columns) if planes > 1 else (rows, columns)
        dims, dtype, coords, units = (stack, "y", "x")[-len(shape) :], np.dtype(np.int32), {}, ""
        if sizes is None:
            told.append(NAMELESS)
    else:
        dims, shape, dtype, coords, units = _read_about(said)
    largest = np.iinfo(dtype).max if dtype.kind in "ui" else 1
    if any(not 0 < each.label <= largest for each in shapes):
        raise FormatError(f"has objects with numbers that {dtype} does not hold")
    found = fill(shapes, shape, dtype)
    if found.overlaps:
        told.append(
            f"{found.overlaps} pixels lie in several objects, and are those of the last of them"
        )
    image = build(found.labels, dims, coords, units=units, notes=told)
    return image.assign_attrs({UNSIZED: True}) if said is None and sizes is None else image


def _reach(shapes: Sequence[Shape]) -> tuple[int, int]:
    """Return rows and columns of the smallest image that holds all objects."""
    rings = [ring for each in shapes for group in each.groups for ring in group if len(ring)]
    if not rings:
        raise FormatError("holds no object and no size of an image, and so no label image")
    columns, rows = np.max([ring.max(axis=0) for ring in rings], axis=0).tolist()
    if not (math.isfinite(rows) and math.isfinite(columns) and max(rows, columns) < _MOST):
        raise FormatError("has an outline with a point that is no place in an image")
    return max(1, math.ceil(rows)), max(1, math.ceil(columns))


def _read_about(said: Any) -> tuple[Any, ...]:
    """Return dims, shape, dtype, coordinates and unit from what a file says of its image."""
    try:
        dims = tuple(str(dim) for dim in said["dims"])
        shape = tuple(_size(size) for size in said["shape"])
        dtype = np.dtype(str(said["dtype"]))
        axes = {
            str(dim): (float(axis["step"]), float(axis["origin"]), str(axis["units"]))
            for dim, axis in said.get("axes", {}).items()
        }
        units = str(said.get("units", ""))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FormatError(f"what it says of its image is not understood: {error!r}") from None
    alike = len(dims) == len(shape) == len(set(dims)) and len(dims) in (2, 3)
    if not alike or dtype.kind not in "bui" or not set(axes) <= set(dims):
        raise FormatError("what it says of its image does not fit together")
    coords = {
        dim: coordinate(dim, shape[dims.index(dim)], step, origin=origin, unit=unit)
        for dim, (step, origin, unit) in axes.items()
    }
    return dims, shape, dtype, coords, units


def _size(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise ValueError(f"{value!r} is no size")
    return value


def planes_of(places: Sequence[tuple[int, int]], said: Any) -> tuple[list[int], str]:
    """Return the plane of each object, and the dim along which planes lie.

    Parameters
    ----------
    places : sequence of (int, int)
        Slice (z) and frame (t) of each object, from 0.
    said : mapping or None
        What `about` told of the image, which has one of the two at most.

    Examples
    --------
    >>> planes_of([(3, 0), (3, 1)], None)
    ([0, 1], 't')
    """
    slices, frames = ([place[axis] for place in places] for axis in (0, 1))
    if said is not None:
        return [max(place) for place in places], ""
    if len(set(frames)) < 2:
        return (slices if len(set(slices)) > 1 else [0] * len(slices)), "z"
    if len(set(slices)) > 1:
        raise FormatError(
            "has objects in slices (z) and in frames (t), which a label image of three dims "
            "does not hold",
            hint="export the objects of one time, or of one slice",
        )
    return frames, "t"


def numbered(given: Sequence[Any], *, planes: Sequence[int] = ()) -> tuple[list[int], list[str]]:
    """Return a number for each object: those that are given, or 1, 2, ...; and a note of it.

    Parameters
    ----------
    given : sequence
        What the file has for the number of each object.
    planes : sequence of int
        Of each object; an object may have a part in each.

    Examples
    --------
    >>> numbered([7, "8"])[0], numbered(["cell", "other"])[0]
    ([7, 8], [1, 2])
    """
    found = [_number(value) for value in given]
    places = list(zip(found, planes or [0] * len(found), strict=True))
    if all(found) and len(set(places)) == len(places):
        return [number for number in found if number], []
    return list(range(1, len(found) + 1)), [NUMBERED] if found else []


def _number(value: Any) -> int | None:
    """Return a whole number above 0, None of what is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 11:
        value = int(value)
    is_one = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST
    return int(value) if is_one else None


def areas_of(polygons: Iterable[Iterable[Any]]) -> list[list[Array]]:
    """Return polygons, each as its rings ``(n, 2)``, without what encloses nothing.

    Raises
    ------
    FormatError
        If a ring is none.
    """
    found = [[_points_of(ring) for ring in polygon] for polygon in polygons]
    return [
        [ring for ring in polygon if len(ring) >= 3]
        for polygon in found
        if polygon and len(polygon[0]) >= 3
    ]


def _points_of(value: Any) -> Array:
    try:
        points = [(float(point[0]), float(point[1])) for point in value]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        raise FormatError(f"has an outline that is none: {error}") from None
    ring = np.array(points, np.float64).reshape(-1, 2)
    if not np.isfinite(ring).all():
        raise FormatError("has an outline with a point that is no number")
    return ring[:-1] if len(ring) and (ring[0] == ring[-1]).all() else ring


def plain_number(value: Any) -> Any:
    """Return a fact as JSON holds it; None of what is no value."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (bool, int, str)) else None if value is None else str(value)


def whole_of(path: Path) -> Path | None:
    """Return the image that lies beside its outlines; None of outlines that stand for themselves.

    So that a folder of images is one of images when somebody has drawn outlines in it.
    """
    folder = path.parent
    changed = folder.stat().st_mtime_ns
    is_settled = time.time_ns() - changed > _TICK
    images = (_images_in if is_settled else _images_in.__wrapped__)(folder, changed)
    found = images.get(_start(path.name)) or next(iter(images.values()), None)
    return folder / found if found else None


@lru_cache(maxsize=4)
def _images_in(folder: Path, changed: int) -> dict[str, str]:
    """Return the images of a folder that has last changed then, by the start of their names."""
    from graticule.io.format import formats

    others = [each for each in formats() if each.whole_of is not whole_of]
    names = sorted(entry.name for entry in folder.iterdir())
    images = [name for name in names if any(other.claims(name) for other in others)]
    return {_start(name): name for name in reversed(images)}


def _start(name: str) -> str:
    return name.split(".")[0]
