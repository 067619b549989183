"""Grey erosion."""

from __future__ import annotations

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._morphology import GREY_DOC, eroded, halo_once
from graticule.ops._parameters import Radius, Shape


@op(version=1, scope=Neighbourhood(halo_once), dtype="same", doc=GREY_DOC)
def erosion(image: Image, *, radius: Radius = Length(1), shape: Shape = "ball") -> Image:
    r"""Give each sample the smallest value under a footprint around it.

    :math:`(f \ominus B)(x) = \min_{b \in B} f(x + b)`.
    Dark structures grow, bright ones narrower than the footprint vanish.
    %(page)s

    See Also
    --------
    skimage.morphology.erosion : equal with ``mode="ignore"``.

    %(serra)s
    >>> gt.filters.erosion(np.array([3, 1, 4, 1, 5, 9]), radius=1)
    array([1, 1, 1, 1, 1, 5])
    """
    return with_values(image, eroded(image, image.values, radius, shape))
