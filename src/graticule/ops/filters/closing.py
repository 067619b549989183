"""Grey closing."""

from __future__ import annotations

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._morphology import GREY_DOC, closing_of, halo_twice
from graticule.ops._parameters import Radius, Shape


@op(version=1, scope=Neighbourhood(halo_twice), dtype="same", doc=GREY_DOC)
def closing(image: Image, *, radius: Radius = Length(1), shape: Shape = "ball") -> Image:
    r"""Fill dark structures narrower than a footprint.

    :math:`f \bullet B = (f \oplus B) \ominus B`, a dilation and then an erosion.
    The result is nowhere below the image, and closing it again changes nothing.
    %(page)s

    See Also
    --------
    skimage.morphology.closing : equal with ``mode="ignore"``.

    %(serra)s
    >>> gt.filters.closing(np.array([5, 1, 5, 2, 2, 2, 5]), radius=1)
    array([5, 5, 5, 2, 2, 2, 5])
    """
    return with_values(image, closing_of(image, image.values, radius, shape))
