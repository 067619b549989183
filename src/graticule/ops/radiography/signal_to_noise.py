"""Signal to noise ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Mask, Record, Reduction, Table, filtered_dims, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC

_STEPS = 256
_TO_SIGMA = 1.482602218505602


@dataclass(frozen=True)
class _Partial:
    """Count and sum of samples, the same of sizes of differences, and how many lie in each bin."""

    samples: int
    total: float
    differences: int
    sizes: float
    bins: Array
    numbers: Array
    axes: int
    unit: str


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    return dict.fromkeys(filtered_dims(image), 1)


def _map(image: Image, mask: Image | None, *, block: BlockInfo, **_: Any) -> _Partial:
    dims = [str(dim) for dim in image.dims]
    values = image.values.astype(np.float64)
    known = np.isfinite(values)
    if mask is not None:
        kept = [dim for dim in dims if dim in mask.dims]
        shape = [image.sizes[dim] if dim in kept else 1 for dim in dims]
        known &= mask.transpose(*kept).values.reshape(shape)
    inner = tuple(slice(*block.interior.get(dim, (0, image.sizes[dim]))) for dim in dims)
    inside = values[inner][known[inner]]
    # Where a dim has no three samples in the whole image, differences are taken along the others.
    along = [dim for dim in filtered_dims(image) if block.shape[dim] >= 3]
    curved = np.where(known, values, np.nan)
    for dim in along:
        curved = _curvature(curved, dims.index(dim), *_inner(block, dim, image.sizes[dim]))
    cut = tuple(
        slice(None) if dim in along else each for dim, each in zip(dims, inner, strict=True)
    )
    sizes = np.abs(curved[cut])
    sizes = sizes[np.isfinite(sizes)] if along else np.zeros(0)
    bins, numbers = np.unique(_bin_of(sizes), return_counts=True)
    unit = str(image.attrs.get("units", ""))
    sums = (inside.size, float(inside.sum()), sizes.size, float(sizes.sum()))
    return _Partial(*sums, bins, numbers, len(along), unit)


def _inner(block: BlockInfo, dim: str, size: int) -> tuple[int, int]:
    """Return which samples of a block are its own and have a neighbour on both sides."""
    start, stop = block.interior.get(dim, (0, size))
    return max(start, 1), min(stop, size - 1)


def _curvature(values: Array, axis: int, start: int, stop: int) -> Array:
    """Return the second difference along an axis, at the samples from start up to stop."""
    moved = np.moveaxis(values, axis, 0)
    stop = max(stop, start)
    before, after = moved[start - 1 : stop - 1], moved[start + 1 : stop + 1]
    with np.errstate(invalid="ignore", over="ignore"):
        return np.moveaxis(before - 2 * moved[start:stop] + after, 0, axis)


def _bin_of(sizes: Array) -> Array:
    """Return the number of the bin of each size: 256 for each power of 2, found exactly."""
    mantissa, exponent = np.frexp(sizes)
    fine = ((mantissa - 0.5) * (2 * _STEPS)).astype(np.int64)
    bins = exponent.astype(np.int64) * _STEPS + fine
    bins[sizes == 0] = np.iinfo(np.int64).min
    return np.asarray(bins)


def _merge(one: _Partial, other: _Partial) -> _Partial:
    bins, place = np.unique(np.concatenate([one.bins, other.bins]), return_inverse=True)
    numbers = np.zeros(bins.size, np.int64)
    np.add.at(numbers, place, np.concatenate([one.numbers, other.numbers]))
    return _Partial(
        one.samples + other.samples,
        one.total + other.total,
        one.differences + other.differences,
        one.sizes + other.sizes,
        bins,
        numbers,
        one.axes,
        one.unit,
    )


def _median_of(partial: _Partial) -> float:
    """Return the median of binned sizes: within a bin they are taken as spread evenly."""
    reached = np.cumsum(partial.numbers)
    half = partial.differences / 2
    index = int(np.searchsorted(reached, half))
    key = int(partial.bins[index])
    if key == np.iinfo(np.int64).min:
        return 0.0
    part = 1 - (float(reached[index]) - half) / float(partial.numbers[index])
    return math.ldexp(0.5 + (key % _STEPS + part) / (2 * _STEPS), key // _STEPS)


def _finish(partial: _Partial, *, method: str, **_: Any) -> Table:
    import pandas as pd

    signal = partial.total / partial.samples if partial.samples else math.nan
    noise = math.nan
    if partial.differences and method == "median":
        noise = _TO_SIGMA * _median_of(partial) / math.sqrt(6) ** partial.axes
    elif partial.differences:
        mean = partial.sizes / partial.differences
        noise = math.sqrt(math.pi / 2) * mean / math.sqrt(6) ** partial.axes
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.float64(signal) / np.float64(noise))
    record = pd.DataFrame({"signal": [signal], "noise": [noise], "snr": [ratio]})
    if partial.unit:
        record.attrs["units"] = {"signal": partial.unit, "noise": partial.unit}
    return record


_SCOPE = Reduction(_map, _merge, _finish, halo=_halo, memory=10)


@op(version=1, scope=_SCOPE, tolerance=1e-9, doc=DOC)
def signal_to_noise(
    image: Image,
    mask: Mask | None = None,
    *,
    method: Annotated[Literal["median", "immerkaer"], Field(title="Method")] = "median",
) -> Record:
    r"""Measure signal, noise and their ratio in one image.

    The signal is the mean. The noise is told from the sample by second differences, 1 -2 1 along
    every dim one after the other, which are blind to gradients (in two dims this is the mask of
    Immerkær [1]_); white noise of standard deviation :math:`\sigma` makes differences of
    :math:`\sqrt{6}^{\,n} \sigma` in :math:`n` dims.

    ``median``
        1.4826 times the median of their sizes: edges do not count as noise as long as they are in
        the minority. The median is found in bins of 1/256 to 1/512 of its value.
    ``immerkaer``
        :math:`\sqrt{\pi/2}` times the mean of their sizes: steadier in flat images, too high
        where there is much structure.

    Noise that is alike in neighbours (a blurred image) is underestimated by both. Samples that
    are not finite are left out, and differences with them.

    Parameters
    ----------
    image : Image
        Any dims; differences are taken along ``z y x`` (or along all where it has none of
        these) where there are three samples.
    mask : Mask, optional
        Only what is inside counts.
    method : {"median", "immerkaer"}
        How the noise is estimated.

    Returns
    -------
    Record
        One row: ``signal`` and ``noise`` in the units of the image, ``snr`` their ratio (infinite
        without noise); NaN where nothing can be said.

    References
    ----------
    .. [1] Immerkær, J., "Fast noise variance estimation", Computer Vision and Image Understanding
       64(2), 300-302, 1996. :doi:`10.1006/cviu.1996.0060`

    %(examples)s
    >>> ramp = np.linspace(50, 150, 200) + np.zeros((200, 1))
    >>> noisy = ramp + np.random.default_rng(0).normal(0, 5, ramp.shape)
    >>> gt.radiography.signal_to_noise(noisy).round(1)
       signal  noise   snr
    0   100.0    5.1  19.8
    """
    record: Record = _SCOPE.whole(image, mask, method=method)
    return record
