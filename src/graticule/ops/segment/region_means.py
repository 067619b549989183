"""The mean of its region for every sample."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from graticule.core import BlockInfo, Image, Labels, Reduction, like, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC

Sums: TypeAlias = tuple[Array, Array, Array]
"""Labels that occur, in order, and the sum and number of the values of each."""


def _map(labels: Image, image: Image, *, block: BlockInfo) -> Sums:
    if set(image.dims) != set(labels.dims):
        raise ImageError(
            f"must have the dims {list(labels.dims)}, not {list(image.dims)}",
            where="image",
            hint="take one channel with transform.select, or transform.grey",
        )
    values = image.transpose(*labels.dims).values
    counted = np.isfinite(values) & (labels.values > 0)
    return _added(labels.values[counted], values[counted].astype(np.float64), None)


def _added(labels: Array, sums: Array, numbers: Array | None) -> Sums:
    present, at = np.unique(labels, return_inverse=True)
    number = np.bincount(at, numbers, len(present))
    return present, np.bincount(at, sums, len(present)), number


def _merge(one: Sums, other: Sums) -> Sums:
    labels, sums, numbers = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    return _added(labels, sums, numbers)


def _finish(sums: Sums) -> tuple[Array, Array]:
    labels, total, number = sums
    return labels, total / np.maximum(number, 1)


def _apply(labels: Image, image: Image, *, result: tuple[Array, Array]) -> Image:
    present, means = result
    values = np.full(labels.shape, np.nan, np.float32)
    if present.size:
        at = np.minimum(np.searchsorted(present, labels.values), present.size - 1)
        values = np.where(present[at] == labels.values, means[at], np.nan).astype(np.float32)
    units = {key: value for key, value in image.attrs.items() if key == "units"}
    return like(labels, values, **units)


_SCOPE = Reduction(_map, _merge, _finish, _apply, memory=12)


@op(version=1, scope=_SCOPE, dtype="float32", tolerance=1e-6, doc=DOC)
def region_means(labels: Labels, image: Image) -> Image:
    """Give every sample the mean value of its region.

    So a step that works sample by sample works superpixel by superpixel: the noise of a sample is
    averaged away, and what keeps to the borders of the superpixels keeps sharp.

    Parameters
    ----------
    labels : Labels
        Regions, as of ``segment.etps``.
    image : Image
        Of the same dims. Values that are not finite are left out.

    Returns
    -------
    Image
        float32, in the unit of ``image``; NaN where the label is 0 or no value of the region is
        finite.

    Raises
    ------
    ImageError
        If the dims of ``image`` are others, ``c`` among them.

    %(examples)s
    >>> gt.segment.region_means(np.array([1, 1, 2, 0]), np.array([1.0, 2.0, 5.0, 9.0]))
    array([1.5, 1.5, 5. , nan], dtype=float32)
    """
    image_of_means: Image = _SCOPE.whole(labels, image)
    return image_of_means
