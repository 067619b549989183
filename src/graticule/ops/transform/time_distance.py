"""From a cube of velocities to an image of time against distance."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Whole, op, require_dims, step_of
from graticule.core.errors import ImageError, UnitsError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC


@op(version=1, scope=Whole("a ring crosses the whole frame", memory=3), dtype="float32", doc=DOC)
def time_distance(
    image: Image,
    *,
    y: Annotated[Length | None, Field(title="Epicentre along y")] = None,
    x: Annotated[Length | None, Field(title="Epicentre along x")] = None,
    reach: Annotated[Length, Field(title="Largest distance", gt=0)],
    arc: Annotated[tuple[float, float], Field(title="Directions in degrees")] = (0.0, 360.0),
    along: Annotated[str, Field(title="Dim of time")] = "t",
) -> Image:
    """Average a cube over rings around an epicentre, frame by frame.

    Ring ``i`` holds the pixels whose distance from the epicentre rounds to ``i`` samples of
    ``x``. Anisotropic spacing is respected.

    Parameters
    ----------
    image : Image
        Velocities, with the dims ``along``, ``y`` and ``x``; y and x of one unit.
    y, x : Length, optional
        Epicentre: samples from the first one, or a length from where the coordinate is 0. By
        default the middle of the frame, where cubes that follow a flare have it.
    reach : Length
        Rings up to this distance.
    arc : pair of float
        Directions averaged over, in degrees from +x towards +y; from the first up to the
        second, across 360 if that is larger.
    along : str
        Name of the dim of time.

    Returns
    -------
    Image
        float32 over ``time`` and ``distance``; NaN where a ring has no finite pixel.

    Raises
    ------
    ImageError
        If a dim is missing, or no pixel lies in the rings.
    UnitsError
        If y and x have different units.

    %(examples)s
    >>> yy, xx = np.mgrid[-4:5, -4:5]
    >>> cube = gt.core.as_image(np.rint(np.hypot(yy, xx))[None], dims=["t", "y", "x"])
    >>> gt.transform.time_distance(cube, y=4, x=4, reach=3).values
    array([[0., 1., 2., 3.]], dtype=float32)
    """
    import xarray as xr

    require_dims(image, [along, "y", "x"])
    cube = image.transpose(along, "y", "x")
    ring, rings = _rings(cube, y, x, reach, arc)
    values = np.asarray(cube.values, dtype=float).reshape(cube.sizes[along], -1)
    chosen = ring >= 0
    profile = np.stack([_ring_means(frame[chosen], ring[chosen], rings) for frame in values])
    step, unit = step_of(cube, "x")
    units = {"units": unit} if unit else {}
    coords: dict[str, Any] = {"distance": ("distance", np.arange(rings) * step, units)}
    if along in cube.coords:
        coords["time"] = ("time", cube.coords[along].values, cube.coords[along].attrs)
    return xr.DataArray(
        profile.astype(np.float32), dims=("time", "distance"), coords=coords, attrs=image.attrs
    )


def _rings(
    cube: Image, y: Length | None, x: Length | None, reach: Length, arc: tuple[float, float]
) -> tuple[Array, int]:
    """Return the ring of every pixel (-1 for none) and how many rings there are."""
    (step_y, unit_y), (step_x, unit_x) = step_of(cube, "y"), step_of(cube, "x")
    if unit_y != unit_x:
        raise UnitsError(f"y and x must have one unit; they have {unit_y!r} and {unit_x!r}")
    down = (_positions(cube, "y", y)) * step_y / step_x
    right = _positions(cube, "x", x)
    distance = np.hypot(down[:, None], right[None, :])
    direction = np.degrees(np.arctan2(down[:, None], right[None, :]))
    width = arc[1] - arc[0]
    within = np.mod(direction - arc[0], 360) < width if width < 360 else np.full(distance.shape, 1)
    rings = int(reach.samples(cube, "x") + 1e-9) + 1
    ring = np.rint(distance).astype(int)
    ring[(ring >= rings) | ~within.astype(bool)] = -1
    if not (ring >= 0).any():
        raise ImageError(
            f"no pixel lies within {reach} of the epicentre and between {arc[0]:g} and "
            f"{arc[1]:g} degrees"
        )
    return ring.ravel(), rings


def _positions(cube: Image, dim: str, centre: Length | None) -> Array:
    """Return the positions along a dim from the centre, in samples."""
    index = np.arange(cube.sizes[dim], dtype=float)
    if centre is None:
        return index - (cube.sizes[dim] - 1) / 2
    if centre.base:
        index += float(cube.coords[dim].values[0]) / step_of(cube, dim)[0]
    return index - centre.samples(cube, dim)


def _ring_means(frame: Array, ring: Array, rings: int) -> Array:
    finite = np.isfinite(frame)
    total = np.bincount(ring[finite], weights=frame[finite], minlength=rings)
    count = np.bincount(ring[finite], minlength=rings)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
