"""Closing of a mask."""

from __future__ import annotations

from graticule.core import Length, Mask, Neighbourhood, op, with_values
from graticule.ops._morphology import BINARY_DOC, closing_of, halo_twice
from graticule.ops._parameters import Radius, Shape


@op(version=1, scope=Neighbourhood(halo_twice), dtype="bool", doc=BINARY_DOC)
def closing(mask: Mask, *, radius: Radius = Length(1), shape: Shape = "ball") -> Mask:
    r"""Fill gaps of a mask that are narrower than a footprint.

    :math:`f \bullet B = (f \oplus B) \ominus B`, a dilation and then an erosion.
    Objects keep their size; cracks and small holes in them are gone.
    %(page)s

    See Also
    --------
    skimage.morphology.closing : equal with ``mode="ignore"``.

    %(serra)s
    >>> mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 1, 1, 1]], bool)
    >>> gt.segment.closing(mask, radius=1, shape="ball").astype(int)
    array([[1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1]])
    """
    return with_values(mask, closing_of(mask, mask.values, radius, shape))
