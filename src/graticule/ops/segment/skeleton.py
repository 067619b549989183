"""Skeleton of a mask."""

from __future__ import annotations

import numpy as np

from graticule.core import Mask, Whole, filtered_dims, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC


@op(
    version=1,
    scope=Whole("thinning goes on until nothing changes anywhere", memory=6.0),
    dtype="bool",
    doc=DOC,
)
def skeleton(mask: Mask) -> Mask:
    """Thin a mask to lines of one sample that are connected as it is.

    In two dims by the thinning of Zhang and Suen [1]_, in three by that of Lee [2]_. Spacing has
    no say. In one dim the middle of each object is left.

    The thinning of volumes takes some objects away that are an even number of samples across, as
    a tube of two by two. Such an object is first made one sample thinner along each dim that
    does not part it, so that every object has a skeleton.

    Parameters
    ----------
    %(mask)s

    Returns
    -------
    Mask
        Nowhere True where ``mask`` is False.

    Raises
    ------
    ImageError
        If there are more than three dims to thin along.

    See Also
    --------
    skimage.morphology.skeletonize : equal, but for objects of volumes that it takes away.

    References
    ----------
    .. [1] Zhang, T. Y., Suen, C. Y., "A fast parallel algorithm for thinning digital patterns",
       Comm. ACM 27(3), 236-239, 1984. :doi:`10.1145/357994.358023`
    .. [2] Lee, T.-C., Kashyap, R. L., Chu, C.-N., "Building skeleton models via 3-D medial
       surface/axis thinning algorithms", CVGIP 56(6), 462-478, 1994.
       :doi:`10.1006/cgip.1994.1042`

    %(examples)s
    >>> mask = np.zeros((5, 9), bool)
    >>> mask[1:4, 1:8] = True
    >>> gt.segment.skeleton(mask).sum(axis=1)
    array([0, 1, 5, 0, 0])
    """
    from graticule.ops._spatial import apply_spatially

    dims = filtered_dims(mask)
    if len(dims) > 3:
        raise ImageError(f"a skeleton has up to three dims, not {', '.join(dims)}")
    return apply_spatially(_thinned, mask)


def _thinned(values: Array) -> Array:
    from skimage.morphology import skeletonize

    from graticule.ops.segment._runs import parts_of

    flat = values.reshape([size for size in values.shape if size > 1] or [1])
    if flat.ndim == 1:
        parts = parts_of(flat, [0], 1)
        thin = np.zeros_like(flat)
        thin[(parts.starts + parts.stops - 1) // 2] = True
    else:
        thin = np.asarray(skeletonize(flat.copy())).astype(np.bool_)
    if flat.ndim == 3:
        thin |= _of_lost(flat, thin)
    return thin.reshape(values.shape)


def _of_lost(mask: Array, thin: Array) -> Array:
    """Return the skeletons of the objects that thinning took away."""
    from scipy import ndimage
    from skimage.morphology import skeletonize

    from graticule.ops.segment._runs import parts_of

    parts = parts_of(mask, range(3), 3)
    lost = ~parts.met_by(thin)
    lost[0] = False
    thinned = np.zeros_like(mask)
    if not lost.any():
        return thinned
    labels = parts.painted(np.where(lost, np.arange(lost.size), 0).astype(np.int32))
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            thinner = _thinner(labels[box] == number)
            left = np.asarray(skeletonize(thinner.copy())).astype(np.bool_)
            thinned[box] |= left if left.any() else thinner
    return thinned


def _thinner(mask: Array) -> Array:
    """Return an object one sample thinner along each dim that this neither ends nor parts."""
    from graticule.ops.segment._runs import parts_of

    for axis in range(mask.ndim):
        ahead = np.zeros_like(mask)
        np.moveaxis(ahead, axis, 0)[:-1] = np.moveaxis(mask, axis, 0)[1:]
        if parts_of(mask & ahead, range(mask.ndim), 3).count == 1:
            mask = mask & ahead
    return mask
