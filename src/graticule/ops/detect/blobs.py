"""Blobs: round things of any size, bright or dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Length, Reduction, Table, op
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops._parameters import DOC
from graticule.ops.detect._blob_level import LEVEL, Level, own_samples, searched_dims, volumes_of
from graticule.ops.detect._blob_maxima import maxima_of
from graticule.ops.detect._overlap import best_apart
from graticule.ops.detect._scale_space import PER_OCTAVE, Response, Scales

Polarity = Literal["both", "bright", "dark"]

_FLOOR = 1e-3
"""What is less than this share of the range of an image is its rounding."""
_SIGNS = {"both": (1, -1), "bright": (1,), "dark": (-1,)}


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


def _scales(image: Image, params: Mapping[str, Any]) -> Scales:
    dims = searched_dims(image)
    low = [params["min_sigma"].samples(image, dim) for dim in dims]
    high = [params["max_sigma"].samples(image, dim) for dim in dims]
    return Scales.between(low, high, params["method"])


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    scales, dims = _scales(image, params), searched_dims(image)
    return {
        dim: scales.reach(int(image.sizes[dim]), axis)
        for axis, dim in enumerate(dims, start=3 - len(dims))
    }


def _map(
    image: Image,
    *,
    block: BlockInfo,
    prior: Level,
    polarity: Polarity,
    threshold: float | None,
    min_snr: float,
    **params: Any,
) -> _Found:
    dims = searched_dims(image)
    scales = _scales(image, params)
    noise = prior.noise(sum(block.shape[dim] > 2 for dim in dims))
    floor = _FLOOR * max(prior.high - prior.low, 0.0)

    def least(number: int) -> float:
        wanted = min_snr * noise * scales.noise(number) if threshold is None else threshold
        return max(wanted, floor)

    values = image.values.astype(np.float64) - prior.middle
    if prior.missing:
        values[~np.isfinite(values)] = np.nan
    own = own_samples(image, block)
    starts = [0] * (3 - len(dims)) + [block.offset[dim] for dim in dims]
    sizes = [1] * (3 - len(dims)) + [block.shape[dim] for dim in dims]
    others = [str(dim) for dim in image.dims if dim not in dims]
    rows = []
    for frame, volume in enumerate(volumes_of(image, values.astype(np.float32))):
        number = _frame_number(frame, others, image, block)
        for octave in scales.octaves(volume, starts, sizes, missing=prior.missing):
            found = maxima_of(octave, own + np.array(starts)[:, None], least, _SIGNS[polarity])
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


_SCOPE = Reduction(_map, _Found.merged, _finish, prior=LEVEL, halo=_halo, memory=23)


@op(version=2, scope=_SCOPE, tolerance=1e-4, doc=DOC)
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
    %(image)s
        Values that are not finite have no weight.
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
