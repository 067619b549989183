"""Grey opening."""

from __future__ import annotations

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._morphology import GREY_DOC, halo_twice, opening_of
from graticule.ops._parameters import Radius, Shape


@op(version=1, scope=Neighbourhood(halo_twice), dtype="same", doc=GREY_DOC)
def opening(image: Image, *, radius: Radius = Length(1), shape: Shape = "ball") -> Image:
    r"""Remove bright structures narrower than a footprint.

    :math:`f \circ B = (f \ominus B) \oplus B`, an erosion and then a dilation.
    The result is nowhere above the image, and opening it again changes nothing.
    %(page)s

    See Also
    --------
    skimage.morphology.opening : equal with ``mode="ignore"``.

    %(serra)s
    >>> gt.filters.opening(np.array([1, 9, 1, 5, 5, 5, 1]), radius=1)
    array([1, 1, 1, 5, 5, 5, 1])
    """
    return with_values(image, opening_of(image, image.values, radius, shape))
