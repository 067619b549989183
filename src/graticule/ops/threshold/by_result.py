"""The threshold that gives a wanted result."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Area, Image, Mask, Record, Whole, filtered_dims, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, Connectivity, require_connectivity
from graticule.ops.threshold._counting import broadcast_mask
from graticule.ops.threshold._histogram import above

MOST_LEVELS = 65_536
WARNING = "chosen to give what was asked for: the result is no evidence for it"


class Found(NamedTuple):
    """The mask, and how it was found."""

    mask: Mask
    record: Record


@op(
    version=2,
    scope=Whole("which objects there are depends on the whole image", memory=60.0),
    dtype="bool",
    doc=DOC,
)
def by_result(
    image: Image,
    mask: Mask | None = None,
    *,
    want: Annotated[
        Literal["fraction", "pixels", "count", "size"], Field(title="What is wanted")
    ] = "fraction",
    target: Annotated[float, Field(title="How much of it", ge=0)],
    min_size: Annotated[Area, Field(title="Smallest object that counts", ge=0)] = Area(1),
    connectivity: Connectivity = 1,
) -> Found:
    """Search the threshold that gives objects of a wanted number, size or fraction.

    **It will find what it was told to find.** That the result is as wanted says nothing about the
    image: use it where the answer is known from elsewhere (a weighed porosity, a counted sample)
    and something else is measured, and never report what was wanted as a finding. The record
    carries this warning.

    All thresholds are tried at once: samples are added from the brightest down, and objects that
    meet become one. Of the thresholds that come nearest to the target, the middle of the widest
    stretch that gives one and the same result is taken. Where an image has more than 65,536
    different values, as many thresholds between the lowest and the highest are tried.

    Parameters
    ----------
    image : Image
        Any dims; one threshold for all of it. Objects are connected along ``z y x``, or along all
        where it has none of these.
    %(where)s
    want : {"fraction", "pixels", "count", "size"}
        The fraction of the known samples above the threshold, from 0 to 1; their number; the number
        of objects; or the mean size of an object in pixels.
    target : float
        How much of it is wanted.
    min_size : Area
        Smaller objects do not count for ``count`` and ``size`` (they stay in the mask).
    %(connectivity)s

    Returns
    -------
    mask : Mask
        True where the image is above the threshold.
    record : Record
        One row: ``threshold``, ``achieved``, ``target``, ``want``, ``low`` and ``high`` between
        which thresholds give what was achieved, and ``warning``.

    Raises
    ------
    %(values_error)s
    %(connectivity_error)s
    UnitsError
        If ``min_size`` has a unit and the dims have none.

    References
    ----------
    Najman, L., Couprie, M., "Building the component tree in quasi-linear time", IEEE Trans. Image
    Process. 15(11), 3531-3539, 2006. :doi:`10.1109/TIP.2006.877518`

    %(examples)s
    >>> image = np.array([0, 5, 0, 9, 8, 0, 7, 2])
    >>> found = gt.threshold.by_result(image, want="count", target=2)
    >>> found.mask
    array([False, False, False,  True,  True, False,  True, False])
    >>> found.record[["threshold", "achieved", "low", "high"]]
       threshold  achieved  low  high
    0        6.0       2.0  5.0   7.0
    """
    import pandas as pd
    import xarray as xr

    dims = filtered_dims(image)
    require_connectivity(connectivity, dims)
    known = np.isfinite(image.values)
    if mask is not None:
        known = known & broadcast_mask(mask, image).values
    if not known.any():
        raise ImageError("has no finite value, so there is no threshold", hint="is it all NaN?")
    levels = _Levels(image.values[known])
    least = max(1, int(np.ceil(min_size.pixels(image, dims) - 1e-9)))
    curve = _curve(image, known, levels, want, (connectivity, least))
    threshold, low, high, achieved = _chosen(levels, curve, target)
    row = {"threshold": threshold, "achieved": achieved, "target": target, "want": want}
    record = pd.DataFrame([{**row, "low": low, "high": high, "warning": WARNING}])
    if "units" in image.attrs:
        record.attrs["units"] = dict.fromkeys(("threshold", "low", "high"), image.attrs["units"])
    inside = xr.DataArray(known, dims=image.dims)
    return Found(above(image, inside, result=threshold), record)


class _Levels:
    """The values of an image put into at most 65,536 levels, in their order.

    Attributes
    ----------
    of : ndarray
        The level of each value.
    bottom, top : ndarray
        Smallest and largest value of each level.
    """

    def __init__(self, values: Array) -> None:
        low, high = values.min(), values.max()
        place = _places(values, float(low), float(high))
        used, self.of = np.unique(place, return_inverse=True)
        self.bottom = np.full(used.size, high)
        self.top = np.full(used.size, low)
        np.minimum.at(self.bottom, self.of, values)
        np.maximum.at(self.top, self.of, values)


def _places(values: Array, low: float, high: float) -> Array:
    """Return whole numbers in the order of the values, of which there are not too many."""
    if values.dtype.kind in "iub" and values.dtype.itemsize <= 2:
        return values.astype(np.int64) - int(low)
    different, place = np.unique(values, return_inverse=True)
    if different.size <= MOST_LEVELS:
        return np.asarray(place)
    half = values.astype(np.float64) / 2 - low / 2  # the whole range may be beyond a float
    return np.asarray((half * ((MOST_LEVELS - 1) / (high / 2 - low / 2))).astype(np.int64))


def _curve(
    image: Image, known: Array, levels: _Levels, want: str, objects: tuple[int, int]
) -> Array:
    """Return what is wanted of the samples down to each level, from the brightest."""
    counts = np.bincount(levels.of)[::-1]
    pixels = np.cumsum(counts)
    if want == "pixels":
        return pixels.astype(np.float64)
    if want == "fraction":
        return np.asarray(pixels / pixels[-1])
    number, samples = _objects(image, known, levels, np.concatenate([[0], pixels]), objects)
    return number.astype(np.float64) if want == "count" else samples / np.maximum(number, 1)


def _objects(
    image: Image, known: Array, levels: _Levels, starts: Array, objects: tuple[int, int]
) -> tuple[Array, Array]:
    from graticule.ops.threshold._kernels import objects_above

    connectivity, least = objects
    axes = {image.get_axis_num(dim) for dim in filtered_dims(image)}
    around = [(1, 1) if axis in axes else (0, 0) for axis in range(image.ndim)]
    places = np.flatnonzero(np.pad(known, around))
    shape = [size + sum(pad) for size, pad in zip(image.shape, around, strict=True)]
    strides = np.cumprod([1, *shape[:0:-1]])[::-1]
    steps = itertools.product(*[(-1, 0, 1) if axis in axes else (0,) for axis in range(image.ndim)])
    near = [step for step in steps if 0 < sum(map(abs, step)) <= connectivity]
    offsets = np.array(near, np.int64).reshape(-1, image.ndim) @ strides
    darkest_last = (levels.bottom.size - 1 - levels.of).astype(np.uint16)
    order = places[np.argsort(darkest_last, kind="stable")]
    counted = objects_above(order, starts, offsets, int(np.prod(shape)), least)
    return counted[:, 0], counted[:, 1]


def _chosen(levels: _Levels, curve: Array, target: float) -> tuple[float, float, float, float]:
    """Return a threshold, the ends of its stretch, and what it achieves."""
    bottom, top = levels.bottom[::-1], levels.top[::-1]
    if curve.size == 1:
        only = float(top[0])
        return only, only, only, 0.0
    apart = np.abs(curve[:-1] - target)  # down to each level but the darkest
    best = np.flatnonzero(apart == apart.min())
    # neighbours may be as near from above and from below: those are two stretches
    parts = (np.diff(best) > 1) | (np.diff(curve[best]) != 0)
    stretches = [
        (float(top[run[-1] + 1]), float(bottom[run[0]]), float(curve[run[0]]))
        for run in np.split(best, np.flatnonzero(parts) + 1)
    ]
    low, high, achieved = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    middle = low / 2 + high / 2
    return middle if middle < high else low, low, high, achieved
