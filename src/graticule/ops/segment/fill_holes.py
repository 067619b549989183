"""Filling the holes of objects."""

from __future__ import annotations

import numpy as np

from graticule.core import Mask, Whole, filtered_dims, like, op


@op(
    version=1,
    scope=Whole("whether background is a hole depends on all that encloses it", memory=12.0),
    dtype="bool",
)
def fill_holes(mask: Mask) -> Mask:
    """Add to a mask the background that it encloses.

    A hole is background from which no path of steps along single dims leads out of the image.
    Along dims other than ``z y x`` each index is filled by itself.

    Parameters
    ----------
    mask : Mask
        Any dims; filled along ``z y x``, or along all where it has none of these.

    Returns
    -------
    Mask
        Of the same dims; nowhere False where ``mask`` is True.

    See Also
    --------
    scipy.ndimage.binary_fill_holes : equal.

    References
    ----------
    Soille, P., *Morphological Image Analysis*, Springer, 2003, section 6.3.7.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
    >>> bool(gt.segment.fill_holes(ring).all())
    True
    """
    from graticule.ops.segment._border import touching
    from graticule.ops.segment.label import label

    outside = like(mask, ~mask.values)
    parts = label.function(outside, connectivity=1).values
    keep = np.zeros(int(parts.max(initial=0)) + 1, bool)
    keep[touching(parts, [mask.get_axis_num(dim) for dim in filtered_dims(mask)])] = True
    keep[0] = False
    return like(mask, ~keep[parts])
