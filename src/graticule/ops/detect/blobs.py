"""Blobs: round things of any size, bright or dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Length, Reduction, Table, filtered_dims, map_ranges, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops._parameters import DOC
from graticule.ops.detect._overlap import best_apart
from graticule.ops.detect._scale_space import PER_OCTAVE, Octave, Response, Scales

Polarity = Literal["both", "bright", "dark"]

_TO_SIGMA = 0.67448975
_FLOOR = 1e-3
"""What is less than this share of the range of an image is its rounding."""
_STEP = 0.6
"""A maximum between samples is sought so far from the largest sample."""
_SIGNS = {"both": (1, -1), "bright": (1,), "dark": (-1,)}


@dataclass(frozen=True)
class _Level:
    """What is known of the values of a part of an image.

    Attributes
    ----------
    low, high : float
        Least and largest finite value; ``low > high`` where there is none.
    missing : bool
        Whether a sample is not finite.
    counts : ndarray
        How often the size of a second difference has each upper half of its bits.
    """

    low: float
    high: float
    missing: bool
    counts: Array

    def merged(self, other: _Level) -> _Level:
        """Return what is known of both parts."""
        return _Level(
            min(self.low, other.low),
            max(self.high, other.high),
            self.missing or other.missing,
            self.counts + other.counts,
        )

    @property
    def middle(self) -> float:
        """A value to compute from, so that what is small beside it is not lost in float32."""
        return (self.low + self.high) / 2 if self.low <= self.high else 0.0

    def noise(self, dims: int) -> float:
        """Return the deviation of white noise: 1.4826 times the median second difference."""
        total = int(self.counts.sum())
        if total == 0:
            return 0.0
        at = int(np.searchsorted(np.cumsum(self.counts), (total + 1) // 2))
        ends = (np.array([at, at + 1], np.int32) << 16).view(np.float32).astype(float)
        return 0.0 if at == 0 else float(ends.mean()) / _TO_SIGMA / 6 ** (dims / 2)


@dataclass(frozen=True)
class _Found:
    """Blobs found in a part of an image.

    Attributes
    ----------
    axes : Axes
        Of the whole image.
    rows : ndarray
        One a row: frame; place along z, y, x in samples; number of the scale; strength.
    scales : Scales
        Those that were searched.
    dims : tuple of str
        The dims that were.
    noise : float
        Standard deviation of the image's noise.
    unit : str
        Of its values.
    """

    axes: Axes
    rows: Array
    scales: Scales
    dims: tuple[str, ...]
    noise: float
    unit: str

    def merged(self, other: _Found) -> _Found:
        """Return the blobs of both parts."""
        return replace(
            self, axes=self.axes.merged(other.axes), rows=np.concatenate([self.rows, other.rows])
        )


def _searched(image: Image) -> tuple[str, ...]:
    """Return the dims blobs are sought along; raise `ImageError` if there are more than three."""
    dims = filtered_dims(image)
    if len(dims) > 3:
        raise ImageError(
            f"blobs are sought in up to three dims; the image has {', '.join(dims)}",
            hint="name the dims z, y and x, or select along one first",
        )
    return dims


def _scales(image: Image, params: Mapping[str, Any]) -> Scales:
    dims = _searched(image)
    low = [params["min_sigma"].samples(image, dim) for dim in dims]
    high = [params["max_sigma"].samples(image, dim) for dim in dims]
    return Scales.between(low, high, params["method"])


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    scales, dims = _scales(image, params), _searched(image)
    return {
        dim: scales.reach(int(image.sizes[dim]), axis)
        for axis, dim in enumerate(dims, start=3 - len(dims))
    }


def _volumes(image: Image, values: Array) -> Array:
    """Return values with the axes frame, z, y, x."""
    space = _searched(image)
    others = [str(dim) for dim in image.dims if dim not in space]
    order = [image.get_axis_num(dim) for dim in (*others, *space)]
    moved = values.transpose(order)
    sizes = [1, 1, 1, *moved.shape[len(others) :]][-3:]
    return np.ascontiguousarray(moved.reshape(-1, *sizes))


def _own(image: Image, block: BlockInfo) -> Array:
    """Return the first and the end of a block's own samples along z, y, x, within it."""
    spans = [block.interior.get(dim, (0, image.sizes[dim])) for dim in _searched(image)]
    return np.array([*((0, 1),) * (3 - len(spans)), *spans], np.int64)


def _map_level(image: Image, *, block: BlockInfo, **_: Any) -> _Level:
    from graticule.ops.detect._scale_space_kernels import count_second_differences

    values = image.values.astype(np.float64)
    counts = np.zeros(1 << 15, np.int64)
    own = _own(image, block)
    volumes = _volumes(image, values)
    inner = volumes[(slice(None), *(slice(*span) for span in own))]
    finite = inner[np.isfinite(inner)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (np.inf, -np.inf)
    active = np.array(volumes.shape[1:]) > 2
    for volume in volumes:
        within = own.copy()
        within[active, 0] = np.maximum(own[active, 0], 1)
        within[active, 1] = np.minimum(own[active, 1], np.array(volume.shape)[active] - 1)
        count_second_differences(volume, active, within, counts)
    return _Level(low, high, finite.size < inner.size, counts)


def _beside(image: Image, _: Mapping[str, Any]) -> dict[str, int]:
    return dict.fromkeys(_searched(image), 1)


def _map(
    image: Image,
    *,
    block: BlockInfo,
    prior: _Level,
    polarity: Polarity,
    threshold: float | None,
    min_snr: float,
    **params: Any,
) -> _Found:
    dims = _searched(image)
    scales = _scales(image, params)
    noise = prior.noise(sum(block.shape[dim] > 2 for dim in dims))
    floor = _FLOOR * max(prior.high - prior.low, 0.0)

    def least(number: int) -> float:
        wanted = min_snr * noise * scales.noise(number) if threshold is None else threshold
        return max(wanted, floor)

    values = image.values.astype(np.float64) - prior.middle
    if prior.missing:
        values[~np.isfinite(values)] = np.nan
    own = _own(image, block)
    starts = [0] * (3 - len(dims)) + [block.offset[dim] for dim in dims]
    sizes = [1] * (3 - len(dims)) + [block.shape[dim] for dim in dims]
    others = [str(dim) for dim in image.dims if dim not in dims]
    rows = []
    for frame, volume in enumerate(_volumes(image, values.astype(np.float32))):
        number = _frame_number(frame, others, image, block)
        for octave in scales.octaves(volume, starts, sizes, missing=prior.missing):
            found = _tops(octave, own + np.array(starts)[:, None], least, _SIGNS[polarity])
            rows.append(np.column_stack([np.full(len(found), number), found]))
    unit = str(image.attrs.get("units", ""))
    axes = Axes.of(image, block)
    return _Found(axes, np.concatenate(rows), scales, dims, noise, unit)


def _frame_number(frame: int, dims: list[str], image: Image, block: BlockInfo) -> int:
    """Return the number of a block's frame in the whole."""
    if not dims:
        return 0
    at = np.unravel_index(frame, [image.sizes[dim] for dim in dims])
    whole = [int(n) + block.offset[dim] for n, dim in zip(at, dims, strict=True)]
    return int(np.ravel_multi_index(whole, [block.shape[dim] for dim in dims]))


def _tops(octave: Octave, own: Array, least: Any, signs: tuple[int, ...]) -> Array:
    """Return the place, scale and strength of the maxima in an octave."""
    from graticule.ops.detect._scale_space_kernels import tops

    spans = [grid.own(*span) for grid, span in zip(octave.grids, own.tolist(), strict=True)]
    limits = np.array([least(octave.first + n) for n in range(len(octave.levels))], np.float32)
    bounds, ways = np.array(spans, np.int64), np.array(signs, np.float32)
    across = int(np.prod(np.maximum(bounds[:2, 1] - bounds[:2, 0], 0)))
    rows = (len(octave.levels) - 2) * across
    if rows <= 0:
        return np.zeros((0, 5))
    width = max(1, int(bounds[2, 1] - bounds[2, 0]))
    parts = map_ranges(
        lambda a, b: tops(octave.levels, limits, bounds, ways, a, b),
        rows,
        least=65_536 // width + 1,
    )
    at = np.concatenate(parts)
    offsets, strengths = _between_samples(octave.levels, at[:, :4], at[:, 4])
    places = [
        grid.places(at[:, axis] + offsets[:, axis]) for axis, grid in enumerate(octave.grids, 1)
    ]
    return np.column_stack([*places, octave.first + at[:, 0] + offsets[:, 0], strengths])


def _between_samples(levels: Array, at: Array, signs: Array) -> tuple[Array, Array]:
    """Return how far maxima are from their samples, and their height, by a parabola around each.

    Along an axis without a neighbour on both sides a maximum stays on its sample.
    """
    axes = [axis for axis in range(4) if levels.shape[axis] > 2]
    count, dims = len(at), len(axes)

    def value(*moves: tuple[int, int]) -> Array:
        place = at.copy()
        for axis, by in moves:
            place[:, axis] = np.clip(place[:, axis] + by, 0, levels.shape[axis] - 1)
        return np.asarray(signs * levels[tuple(place.T)], np.float64)

    here = value()
    gradient, hessian = np.zeros((count, dims)), np.zeros((count, dims, dims))
    for i, axis in enumerate(axes):
        before, after = value((axis, -1)), value((axis, 1))
        gradient[:, i], hessian[:, i, i] = (after - before) / 2, before + after - 2 * here
        for j, other in enumerate(axes[:i]):
            corners = [a * b * value((axis, a), (other, b)) for a in (-1, 1) for b in (-1, 1)]
            hessian[:, i, j] = hessian[:, j, i] = sum(corners) / 4
        edge = (at[:, axis] == 0) | (at[:, axis] == levels.shape[axis] - 1)
        gradient[edge, i], hessian[edge, i, :], hessian[edge, :, i] = 0, 0, 0
        hessian[edge, i, i] = -1
    good = np.isfinite(gradient).all(axis=1) & np.isfinite(hessian).all(axis=(1, 2))
    gradient[~good], hessian[~good] = 0, -np.eye(dims)
    top = np.linalg.eigvalsh(hessian)[:, -1] < 0 if dims else np.zeros(count, bool)
    hessian[~top] = -np.eye(dims)
    gradient[~top] = 0
    step = np.clip(-np.linalg.solve(hessian, gradient[..., None])[..., 0], -_STEP, _STEP)
    curve = np.einsum("ni,nij,nj->n", step, hessian, step)
    heights = here + (gradient * step).sum(axis=1) + curve / 2
    offsets = np.zeros((count, 4))
    offsets[:, axes] = step
    return offsets, signs * heights


def _finish(found: _Found, *, overlap: float, **_: Any) -> Table:
    import pandas as pd

    axes, scales, dims = found.axes, found.scales, found.dims
    others = [dim for dim in axes.shape if dim not in dims]
    first = 4 - len(dims)
    rows = found.rows
    order = np.lexsort((*rows[:, 3::-1].T, -np.abs(rows[:, 5])))
    rows = rows[order]
    ratio, wide = 2 ** (rows[:, 4] / PER_OCTAVE), math.sqrt(len(dims))
    kept = np.zeros(len(rows), bool)
    for frame in np.unique(rows[:, 0]):
        of = np.flatnonzero(rows[:, 0] == frame)
        places = rows[of, first:4] / scales.width(0)[first - 1 :]
        kept[of] = best_apart(places, wide * ratio[of], overlap)
    rows, ratio = rows[kept], ratio[kept]
    smallest, unit = _smallest(axes, scales, dims)
    noise = found.noise * np.array([scales.noise(number) for number in rows[:, 4]])
    columns: dict[str, tuple[Any, str]] = {"label": (np.arange(1, len(rows) + 1), "")}
    columns |= axes.frame_columns(others, rows[:, 0].astype(np.int64))
    for axis, dim in enumerate(dims, start=first):
        columns[dim] = axes.positions(dim, rows[:, axis])
    columns["sigma"], columns["radius"] = (smallest * ratio, unit), (wide * smallest * ratio, unit)
    columns["strength"] = rows[:, 5], found.unit
    with np.errstate(divide="ignore"):
        columns["snr"] = np.abs(rows[:, 5]) / noise, ""
    table = pd.DataFrame({name: values for name, (values, _) in columns.items()}, copy=False)
    table.attrs["units"] = {name: unit for name, (_, unit) in columns.items() if unit}
    return table


def _smallest(axes: Axes, scales: Scales, dims: Sequence[str]) -> tuple[float, str]:
    """Return the smallest width in the unit of the axes, or in pixels where it has none."""
    steps, unit = axes.steps(dims)
    widths = scales.width(0)[3 - len(dims) :] * steps
    if np.allclose(widths, widths[-1], rtol=1e-6):
        return float(widths[-1]), unit
    return scales.widths[-1], "px"


_LEVEL = Reduction(_map_level, _Level.merged, halo=_beside)
_SCOPE = Reduction(_map, _Found.merged, _finish, prior=_LEVEL, halo=_halo, memory=23)


@op(version=1, scope=_SCOPE, tolerance=1e-4, doc=DOC)
def blobs(
    image: Image,
    *,
    method: Annotated[Response, Field(title="Response")] = "log",
    min_sigma: Annotated[Length, Field(title="Smallest width", gt=0)] = Length(1.5),
    max_sigma: Annotated[Length, Field(title="Largest width", gt=0)] = Length(16),
    polarity: Annotated[Polarity, Field(title="Brighter or darker than around")] = "bright",
    threshold: Annotated[float | None, Field(title="Smallest strength", ge=0)] = None,
    min_snr: Annotated[float, Field(title="Smallest strength (in noise)", ge=0)] = 5.0,
    overlap: Annotated[float, Field(title="Part two may share", ge=0, le=1)] = 0.5,
) -> Table:
    r"""Find blobs, bright or dark, with their place and size between samples.

    A blob is a maximum over place and scale of a response that is largest where the width
    :math:`\sigma` of a Gaussian fits it [1]_. With :math:`L_\sigma = G_\sigma * f`:

    ``log``
        The scale-normalised Laplacian of Gaussian, :math:`-\sigma^2 \nabla^2 L_\sigma`.
    ``doh``
        The determinant of the Hessian [1]_, :math:`(\det -\sigma^2 H)^{1/n}` in :math:`n` dims
        where all eigenvalues have one sign and 0 elsewhere: less sure of long things.
    ``dog``
        The difference of Gaussians [2]_,
        :math:`(L_{\sigma/\sqrt k} - L_{\sigma \sqrt k}) / \ln k`, close to ``log`` and faster.

    There are three scales to an octave. Each is computed on a grid as coarse as its width allows,
    so that large blobs cost less than small ones. A parabola through the neighbours of a maximum
    gives place, scale and strength between them. Of two blobs of which the smaller shares more
    than ``overlap`` of its disk or ball with the other, the stronger is kept.

    Parameters
    ----------
    %(image)s Values that are not finite have no weight.
    method : {"log", "doh", "dog"}
        The response.
    min_sigma, max_sigma : Length
        Widths of the smallest and the largest blob. A disk of radius :math:`r` has the width
        :math:`r / \sqrt 2`, a ball :math:`r / \sqrt 3`.
    polarity : {"bright", "dark", "both"}
        Which blobs.
    threshold : float, optional
        Smallest strength, in the unit of the image, instead of ``min_snr``. A Gaussian blob of
        height :math:`h` has the strength :math:`n h (1/2)^{1 + n/2}` under ``log`` in :math:`n`
        dims: a half of its height in two.
    min_snr : float
        Smallest strength, in standard deviations that white noise as that of the image has at
        this scale. The noise is 1.4826 times the median size of second differences along all
        dims. What is below a thousandth of the range of the values is none.
    overlap : float
        The part of a blob that may lie within a stronger one.

    Returns
    -------
    Table
        One row for each blob, the strongest first: ``label``; its place along each dim, in the
        coordinate of the dim; ``sigma`` and ``radius`` (:math:`\sqrt n\, \sigma`), in the unit of
        the last dim where the dims have units of one kind, else in pixels; ``strength``, in the
        unit of the image and negative for dark ones; ``snr``, in noise.

    Raises
    ------
    ParameterError
        If ``max_sigma`` is less than ``min_sigma``.
    %(length_error)s
    %(complex_error)s

    See Also
    --------
    detect.spots : outliers of a few samples, as a mask, and the image without them.
    skimage.feature.blob_log : the same maxima, at a number of scales that is given.

    References
    ----------
    .. [1] Lindeberg, T., "Feature detection with automatic scale selection", International
       Journal of Computer Vision 30(2), 79-116, 1998. :doi:`10.1023/A:1008045108935`
    .. [2] Lowe, D. G., "Distinctive image features from scale-invariant keypoints", International
       Journal of Computer Vision 60(2), 91-110, 2004.
       :doi:`10.1023/B:VISI.0000029664.99615.94`

    %(examples)s
    >>> y, x = np.mgrid[:60, :80]
    >>> image = 1.0 * (np.hypot(y - 30, x - 25) < 8) + 1.0 * (np.hypot(y - 20, x - 60) < 4)
    >>> gt.detect.blobs(image)[["y", "x", "radius"]].round(1)
          y     x  radius
    0  20.0  60.0     3.8
    1  30.0  25.0     7.9
    """
    table: Table = _SCOPE.whole(
        image,
        method=method,
        min_sigma=min_sigma,
        max_sigma=max_sigma,
        polarity=polarity,
        threshold=threshold,
        min_snr=min_snr,
        overlap=overlap,
    )
    return table
