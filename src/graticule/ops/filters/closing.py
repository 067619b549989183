"""Grey closing."""

from __future__ import annotations

from graticule.core import Image, Length, Neighbourhood, op
from graticule.ops._morphology import Radius, Shape, dilated, eroded, halo_twice, with_values


@op(version=1, scope=Neighbourhood(halo_twice), dtype="same")
def closing(image: Image, *, radius: Radius = Length(1), shape: Shape = "ball") -> Image:
    r"""Fill dark structures narrower than a footprint.

    :math:`f \bullet B = (f \oplus B) \ominus B`, a dilation and then an erosion, where the
    footprint :math:`B` is a ball (an ellipsoid of samples where the spacing differs by axis), a
    box or a diamond of the given radius. The result is nowhere below the image, and closing it
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
    skimage.morphology.closing : equal with ``mode="ignore"``.

    References
    ----------
    Serra, J., *Image Analysis and Mathematical Morphology*, Academic Press, 1982.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.filters.closing(np.array([5, 1, 5, 2, 2, 2, 5]), radius=1)
    array([5, 5, 5, 2, 2, 2, 5])
    """
    values = eroded(image, dilated(image, image.values, radius, shape), radius, shape)
    return with_values(image, values)
