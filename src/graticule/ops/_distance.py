"""Exact Euclidean distances, in the units of the axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from graticule.core import Image, Length, filtered_dims, map_ranges
from graticule.core.errors import UnitsError
from graticule.core.image import level_of, step_of
from graticule.core.typing import Array
from graticule.core.units import axis_scale

_LEAST = 1 << 16
"""Samples worth a part of their own."""


def steps_of(image: Image) -> tuple[list[float], str]:
    """Return the distance between samples by filtered dim, in one unit, and the unit.

    The unit is that of the last filtered dim; it is empty where dims have none, and distances
    are in pixels of the full resolution then. A unit that only some have, or one of another
    kind, is a `UnitsError`.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> steps_of(as_image(np.zeros((4, 4)), spacing={"y": "2 um", "x": "500 nm"}))
    ([2000.0, 500.0], 'nm')
    """
    dims = filtered_dims(image)
    spacings = [step_of(image, dim) for dim in dims]
    unit = spacings[-1][1]
    if not any(each for _, each in spacings):
        pixel = float(2 ** level_of(image))
        bare = [dim not in image.coords for dim in dims]
        return [s * pixel if b else s for (s, _), b in zip(spacings, bare, strict=True)], ""
    scales = [axis_scale(each) for _, each in spacings]
    if len({base for _, base in scales}) > 1:
        described = ", ".join(
            f"{d} in {u or 'pixels'}" for d, (_, u) in zip(dims, spacings, strict=True)
        )
        raise UnitsError(
            f"distances across dims need units of one kind, not {described}",
            hint="give the spacing of all spatial dims",
        )
    whole = scales[-1][0]
    ratios = [float(f"{factor / whole:.12g}") for factor, _ in scales]
    return [step * r for (step, _), r in zip(spacings, ratios, strict=True)], unit


def extent_of(image: Image, length: Length) -> float:
    """Return a length in the unit of `steps_of`; a pixel is the smallest step of the image."""
    steps, _ = steps_of(image)
    if not length.base:
        return float(length.value * min(steps) / 2 ** level_of(image))
    last = filtered_dims(image)[-1]
    return float(length.samples(image, last) * steps[-1])


def reach_of(image: Image, length: Length) -> dict[str, int]:
    """Return how many whole samples a length covers along each filtered dim."""
    extent = extent_of(image, length)
    steps, _ = steps_of(image)
    dims = filtered_dims(image)
    return {d: math.floor(extent / s * (1 + 1e-9)) for d, s in zip(dims, steps, strict=True)}


def distances(mask: Array, steps: Sequence[float], limit: float = math.inf) -> Array:
    """Return the distance of each True sample to the nearest False one.

    Squared distances are taken along rows, and then axis by axis as the least of distance and
    step: by search among neighbours where they are short, by the lower envelope of parabolas
    [1]_ where they are long.

    ``steps`` are the distances between samples by axis; distances above ``limit`` are given as
    it. The result is float32, infinity (or ``limit``) where there is no False.

    References
    ----------
    .. [1] Felzenszwalb, P. F., Huttenlocher, D. P., "Distance transforms of sampled functions",
       Theory of Computing 8, 415-428, 2012. :doi:`10.4086/toc.2012.v008a019`

    Examples
    --------
    >>> distances(np.array([0, 1, 1, 1], bool), [0.5])
    array([0. , 0.5, 1. , 1.5], dtype=float32)
    """
    from graticule.ops._distance_kernels import along_axis, along_rows

    mask = np.ascontiguousarray(mask)
    out = np.empty(mask.shape, np.float32)
    rows, far = mask.reshape(-1, mask.shape[-1]), out.reshape(-1, mask.shape[-1])
    most = limit * limit

    def first(begin: int, end: int) -> None:
        along_rows(rows, begin, end, steps[-1], far)

    map_ranges(first, len(rows), least=max(1, _LEAST // mask.shape[-1]))
    for axis in range(mask.ndim - 2, -1, -1):

        def work(values: Array, outer: int, begin: int, end: int, axis: int = axis) -> None:
            along_axis(values, outer, begin, end, steps[axis], most, axis == 0)

        _over_columns(out, axis, work)
    if mask.ndim == 1:
        np.sqrt(np.minimum(out, np.float32(most)), out=out)
    return out


def nearest_labels(labels: Array, steps: Sequence[float], limit: float) -> Array:
    """Return for each sample the label that is nearest, 0 where none is within ``limit``.

    Of labels that are equally near, the lowest.

    Examples
    --------
    >>> nearest_labels(np.array([2, 0, 0, 0, 1, 0, 0]), [1.0], 2.0)
    array([2, 2, 1, 1, 1, 1, 1])
    """
    from graticule.ops._distance_kernels import nearest_along_axis, nearest_in_rows

    labels = np.ascontiguousarray(labels)
    out = np.empty_like(labels)
    squares = np.empty(labels.shape, np.float32)
    width = labels.shape[-1]
    given, far, found = (array.reshape(-1, width) for array in (labels, squares, out))
    most = float(np.float32(limit * limit * (1 + 1e-6)))

    def first(begin: int, end: int) -> None:
        nearest_in_rows(given, begin, end, steps[-1], most, far, found)

    map_ranges(first, len(given), least=max(1, _LEAST // width))
    for axis in range(labels.ndim - 2, -1, -1):
        names = out.reshape(-1, labels.shape[axis], math.prod(labels.shape[axis + 1 :]))

        def work(
            values: Array,
            outer: int,
            begin: int,
            end: int,
            names: Array = names,
            axis: int = axis,
        ) -> None:
            nearest_along_axis(values, names, outer, begin, end, steps[axis], most)

        _over_columns(squares, axis, work)
    return out


def _over_columns(values: Array, axis: int, work: Callable[[Array, int, int, int], None]) -> None:
    """Spread the columns along an axis over the processors, in whole tiles."""
    from graticule.ops._distance_kernels import TILE

    lines = values.reshape(-1, values.shape[axis], math.prod(values.shape[axis + 1 :]))
    width = lines.shape[2]
    tiles = -(-width // TILE)

    def part(begin: int, end: int) -> None:
        at = begin
        while at < end:
            outer, tile = divmod(at, tiles)
            stop = min(tiles, tile + end - at)
            work(lines, outer, tile * TILE, min(width, stop * TILE))
            at += stop - tile

    map_ranges(part, len(lines) * tiles, least=max(1, _LEAST // (values.shape[axis] * TILE)))
