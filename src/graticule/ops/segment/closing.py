"""Closing of a mask."""

from __future__ import annotations

from graticule.core import Length, Mask, Neighbourhood, op
from graticule.ops._morphology import Radius, Shape, dilated, eroded, halo_twice, with_values


@op(version=1, scope=Neighbourhood(halo_twice), dtype="bool")
def closing(mask: Mask, *, radius: Radius = Length(1), shape: Shape = "ball") -> Mask:
    r"""Fill gaps of a mask that are narrower than a footprint.

    :math:`f \bullet B = (f \oplus B) \ominus B`, a dilation and then an erosion, where the
    footprint :math:`B` is a ball (an ellipsoid of samples where the spacing differs by axis), a
    box or a diamond of the given radius. Objects keep their size; cracks and small holes in
    them are gone. Samples outside the image have no say.

    Parameters
    ----------
    mask : Mask
        Any dims; worked on along ``z y x``, or along all where it has none of these.
    radius : Length
        Reach of the footprint from its middle, in pixels or as a length; below one pixel
        nothing changes.
    shape : {"ball", "box", "diamond"}
        Samples within the radius by Euclidean, chessboard or city-block distance.

    Returns
    -------
    Mask
        Of the same dims.

    Raises
    ------
    UnitsError
        If ``radius`` has a unit and a filtered dim has none.

    See Also
    --------
    skimage.morphology.closing : equal with ``mode="ignore"``.

    References
    ----------
    Serra, J., *Image Analysis and Mathematical Morphology*, Academic Press, 1982.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 1, 1, 1]], bool)
    >>> gt.segment.closing(mask, radius=1, shape="ball").astype(int)
    array([[1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1]])
    """
    values = eroded(mask, dilated(mask, mask.values, radius, shape), radius, shape)
    return with_values(mask, values)
