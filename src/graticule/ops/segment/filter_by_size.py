"""Keeping objects by their size."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Area, BlockInfo, Image, Labels, Reduction, filtered_dims, like, op
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC


class _Sizes(NamedTuple):
    """Pixels of each label, and the limits in pixels."""

    labels: Array
    pixels: Array
    least: float
    most: float

    def merged(self, other: _Sizes) -> _Sizes:
        labels, inverse = np.unique(np.append(self.labels, other.labels), return_inverse=True)
        pixels = np.zeros(len(labels), np.int64)
        np.add.at(pixels, inverse, np.append(self.pixels, other.pixels))
        return _Sizes(labels, pixels, self.least, self.most)


def _map(labels: Image, *, block: BlockInfo, min_size: Area, max_size: Area | None) -> _Sizes:
    dims = filtered_dims(labels)
    least = min_size.pixels(labels, dims)
    most = np.inf if max_size is None else max_size.pixels(labels, dims)
    if least > most:
        raise ParameterError(
            f"must be at least min_size, {min_size}, not {max_size}", where="max_size"
        )
    return _Sizes(*_counted(labels.values), least, most)


def _counted(values: Array) -> tuple[Array, Array]:
    """Return the labels there are, and the samples of each."""
    last = int(values.max())
    if last > values.size + (1 << 16):
        present, pixels = np.unique(values, return_counts=True)
        return present, pixels.astype(np.int64)
    counts = np.zeros(last + 1, np.int64)
    flat = values.reshape(-1)
    for start in range(0, flat.size, 1 << 20):  # in parts, for each is copied in 64 bits
        part = np.bincount(flat[start : start + (1 << 20)].astype(np.int64))
        counts[: part.size] += part
    labels = np.flatnonzero(counts)
    return labels.astype(values.dtype), counts[labels]


def _finish(sizes: _Sizes, **_: Any) -> Array:
    """Return the labels to be removed."""
    wrong = (sizes.pixels < sizes.least) | (sizes.pixels > sizes.most)
    return sizes.labels[wrong & (sizes.labels > 0)]


def without(labels: Image, *, result: Array, **_: Any) -> Image:
    """Return the labels with 0 in the place of some."""
    values = labels.values
    return like(labels, np.where(np.isin(values, result), values.dtype.type(0), values))


_SCOPE = Reduction(_map, _Sizes.merged, _finish, without)


@op(version=1, scope=_SCOPE, dtype="same", doc=DOC)
def filter_by_size(
    labels: Labels,
    *,
    min_size: Annotated[Area, Field(title="Smallest size", ge=0)] = Area(64),
    max_size: Annotated[Area | None, Field(title="Largest size", ge=0)] = None,
) -> Labels:
    """Remove objects that are smaller or larger than they should be.

    The size of an object is its number of pixels times the size of a pixel. The rest keep
    their numbers.

    Parameters
    ----------
    labels : Labels
        Any dims.
    min_size : Area
        Objects below this go; in pixels, or as an area (``"20 um2"``) in two dims and a volume
        (``"20 um3"``) in three.
    max_size : Area, optional
        Objects above this go; by default none.

    Returns
    -------
    Labels
        In the dtype of ``labels``.

    Raises
    ------
    ParameterError
        If ``max_size`` is below ``min_size``.
    UnitsError
        If a size has a unit that does not fit the dims of the image.

    See Also
    --------
    skimage.morphology.remove_small_objects : equal, with ``max_size=min_size - 1``.

    %(examples)s
    >>> gt.segment.filter_by_size(np.array([1, 1, 0, 2, 0, 3, 3, 3]), min_size=2, max_size=2)
    array([1, 1, 0, 0, 0, 0, 0, 0])
    """
    kept: Labels = _SCOPE.whole(labels, min_size=min_size, max_size=max_size)
    return kept
