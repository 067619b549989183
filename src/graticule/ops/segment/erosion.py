"""Erosion of a mask."""

from __future__ import annotations

from graticule.core import Length, Mask, Neighbourhood, op
from graticule.ops._morphology import Radius, Shape, eroded, halo_once, with_values


@op(version=1, scope=Neighbourhood(halo_once), dtype="bool")
def erosion(mask: Mask, *, radius: Radius = Length(1), shape: Shape = "ball") -> Mask:
    r"""Keep the samples of a mask whose whole footprint lies in it.

    :math:`(f \ominus B)(x) = \min_{b \in B} f(x + b)`, where the footprint :math:`B` is a ball
    (an ellipsoid of samples where the spacing differs by axis), a box or a diamond of the given
    radius. Objects shrink by the radius, and those narrower than the footprint vanish. Samples
    outside the image have no say.

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
    skimage.morphology.erosion : equal with ``mode="ignore"``.

    References
    ----------
    Serra, J., *Image Analysis and Mathematical Morphology*, Academic Press, 1982.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> mask = np.array([[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0]], bool)
    >>> gt.segment.erosion(mask, radius=1, shape="ball").astype(int)
    array([[0, 0, 1, 0, 0],
           [0, 0, 1, 0, 0],
           [0, 0, 1, 0, 0]])
    """
    values = eroded(mask, mask.values, radius, shape)
    return with_values(mask, values)
