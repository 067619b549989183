"""Dilation of a mask."""

from __future__ import annotations

from graticule.core import Length, Mask, Neighbourhood, op, with_values
from graticule.ops._morphology import BINARY_DOC, dilated, halo_once
from graticule.ops._parameters import Radius, Shape


@op(version=1, scope=Neighbourhood(halo_once), dtype="bool", doc=BINARY_DOC)
def dilation(mask: Mask, *, radius: Radius = Length(1), shape: Shape = "ball") -> Mask:
    r"""Add to a mask every sample that a footprint around its samples reaches.

    :math:`(f \oplus B)(x) = \max_{b \in B} f(x + b)`.
    Objects grow by the radius, and gaps narrower than the footprint close.
    %(page)s

    See Also
    --------
    skimage.morphology.dilation : equal with ``mode="ignore"``.

    %(serra)s
    >>> mask = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], bool)
    >>> gt.segment.dilation(mask, radius=1, shape="ball").astype(int)
    array([[0, 1, 0],
           [1, 1, 1],
           [0, 1, 0]])
    """
    return with_values(mask, dilated(mask, mask.values, radius, shape))
