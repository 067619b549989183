"""Local maxima."""

from __future__ import annotations

from graticule.core import Image, Mask, Whole, filtered_dims, op
from graticule.ops._parameters import DOC, Connectivity, require_connectivity


@op(version=1, scope=Whole("a plateau may reach anywhere", memory=4.0), dtype="bool", doc=DOC)
def local_maxima(
    image: Image,
    *,
    connectivity: Connectivity = 1,
) -> Mask:
    """Mark the places that are higher than all around them.

    A maximum is a connected part of one value whose neighbours are all lower. An image of a
    single value has none. NaN is no maximum and stands in no one's way.

    Parameters
    ----------
    %(image)s
    %(connectivity)s

    Returns
    -------
    Mask
        True on the maxima.

    %(raises_connectivity)s

    See Also
    --------
    skimage.morphology.local_maxima : equal.
    segment.h_maxima : only those that stand out.

    %(examples)s
    >>> gt.segment.local_maxima(np.array([1, 3, 3, 2, 5]))
    array([False,  True,  True, False,  True])
    """
    from graticule.ops._spatial import apply_spatially
    from graticule.ops.segment._extrema import maxima

    require_connectivity(connectivity, filtered_dims(image))
    return apply_spatially(lambda values: maxima(values, connectivity), image)
