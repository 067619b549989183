"""Blocks that are halved until they are even: quad-tree and oct-tree."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Length, Whole, filtered_dims, like, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC


@op(
    version=2,
    scope=Whole("blocks are halved from the whole image down", memory=80),
    dtype="int32",
    doc=DOC,
)
def quadtree(
    image: Image,
    *,
    threshold: Annotated[float, Field(title="Most spread in a block", ge=0)],
    criterion: Annotated[Literal["range", "deviation"], Field(title="Spread")] = "range",
    min_size: Annotated[Length, Field(title="Smallest side of a block", ge=0)] = Length(1),
    merge: Annotated[float | None, Field(title="Most difference to merge", ge=0)] = None,
) -> Labels:
    r"""Divide an image into blocks that are even inside (quad-tree, oct-tree); merge alike ones.

    From a block of :math:`2^k` samples a side that covers the image, each block whose values spread
    by more than ``threshold`` is cut in halves along every dim: in four parts in a plane, in eight
    in a volume [1]_. Neighbouring blocks that are alike then may merge.

    Parameters
    ----------
    %(image)s
    threshold : float
        In the unit of ``image``.
    criterion : {"range", "deviation"}
        Spread of a block: largest less smallest value, which one outlier decides; or the standard
        deviation, which lets a small thing pass unseen in a large block.
    min_size : Length
        No block is cut into ones with a shorter side.
    merge : float, optional
        Neighbours merge while their means differ by no more, as in ``segment.merge_regions``.
        By default none does.

    Returns
    -------
    Labels
        int32; 1..n by first appearance. Samples that are not finite are 0 and have no say.

    %(raises_length)s

    See Also
    --------
    segment.etps : Regions that are not blocks.

    References
    ----------
    .. [1] Horowitz, S. L., Pavlidis, T., "Picture segmentation by a tree traversal algorithm",
       J. ACM 23(2), 368-388, 1976. :doi:`10.1145/321941.321956`

    %(examples)s
    >>> image = np.zeros((4, 4))
    >>> image[0, 3] = 9
    >>> gt.segment.quadtree(image, threshold=1)
    array([[1, 1, 2, 3],
           [1, 1, 4, 5],
           [6, 6, 7, 7],
           [6, 6, 7, 7]], dtype=int32)
    >>> gt.segment.quadtree(image, threshold=1, merge=1)[0]
    array([1, 1, 1, 2], dtype=int32)
    """
    from graticule.ops.segment._kernels import number_by_appearance
    from graticule.ops.segment._rag import graph_of, merged

    dims = filtered_dims(image)
    ordered = image.transpose(*(dim for dim in image.dims if dim not in dims), *dims)
    planes = ordered.values.reshape(-1, *(image.sizes[dim] for dim in dims))
    known = np.isfinite(planes)
    finest = _finest(image, dims, min_size)
    blocks = np.zeros(planes.shape, np.int64)
    for number, plane in enumerate(planes):
        quads = _split(np.where(known[number], plane, np.nan), threshold, criterion, finest)
        blocks[number] = quads + int(blocks.max()) + 1
        del quads  # as large as the image
    blocks[~known] = 0
    present, numbers = np.unique(blocks, return_inverse=True)
    labels = (numbers.reshape(planes.shape) + int(present[0] != 0)).astype(np.int32)
    count = int(labels.max())
    if merge is not None and count:
        graph = graph_of(labels, planes[..., None], tuple(range(1, planes.ndim)), count)
        regions = merged(graph, by="mean", most=merge, number=1)
        labels = np.append(0, regions + 1).astype(np.int32)[labels]
    whole = like(ordered, labels.reshape(ordered.shape)).transpose(*image.dims)
    final = np.ascontiguousarray(whole.values)
    number_by_appearance(final.reshape(-1), count)
    return like(image, final)


def _finest(image: Image, dims: tuple[str, ...], side: Length) -> int:
    """Return the power of 2 of the smallest side a block may have."""
    return max(0, *(math.ceil(math.log2(max(1.0, side.samples(image, dim)))) for dim in dims))


def _split(plane: Array, threshold: float, criterion: str, finest: int) -> Array:
    """Return the number of the block every sample is in, not consecutive; NaN has no say."""
    top = max(finest, math.ceil(math.log2(max(plane.shape))))
    even = [_is_even(plane, 2**power, threshold, criterion) for power in range(finest, top + 1)]
    numbers = np.zeros(plane.shape, np.int64)
    decided = np.zeros(plane.shape, bool)
    first = 0
    for power in range(top, finest - 1, -1):
        stop = even[power - finest] if power > finest else np.ones_like(even[0])
        index = np.arange(stop.size).reshape(stop.shape) + first
        first += stop.size
        take = _spread_out(stop, 2**power, plane.shape) & ~decided
        numbers[take] = _spread_out(index, 2**power, plane.shape)[take]
        decided |= take
    return numbers


def _is_even(plane: Array, side: int, threshold: float, criterion: str) -> Array:
    """Return which blocks spread by no more than the threshold; one without values is even."""
    known = np.isfinite(plane)
    if criterion == "range" or threshold == 0:  # rounding leaves no deviation at 0
        high = _reduced(np.maximum, np.where(known, plane, -np.inf), side)
        low = _reduced(np.minimum, np.where(known, plane, np.inf), side)
        return np.asarray(high - low <= threshold)
    moved = np.where(known, plane - (np.nanmean(plane) if known.any() else 0), 0).astype(float)
    number = np.maximum(_reduced(np.add, known.astype(float), side), 1)
    mean = _reduced(np.add, moved, side) / number
    return np.asarray(_reduced(np.add, moved**2, side) / number - mean**2 <= threshold**2)


def _reduced(function: np.ufunc, plane: Array, side: int) -> Array:
    for axis, size in enumerate(plane.shape):
        plane = function.reduceat(plane, np.arange(0, size, side), axis=axis)
    return plane


def _spread_out(blocks: Array, side: int, shape: tuple[int, ...]) -> Array:
    """Return the value of its block for every sample."""
    for axis, size in enumerate(shape):
        blocks = np.take(blocks, np.arange(size) // side, axis=axis)
    return blocks
