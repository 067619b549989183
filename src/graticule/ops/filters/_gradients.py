"""Derivatives along dims, per unit of length where the axes have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, filtered_dims, like, map_ranges, step_of
from graticule.core.errors import ParameterError
from graticule.core.image import SPATIAL, level_of
from graticule.core.typing import Array
from graticule.core.units import axis_scale
from graticule.ops._parameters import DOC
from graticule.ops.filters._separable import Taps, gaussian_halo, reach_of, separable

SlopeDim = Annotated[str | None, Field(title="Along which dim")]
Which = Annotated[Literal["largest", "middle", "smallest"], Field(title="Which eigenvalue")]

TRUNCATE = 4.0
"""Reach of Gaussian derivatives, in widths."""
SLOPE_DOC = DOC | {
    "page": rf"""\
Without a ``dim`` it is the length of the gradient, :math:`\sqrt{{\sum_d (\partial_d f)^2}}`. The
image is mirrored at its border.

Slopes are per unit of length where all filtered dims have a unit of one kind (per that of
the first, different spacings respected), otherwise per pixel. A sample with a NaN among its
neighbours, corners included, is NaN.

Parameters
----------
{DOC["image"]}
dim : str, optional
    The dim along which the slope is wanted, with its sign.

Returns
-------
Image
    float32, in the units of ``image`` per unit of length.

Raises
------
ParameterError
    If ``dim`` is not among the filtered dims.
UnitsError
    If the samples along a dim are not evenly spaced.
{DOC["complex_error"]}""",
}
"""What the docstrings of the slopes of images say."""
CURVATURE_DOC = DOC | {
    "returns": """\
Returns
-------
Image
    float32, in the units of ``image`` per unit of length squared.""",
    "spacing_error": """\
UnitsError
    If a length has a unit and a dim it is taken along has none, or the samples along a dim are
    not evenly spaced.""",
    "middle_error": """\
ParameterError
    If the middle one is asked for and there are not three dims.""",
}
"""What those of second derivatives say."""
_NARROWEST = 0.05
"""A Gaussian narrower than this has no weight beside its middle, in double precision."""


def steps_of(image: Image) -> tuple[dict[str, float], str]:
    """Return the distance between samples by filtered dim, and the unit they all are in.

    Where a dim has no unit, or they are of different kinds, distances are counted in pixels of
    the full resolution.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> steps_of(as_image(np.zeros((2, 2)), spacing={"y": "1 um", "x": "500 nm"}))
    ({'y': 1.0, 'x': 0.5}, 'um')
    """
    dims = filtered_dims(image)
    spacings = {dim: step_of(image, dim) for dim in dims}
    first = spacings[dims[0]][1]
    if all(unit for _, unit in spacings.values()):
        scales = {dim: axis_scale(unit) for dim, (_, unit) in spacings.items()}
        factor, base = scales[dims[0]]
        if all(other == base for _, other in scales.values()):
            steps = {dim: spacings[dim][0] * scales[dim][0] / factor for dim in dims}
            return {dim: float(f"{step:.12g}") for dim, step in steps.items()}, first
    return {dim: 2.0 ** level_of(image) if dim in SPATIAL else 1.0 for dim in dims}, ""


def per_length(image: Image, values: Array, order: int) -> Image:
    """Return a derivative of an image, with its unit."""
    units, (_, length) = str(image.attrs.get("units", "")), steps_of(image)
    if units and length:
        units = f"{units if units.isalnum() else f'({units})'} {length}-{order}"
    return like(image, values, **({"units": units} if units else {}))


def derivative_taps(sigma: float, order: int) -> Taps:
    """Return a Gaussian's first or second derivative, or itself, sampled at the pixels.

    The weights are scaled so that a constant has no derivative, a ramp of slope 1 a first one
    of 1 and a square a second one of 2; without width they are differences of neighbours.
    """
    reach = max(reach_of(sigma, TRUNCATE), int(order > 0))
    offsets = np.arange(reach + 1.0)
    if sigma > _NARROWEST:
        bell = np.exp(-0.5 * (offsets / sigma) ** 2)
    else:
        bell = np.where(offsets < 1 + (order > 0), 1.0, 0.0)
    if order == 0:
        return Taps(bell / (2 * bell.sum() - bell[0]))
    if order == 1:
        weights = offsets * bell
        return Taps(weights / (2 * (offsets * weights).sum()), odd=True)
    spread_of = 2 * (bell * offsets**2).sum() / (2 * bell.sum() - bell[0])
    weights = bell * (offsets**2 - spread_of)
    return Taps(weights / (offsets**2 * weights).sum())


def derivative(image: Image, values: Array, sigma: Length, dims: Sequence[str]) -> Array:
    """Return the derivative of values along some dims, one order for each time a dim is named."""
    steps, _ = steps_of(image)
    taps = {
        image.get_axis_num(dim): derivative_taps(sigma.samples(image, dim), dims.count(dim))
        for dim in filtered_dims(image)
    }
    scale = np.prod([1 / steps[dim] for dim in dims])
    return separable(values, taps) * np.float32(scale)


def kernel_halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return how far derivatives of the width ``sigma`` reach."""
    return {dim: max(1, reach) for dim, reach in gaussian_halo(image, params, TRUNCATE).items()}


def neighbour_halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return the halo of differences of neighbours."""
    return dict.fromkeys(filtered_dims(image), 1)


def central_differences(image: Image, dim: str | None, across: Sequence[float]) -> Image:
    """Return central differences averaged ``across`` the other dims: along one dim, or all.

    ``across`` holds the weights of the sample itself and of each neighbour beside it.
    """
    dims = filtered_dims(image)
    if dim is not None and dim not in dims:
        raise ParameterError(
            f"must be one of the dims that are filtered ({', '.join(dims)}), not {dim!r}",
            where="dim",
        )
    steps, _ = steps_of(image)
    values = np.ascontiguousarray(image.values, np.float32)
    slopes = []
    for along in dims if dim is None else (dim,):
        taps = {image.get_axis_num(other): Taps(np.array(across)) for other in dims}
        taps[image.get_axis_num(along)] = Taps(np.array([0, 0.5 / steps[along]]), odd=True)
        slopes.append(separable(values, taps))
    return per_length(image, slopes[0] if dim else _length_of(slopes), 1)


def _length_of(slopes: Sequence[Array]) -> Array:
    if len(slopes) == 1:
        return np.abs(slopes[0])
    total = slopes[0]
    for slope in slopes[1:]:
        total = np.hypot(total, slope)
    return total


def eigenvalue(parts: Mapping[tuple[int, int], Array], ndim: int, which: str) -> Array:
    """Return an eigenvalue of the symmetric matrix at each sample, from its upper triangle."""
    number = {"largest": 0, "middle": 1, "smallest": ndim - 1}[which]
    if which == "middle" and ndim != 3:
        raise ParameterError(
            f"is 'middle', of which there is none with {ndim} dims", where="which",
            hint="take the largest or the smallest",
        )  # fmt: skip
    if ndim == 1:
        return parts[0, 0]
    shape = parts[0, 0].shape
    flat = [parts[i, j].reshape(-1) for i in range(ndim) for j in range(i, ndim)]
    out = np.empty(flat[0].size, np.float32)
    if ndim > 3:
        whole = np.stack(
            [flat[_triangle_index(i, j, ndim)] for i in range(ndim) for j in range(ndim)], -1
        )
        bad = np.isnan(whole).any(axis=-1)
        whole[bad] = 0
        out = np.linalg.eigvalsh(whole.reshape(-1, ndim, ndim))[:, ndim - 1 - number]
        return np.where(bad, np.float32(np.nan), out).astype(np.float32).reshape(shape)
    from graticule.ops.filters import _kernels as kernels

    fill = kernels.fill_of_two if ndim == 2 else kernels.fill_of_three
    map_ranges(lambda a, b: fill(*(p[a:b] for p in flat), number, out[a:b]), out.size, least=65_536)
    return out.reshape(shape)


def _triangle_index(i: int, j: int, ndim: int) -> int:
    low, high = min(i, j), max(i, j)
    return low * ndim - low * (low - 1) // 2 + high - low
