"""Erosion of a mask."""

from __future__ import annotations

from graticule.core import Length, Mask, Neighbourhood, op, with_values
from graticule.ops._morphology import BINARY_DOC, eroded, halo_once
from graticule.ops._parameters import Radius, Shape


@op(version=1, scope=Neighbourhood(halo_once), dtype="bool", doc=BINARY_DOC)
def erosion(mask: Mask, *, radius: Radius = Length(1), shape: Shape = "ball") -> Mask:
    r"""Keep the samples of a mask whose whole footprint lies in it.

    :math:`(f \ominus B)(x) = \min_{b \in B} f(x + b)`.
    Objects shrink by the radius, and those narrower than the footprint vanish.
    %(page)s

    See Also
    --------
    skimage.morphology.erosion : equal with ``mode="ignore"``.

    %(serra)s
    >>> mask = np.array([[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0]], bool)
    >>> gt.segment.erosion(mask, radius=1, shape="ball").astype(int)
    array([[0, 0, 1, 0, 0],
           [0, 0, 1, 0, 0],
           [0, 0, 1, 0, 0]])
    """
    return with_values(mask, eroded(mask, mask.values, radius, shape))
