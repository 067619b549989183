"""Ring artefacts of tomography."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import ALL, Image, Length, Neighbourhood, Quantity, like, op
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.radiography import _stripes as stripes
from graticule.ops.radiography._medians import fill_with_median


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    halo = stripes.halo_of_plane(image, params)
    if params["space"] == "sinogram":
        across = params["across"]
        return {params["dim"]: ALL, across: stripes.half_window(image, params["radius"], across)}
    return halo


@op(version=1, scope=Neighbourhood(_halo, memory=15), dtype="float32", tolerance=1e-5, doc=DOC)
def remove_rings(
    image: Image,
    *,
    space: Annotated[Literal["sinogram", "slice"], Field(title="Before or after reconstruction")],
    dim: Annotated[str, Field(title="Dim of the angle, or first of the slice")] = "y",
    across: Annotated[str, Field(title="Dim of the detector, or second of the slice")] = "x",
    method: Annotated[Literal["shift", "sorting"], Field(title="Method (sinogram)")] = "shift",
    radius: Annotated[Length, Field(title="Radius of the window", ge=0)] = Length(5),
    center: Annotated[
        tuple[Quantity, Quantity] | None, Field(title="Centre of rotation (dim, across)")
    ] = None,
) -> Image:
    r"""Take away the rings that pixels with a wrong sensitivity leave in tomography.

    ``sinogram``
        Such a pixel is a stripe along the angle, and after :math:`-\ln T` it is off by the same
        amount at each. The values of each detector pixel are sorted, and a median over the
        window of ``radius`` is taken across the sorted ones: structures of the sample wander
        across the detector and are levelled by the sorting, a stripe is not. ``shift`` takes
        the median over the ranks of what a line is above this from the whole line.
        ``sorting`` puts the medians themselves back to the angles their ranks came from [1]_:
        also for pixels whose answer is not straight, at some cost in sharpness.
    ``slice``
        The slice is drawn in polar coordinates around the ``center`` (an arc of a sample at the rim
        for each angle), where rings are lines. What a line is above its neighbours by ``shift``
        is the ring, and is taken away from the slice itself, which so keeps its sharpness.

    NaN and infinity count as the median of their line, and stay.

    Parameters
    ----------
    image : Image
        Any dims that include the two; each plane of them is corrected by itself.
    space : {"sinogram", "slice"}
        What the image is.
    dim, across : str
        Angle and detector of a sinogram, or both dims of a slice.
    method : {"shift", "sorting"}
        Of a sinogram: what is taken from a line.
    radius : Length
        More than the width of a stripe or ring, less than that of structures: 5 to 20 pixels.
    center : pair of Quantity, optional
        Of rotation in a slice, from the first sample; by default the middle. Not used in a
        sinogram.

    %(float32)s

    Raises
    ------
    ParameterError
        If the image does not have the dims, they are the same, or the centre is outside.

    References
    ----------
    .. [1] Vo, N. T., Atwood, R. C., Drakopoulos, M., "Superior techniques for eliminating ring
       artifacts in X-ray micro-tomography", Optics Express 26(22), 28396-28412, 2018.
       :doi:`10.1364/OE.26.028396`

    %(examples)s
    >>> sinogram = np.tile(np.arange(4.0)[:, None], 7)
    >>> sinogram[:, 3] += 0.5
    >>> gt.radiography.remove_rings(sinogram, space="sinogram", radius=2)[:, 3]
    array([0., 1., 2., 3.], dtype=float32)
    """
    stripes.require_plane(image, dim, across)
    planes, restore = stripes.in_planes(image, dim, across)
    half = stripes.half_window(image, radius, across)
    middle = _middle(image, dim, across, center)
    out = np.empty_like(planes)
    for index, plane in enumerate(planes):
        whole = fill_with_median(plane)
        if space == "sinogram":
            shift = method == "shift"
            clean = whole - stripes.shifts(whole, half) if shift else stripes.replaced(whole, half)
        else:
            clean = whole - _rings(whole, half, middle)
        out[index] = np.where(np.isfinite(plane), clean, plane)
    unit = {key: value for key, value in image.attrs.items() if key == "units"}
    return like(image, restore(out).astype(np.float32), **unit)


def _middle(
    image: Image, dim: str, across: str, center: tuple[Quantity, Quantity] | None
) -> tuple[float, float]:
    sizes = (int(image.sizes[dim]), int(image.sizes[across]))
    if center is None:
        return (sizes[0] - 1) / 2, (sizes[1] - 1) / 2
    y, x = (each.samples(image, d) for each, d in zip(center, (dim, across), strict=True))
    if not (0 <= y <= sizes[0] - 1 and 0 <= x <= sizes[1] - 1):
        raise ParameterError(
            f"must lie in the slice of {sizes[0]} x {sizes[1]} samples, not at {y:g}, {x:g}",
            where="center",
        )
    return y, x


def _rings(plane: Array, half: int, middle: tuple[float, float]) -> Array:
    """Return the rings of a slice: one value for each distance from the centre."""
    from scipy import ndimage

    y, x = np.ogrid[: plane.shape[0], : plane.shape[1]]
    distance = np.hypot(y - middle[0], x - middle[1])
    reach = math.ceil(distance.max())
    turns = max(8, math.ceil(2 * math.pi * reach))
    angles = np.arange(turns) * (2 * math.pi / turns)
    radii = np.arange(reach + 1.0)[None, :]
    rows = middle[0] + radii * np.sin(angles)[:, None]
    columns = middle[1] + radii * np.cos(angles)[:, None]
    polar = ndimage.map_coordinates(plane, [rows, columns], order=1, cval=np.nan)
    return np.asarray(np.interp(distance, radii[0], stripes.shifts(fill_with_median(polar), half)))
