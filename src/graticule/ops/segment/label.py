"""Connected components."""

from __future__ import annotations

import itertools

import numpy as np

from graticule.core import Image, Labels, Mask, Stitched, filtered_dims, like, op
from graticule.core.image import SPATIAL
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, Connectivity, require_connectivity
from graticule.ops.segment._runs import parts_of


def _local(mask: Image, *, connectivity: int) -> Image:
    """Label a block; numbers go on from one index of the other dims to the next."""
    dims = filtered_dims(mask)
    require_connectivity(connectivity, dims)
    if mask.dims[-1] in dims:
        axes = [mask.get_axis_num(dim) for dim in dims]
        return like(mask, parts_of(mask.values, axes, connectivity).labelled())
    from graticule.ops.segment._kernels import number_by_appearance

    # Runs go along the last axis: the parts are found with the dims in another order.
    ordered = mask.transpose(*(dim for dim in mask.dims if dim not in dims), *dims)
    axes = [ordered.get_axis_num(dim) for dim in dims]
    parts = parts_of(ordered.values, axes, connectivity)
    numbered = like(ordered, parts.labelled()).transpose(*mask.dims)
    labels = np.ascontiguousarray(numbered.values)
    number_by_appearance(labels.reshape(-1), parts.count)
    return like(mask, labels)


def _join(before: Image, after: Image, dim: str, *, connectivity: int) -> Array:
    """Return the labels that touch across a seam: each sample against those opposite it."""
    spatial = tuple(str(other) for other in before.dims if other in SPATIAL)
    if dim not in SPATIAL and spatial:
        return np.zeros((0, 2), np.int64)
    along = spatial if dim in SPATIAL else tuple(map(str, before.dims))
    pairs = [np.zeros((0, 2), np.int64)]
    for offset in itertools.product((-1, 0, 1), repeat=len(along)):
        if sum(map(abs, offset)) <= connectivity - 1:
            here, there = _opposite(before, dict(zip(along, offset, strict=True)))
            pair = np.stack([before[here].values.ravel(), after[there].values.ravel()], axis=1)
            pairs.append(pair[(pair > 0).all(axis=1)].astype(np.int64))
    return np.concatenate(pairs)


def _opposite(plane: Image, offset: dict[str, int]) -> tuple[dict[str, slice], dict[str, slice]]:
    sizes = {str(dim): size for dim, size in plane.sizes.items()}
    here = {dim: slice(max(0, -o), max(0, sizes[dim] - max(0, o))) for dim, o in offset.items()}
    there = {dim: slice(max(0, o), max(0, sizes[dim] + min(0, o))) for dim, o in offset.items()}
    return here, there


@op(version=1, scope=Stitched(local=_local, join=_join), dtype="int32", doc=DOC)
def label(
    mask: Mask,
    *,
    connectivity: Connectivity = 1,
) -> Labels:
    """Give a number to each connected part of a mask.

    Two samples are connected if both are in the mask and their positions differ by one step
    along at most ``connectivity`` dims: 1 for faces (4 neighbours in two dims, 6 in three), the
    number of dims for corners as well (8 and 26). Parts are numbered 1, 2, ... by their first
    sample in raster order, so the numbers depend on the mask alone and not on tiles or method.
    Along dims other than ``z y x`` nothing is connected.

    Parameters
    ----------
    %(mask)s
    %(connectivity)s

    Returns
    -------
    Labels
        int32; 0 is background.

    %(raises_connectivity)s

    See Also
    --------
    skimage.measure.label : the same partition.

    References
    ----------
    Rosenfeld, A., Pfaltz, J. L., "Sequential operations in digital picture processing",
    J. ACM 13(4), 471-494, 1966. :doi:`10.1145/321356.321357`

    %(examples)s
    >>> gt.segment.label(np.array([[1, 0, 1], [1, 0, 0], [0, 1, 1]], bool))
    array([[1, 0, 2],
           [1, 0, 0],
           [0, 3, 3]], dtype=int32)
    """
    return _local(mask, connectivity=connectivity)
