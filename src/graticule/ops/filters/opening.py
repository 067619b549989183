"""Grey opening."""

from __future__ import annotations

from graticule.core import Image, Length, Neighbourhood, op
from graticule.ops._morphology import Radius, Shape, dilated, eroded, halo_twice, with_values


@op(version=1, scope=Neighbourhood(halo_twice), dtype="same")
def opening(image: Image, *, radius: Radius = Length(1), shape: Shape = "ball") -> Image:
    r"""Remove bright structures narrower than a footprint.

    :math:`f \circ B = (f \ominus B) \oplus B`, an erosion and then a dilation, where the
    footprint :math:`B` is a ball (an ellipsoid of samples where the spacing differs by axis), a
    box or a diamond of the given radius. The result is nowhere above the image, and opening it
    again changes nothing. NaN and samples outside the image have no say; a sample with no other
    value in reach is NaN.

    Parameters
    ----------
    image : Image
        Any dims; worked on along ``z y x``, or along all where it has none of these.
    radius : Length
        Reach of the footprint from its middle, in pixels or as a length; below one pixel
        nothing changes.
    shape : {"ball", "box", "diamond"}
        Samples within the radius by Euclidean, chessboard or city-block distance.

    Returns
    -------
    Image
        In the dtype and units of ``image``.

    Raises
    ------
    UnitsError
        If ``radius`` has a unit and a filtered dim has none.
    ImageError
        If the values are complex.

    See Also
    --------
    skimage.morphology.opening : equal with ``mode="ignore"``.

    References
    ----------
    Serra, J., *Image Analysis and Mathematical Morphology*, Academic Press, 1982.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.filters.opening(np.array([1, 9, 1, 5, 5, 5, 1]), radius=1)
    array([1, 1, 1, 5, 5, 5, 1])
    """
    values = dilated(image, eroded(image, image.values, radius, shape), radius, shape)
    return with_values(image, values)
