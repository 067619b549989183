"""Skeleton of a mask."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from graticule.core import Mask, Whole, filtered_dims, op
from graticule.core.errors import ImageError

Array: TypeAlias = np.ndarray[Any, Any]


@op(
    version=1,
    scope=Whole("thinning goes on until nothing changes anywhere", memory=6.0),
    dtype="bool",
)
def skeleton(mask: Mask) -> Mask:
    """Thin a mask to lines of one sample that are connected as it is.

    In two dims by the thinning of Zhang and Suen [1]_, in three by that of Lee [2]_, which keeps
    the topology. Spacing has no say. In one dim the middle of each object is left.

    Parameters
    ----------
    mask : Mask
        Any dims; thinned along ``z y x``, or along all where it has none of these, of which
        there may be up to three, for every index along the others.

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
    skimage.morphology.skeletonize : equal.

    References
    ----------
    .. [1] Zhang, T. Y., Suen, C. Y., "A fast parallel algorithm for thinning digital patterns",
       Comm. ACM 27(3), 236-239, 1984. :doi:`10.1145/357994.358023`
    .. [2] Lee, T.-C., Kashyap, R. L., Chu, C.-N., "Building skeleton models via 3-D medial
       surface/axis thinning algorithms", CVGIP 56(6), 462-478, 1994.
       :doi:`10.1006/cgip.1994.1042`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> mask = np.zeros((5, 9), bool)
    >>> mask[1:4, 1:8] = True
    >>> gt.segment.skeleton(mask).sum(axis=1)
    array([0, 1, 5, 0, 0])
    """
    from graticule.ops.segment._each import each

    dims = filtered_dims(mask)
    if len(dims) > 3:
        raise ImageError(f"a skeleton has up to three dims, not {', '.join(dims)}")
    return each(_thinned, mask)


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
    return thin.reshape(values.shape)
