"""Grey dilation."""

from __future__ import annotations

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._morphology import GREY_DOC, dilated, halo_once
from graticule.ops._parameters import Radius, Shape


@op(version=1, scope=Neighbourhood(halo_once), dtype="same", doc=GREY_DOC)
def dilation(image: Image, *, radius: Radius = Length(1), shape: Shape = "ball") -> Image:
    r"""Give each sample the largest value under a footprint around it.

    :math:`(f \oplus B)(x) = \max_{b \in B} f(x + b)`.
    Bright structures grow, dark ones narrower than the footprint vanish.
    %(page)s

    See Also
    --------
    skimage.morphology.dilation : equal with ``mode="ignore"``.

    %(serra)s
    >>> gt.filters.dilation(np.array([3, 1, 4, 1, 5, 9]), radius=1)
    array([3, 4, 4, 5, 9, 9])
    """
    return with_values(image, dilated(image, image.values, radius, shape))
