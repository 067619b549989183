"""Dilation of a mask."""

from __future__ import annotations

from graticule.core import Length, Mask, Neighbourhood, op
from graticule.ops._morphology import Radius, Shape, dilated, halo_once, with_values


@op(version=1, scope=Neighbourhood(halo_once), dtype="bool")
def dilation(mask: Mask, *, radius: Radius = Length(1), shape: Shape = "ball") -> Mask:
    r"""Add to a mask every sample that a footprint around its samples reaches.

    :math:`(f \oplus B)(x) = \max_{b \in B} f(x + b)`, where the footprint :math:`B` is a ball
    (an ellipsoid of samples where the spacing differs by axis), a box or a diamond of the given
    radius. Objects grow by the radius, and gaps narrower than the footprint close. Samples
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
    skimage.morphology.dilation : equal with ``mode="ignore"``.

    References
    ----------
    Serra, J., *Image Analysis and Mathematical Morphology*, Academic Press, 1982.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> mask = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], bool)
    >>> gt.segment.dilation(mask, radius=1, shape="ball").astype(int)
    array([[0, 1, 0],
           [1, 1, 1],
           [0, 1, 0]])
    """
    values = dilated(mask, mask.values, radius, shape)
    return with_values(mask, values)
