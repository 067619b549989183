"""Flat field correction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import ALL, Image, Neighbourhood, Quantity, filtered_dims, like, op
from graticule.core.errors import ImageError, ParameterError, suggest
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.radiography._medians import nan_median

Bounds = dict[str, tuple[Quantity, Quantity]]


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return nothing, or all of a frame where its dose is measured in a part of it."""
    return {} if params["dose"] == "none" else dict.fromkeys(filtered_dims(image), ALL)


@op(version=1, scope=Neighbourhood(_halo, memory=11), dtype="float32", doc=DOC)
def flat_field(
    image: Image,
    open_beam: Image,
    dark: Image | None = None,
    *,
    dose: Annotated[Literal["none", "border", "region"], Field(title="Dose correction")] = "none",
    region: Annotated[Bounds, Field(title="Region of open beam")] = {},  # noqa: B006
    border: Annotated[float, Field(title="Border (part of the image)", gt=0, le=0.5)] = 0.05,
) -> Image:
    r"""Turn a radiograph into the transmission of the sample.

    .. math:: T = \frac{f - d}{o - d} \cdot \frac{1}{D}

    with the open beam :math:`o` (no sample), the dark current :math:`d` (no beam), and the dose
    :math:`D`: how much stronger the beam was than with the open beam. It takes away the shape of
    the beam and the different sensitivity of the pixels.

    Frames of open beam and dark are brought to one by their median, so that a spot in a frame does
    no harm: every dim that ``image`` does not have is taken for such a stack. The dose is
    measured on each frame of the image by itself, as the median of :math:`(f - d)/(o - d)` over a
    part of it where nothing but air is in the beam, which then has a transmission of 1:

    - ``region``: a box that you give;
    - ``border``: of the four strips along the sides (of ``border`` times the size) the one with
      the largest median, as a sample only takes away. Right where one side is clear of it.

    Where the open beam is not above the dark, and where any of the three is NaN, the result is
    NaN.

    Parameters
    ----------
    image : Image
        Any dims; dose is measured along ``z y x``, or along all where it has none of these.
    open_beam : Image
        Dims of ``image``, and any others; shared ones must agree in size.
    dark : Image, optional
        As ``open_beam``; 0 where it is not given.
    dose : {"none", "border", "region"}
        Where the dose is measured; none leaves the ratio as it is.
    region : mapping
        From dim to first sample and where to stop, as ``{y: [0, 50], x: [10, 200]}`` or with
        units; needed for ``region``. A dim that is not named counts in full.
    border : float
        Width of the strips, as a part of the size.

    Returns
    -------
    Image
        float32, without a unit.

    Raises
    ------
    ImageError
        If open beam or dark lack a dim of the image, or the region is no part of it.
    ParameterError
        If the dose is to be measured in a region, and none is given.

    %(examples)s
    >>> image = np.array([[22.0, 31], [22, 13]])
    >>> open_beam = np.array([[21.0, 31], [21, 41]])
    >>> gt.radiography.flat_field(image, open_beam, np.full((2, 2), 1.0)).round(3)
    array([[1.05, 1.  ],
           [1.05, 0.3 ]], dtype=float32)
    """
    if dose == "region" and not region:
        raise ParameterError(
            "must be given to measure the dose in it",
            where="region",
            hint="as {y: [0, 50], x: [10, 200]}, or take dose: border",
        )
    empty = _one_frame(open_beam, image, "open_beam")
    unlit = 0.0 if dark is None else _one_frame(dark, image, "dark")
    with np.errstate(invalid="ignore", over="ignore"):
        light = empty - unlit  # infinite less infinite is NaN, and no light
        sample = image.values.astype(np.float64) - unlit
        ratio = np.full(image.shape, np.nan)
        np.divide(sample, np.broadcast_to(light, image.shape), out=ratio, where=light > 0)
        if dose != "none":
            ratio = ratio / _doses(image, ratio, _boxes(image, dose, region, border))
    return like(image, ratio.astype(np.float32))


def _one_frame(stack: Image, image: Image, what: str) -> Array:
    """Return the median over the dims the image does not have, with the axes of the image."""
    missing = [
        str(dim) for dim in image.dims if dim not in stack.dims and dim in filtered_dims(image)
    ]
    if missing:
        raise ImageError(
            f"{what} must have the dim {missing[0]} of the image; it has "
            f"{', '.join(map(str, stack.dims))}",
            hint="name its axes with dims when reading",
        )
    others = [dim for dim in stack.dims if dim not in image.dims]
    kept = [dim for dim in image.dims if dim in stack.dims]
    values = stack.transpose(*others, *kept).values.astype(np.float64)
    if others:
        values = nan_median(values.reshape(-1, *values.shape[len(others) :]))
    return values.reshape([image.sizes[dim] if dim in kept else 1 for dim in image.dims])


def _boxes(image: Image, dose: str, region: Bounds, border: float) -> list[dict[str, slice]]:
    """Return the parts of a frame the dose may be measured in."""
    if dose == "region":
        return [_box(image, region)]
    boxes = []
    for dim in filtered_dims(image):
        size = int(image.sizes[dim])
        width = max(1, round(border * size))
        boxes += [{dim: slice(0, width)}, {dim: slice(size - width, size)}]
    return boxes


def _box(image: Image, region: Bounds) -> dict[str, slice]:
    box = {}
    for dim, (start, stop) in region.items():
        dims = filtered_dims(image)
        if dim not in dims:
            raise ImageError(
                f"region names the dim {dim!r}; a frame has {', '.join(dims)}",
                hint=suggest(dim, list(dims)),
            )
        first, end = (round(each.samples(image, dim)) for each in (start, stop))
        if not 0 <= first < end <= image.sizes[dim]:
            raise ImageError(
                f"region: {first} to {end} along {dim} is no part of 0 to {image.sizes[dim]}"
            )
        box[dim] = slice(first, end)
    return box


def _doses(image: Image, ratio: Array, boxes: list[dict[str, slice]]) -> Array:
    """Return the dose of each frame: the largest median of the ratio over the boxes."""
    import xarray as xr

    named = xr.DataArray(ratio, dims=image.dims)
    frame = filtered_dims(image)
    medians = []
    for box in boxes:
        part = named.isel(box).transpose(*frame, ...)
        flat = part.values.reshape(-1, *part.shape[len(frame) :])
        medians.append(nan_median(flat))
    doses = np.fmax.reduce(medians)
    shape = [1 if dim in frame else image.sizes[dim] for dim in image.dims]
    return np.asarray(np.where(doses > 0, doses, np.nan).reshape(shape))
