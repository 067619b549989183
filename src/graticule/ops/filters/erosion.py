"""Grey erosion."""

from __future__ import annotations

from graticule.core import Image, Length, Neighbourhood, op
from graticule.ops._morphology import Radius, Shape, eroded, halo_once, with_values


@op(version=1, scope=Neighbourhood(halo_once), dtype="same")
def erosion(image: Image, *, radius: Radius = Length(1), shape: Shape = "ball") -> Image:
    r"""Give each sample the smallest value under a footprint around it.

    :math:`(f \ominus B)(x) = \min_{b \in B} f(x + b)`, where the footprint :math:`B` is a ball
    (an ellipsoid of samples where the spacing differs by axis), a box or a diamond of the given
    radius. Dark structures grow, bright ones narrower than the footprint vanish. NaN and
    samples outside the image have no say; a sample with no other value in reach is NaN.

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
    skimage.morphology.erosion : equal with ``mode="ignore"``.

    References
    ----------
    Serra, J., *Image Analysis and Mathematical Morphology*, Academic Press, 1982.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.filters.erosion(np.array([3, 1, 4, 1, 5, 9]), radius=1)
    array([1, 1, 1, 1, 1, 5])
    """
    values = eroded(image, image.values, radius, shape)
    return with_values(image, values)
