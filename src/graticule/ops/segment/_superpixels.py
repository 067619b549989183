"""What all superpixels share: the image as the kernels want it, and labels that count on."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import (
    Image,
    feature_dims,
    filtered_dims,
    like,
    map_ranges,
    step_of,
    with_features_last,
)
from graticule.core.dims import COLOURS
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.core.units import axis_scale
from graticule.ops import _parameters

Segments: TypeAlias = Annotated[int, Field(title="Superpixels wanted", ge=1, le=100_000_000)]
Colour: TypeAlias = Annotated[Literal["lab", "none"], Field(title="Space of colours")]
Compactness: TypeAlias = Annotated[float, Field(title="Compactness", gt=0, le=1e6)]

DOC = _parameters.DOC | {
    "image": """\
image : Image
    Superpixels lie along ``z y x`` (or all dims but features where it has none of these).
    Every index of a dim that is no feature is divided by itself. Anisotropic spacing makes the
    cells cubes in space.""",
    "colour": f"""\
colour : {{"lab", "none"}}
    Take three channels (along ``c``, ``channel`` or ``rgb``) for red, green and blue, a fourth
    for opacity, and compare in CIELAB; or compare features as they are.
{_parameters.DOC["feature_dims"]}

Returns
-------
Labels
    int32 without the dims of features; 1..n in raster order, 0 where there is no superpixel.

Raises
------
ImageError
    If a dim must be decided on; or if there are more than three dims besides features, none of
    them ``z``, ``y`` or ``x``.""",
}
"""What the docstrings of superpixels say."""

Segment: TypeAlias = Callable[[Array, Array | None, Array, str], Array]
"""From values ``z y x c``, the samples that count (None for all), spacing and space of colours."""

_ENOUGH = 2**20


def grid_dims(image: Image) -> tuple[str, ...]:
    """Return the dims superpixels lie in: those a filter works along."""
    dims = filtered_dims(image)
    if not 1 <= len(dims) <= 3:
        raise ImageError(f"must have one to three dims besides features, not {list(dims)}")
    return dims


def relative_steps(image: Image, dims: Sequence[str]) -> Array:
    """Return the distance between samples by dim, the smallest being 1.

    It is 1 along all where the dims have units that do not compare.
    """
    steps, kinds = [], set()
    for dim in dims:
        step, unit = step_of(image, dim)
        factor, base = axis_scale(unit)
        steps.append(step * factor)
        kinds.add(base)
    if len(kinds) > 1:
        return np.ones(len(steps))
    return np.array([float(f"{step / min(steps):.9g}") for step in steps])


def within(mask: Image, template: Image, order: Sequence[Hashable]) -> Array:
    """Return a mask along all dims of an image, in some order; along those it lacks it is the same.

    Sample meets sample, whatever the coordinates say.

    Examples
    --------
    >>> import xarray as xr
    >>> mask, template = xr.DataArray([True, False], dims="x"), xr.DataArray([[1, 2], [3, 4]])
    >>> within(mask, template.rename(dim_0="t", dim_1="x"), ["t", "x"])
    array([[ True, False],
           [ True, False]])
    """
    if not set(mask.dims) <= set(template.dims):
        raise ImageError(
            f"must have no other dims than {', '.join(map(str, template.dims))}, "
            f"not {', '.join(map(str, mask.dims))}",
            where="mask",
        )
    bare = mask.drop_vars(list(mask.coords))
    sizes = {dim: template.sizes[dim] for dim in order if dim not in mask.dims}
    return np.ascontiguousarray(bare.expand_dims(sizes).transpose(*order).values)


def over_planes(
    image: Image,
    mask: Image | None,
    segment: Segment,
    *,
    colour: str,
    along: Sequence[str] | None,
) -> Image:
    """Return superpixels of every index of the other dims, numbered on from one to the next.

    Samples that are outside the mask, or not finite in a feature, are 0.
    """
    from graticule.ops.segment._kernels import number_by_appearance

    along = feature_dims(image, along)
    colour = colour if set(along) <= set(COLOURS) else "none"
    template = image.isel(dict.fromkeys(along, 0), drop=True)
    dims = grid_dims(template)
    others = [dim for dim in template.dims if dim not in dims]
    values = with_features_last(image, along).transpose(*others, *dims, "c").values
    inside = None if mask is None else within(mask, template, [*others, *dims])
    steps = np.concatenate([np.ones(3 - len(dims)), relative_steps(image, dims)])
    shape = (1,) * (3 - len(dims)) + tuple(image.sizes[dim] for dim in dims)
    parts = values.reshape(-1, *shape, values.shape[-1])
    kept = [None] * len(parts) if inside is None else inside.reshape(-1, *shape)
    labels = np.zeros(parts.shape[:-1], np.int32)
    count = 0
    for number, (part, wanted) in enumerate(zip(parts, kept, strict=True)):
        known = _known(part, wanted)
        if known is None or known.any():
            superpixels = segment(part, known, steps, colour)
            np.add(superpixels, count, out=labels[number], where=superpixels > 0)
            count = max(count, int(labels[number].max()))
    ordered = like(template.transpose(*others, *dims), labels.reshape(values.shape[:-1]))
    final = np.ascontiguousarray(ordered.transpose(*template.dims).values)
    number_by_appearance(final.reshape(-1), count)
    return like(template, final)


def _known(values: Array, mask: Array | None) -> Array | None:
    """Return the samples that count, or None where all do."""
    if values.dtype.kind == "f":
        finite = np.isfinite(values).all(axis=-1)
        mask = np.asarray(finite if mask is None else mask & finite)
    return None if mask is None or mask.all() else np.ascontiguousarray(mask)


def colours(values: Array, known: Array | None, *, colour: str, robust: bool) -> Array:
    """Return the channels (last axis) as float32 on a scale of about 0 to 100.

    With ``colour="lab"`` three channels, or four of which the last is opacity, are taken for
    red, green and blue, and become CIELAB. ``robust`` takes the scale from the middle 98 % of
    values rather than from the smallest and the largest. Samples that do not count are 0.
    """
    rgb = colour == "lab" and values.shape[-1] in (3, 4)
    values = values[..., :3] if rgb else values
    low, high = _range(values if known is None else values[known], robust=robust)
    width = (high - low) or 1.0

    def scaled(start: int, stop: int) -> None:
        part = values[:, start:stop].astype(np.float64, copy=False)
        part = ((part - low) / width).astype(np.float32)
        if known is not None:
            part[~known[:, start:stop]] = 0
        ready[:, start:stop] = _lab(part) if rgb else 100 * part

    ready = np.empty(values.shape, np.float32)
    map_ranges(scaled, values.shape[1], least=64)
    return ready


def _range(values: Array, *, robust: bool) -> tuple[float, float]:
    if not robust:
        return float(values.min()), float(values.max())
    flat = values.reshape(-1)
    flat = flat[:: max(1, flat.size // _ENOUGH)].astype(np.float64)
    low, high = np.percentile(flat, [1, 99])
    return (float(low), float(high)) if low < high else _range(values, robust=False)


def _lab(values: Array) -> Array:
    from skimage.color import rgb2lab

    return np.asarray(rgb2lab(values.clip(0, 1)))


def spacing_of_cells(shape: Sequence[int], steps: Array, samples: float, wanted: int) -> Array:
    """Return the samples between the centers of cells along each axis, as fractions.

    Cells are cubes in space, and cover ``samples`` of the image ``wanted`` times; an axis that is
    shorter than a cell has one, and the others make up for it.
    """
    extents = np.asarray(shape) * steps
    cell = samples * float(np.prod(steps)) / wanted
    sides = np.zeros(3)
    order = np.argsort(extents, kind="stable")
    for place, axis in enumerate(order):
        side = max(cell, 0.0) ** (1 / (3 - place))
        sides[axis] = min(side, extents[axis])
        cell /= sides[axis]
    return np.maximum(sides / steps, 1.0)


def cells_along(size: int, step: float) -> int:
    """Return how many cells of about ``step`` samples fit an axis."""
    return max(1, min(size, math.floor(size / step + 0.5)))
