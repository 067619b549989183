"""Opening of a mask."""

from __future__ import annotations

from graticule.core import Length, Mask, Neighbourhood, op, with_values
from graticule.ops._morphology import BINARY_DOC, halo_twice, opening_of
from graticule.ops._parameters import Radius, Shape


@op(version=1, scope=Neighbourhood(halo_twice), dtype="bool", doc=BINARY_DOC)
def opening(mask: Mask, *, radius: Radius = Length(1), shape: Shape = "ball") -> Mask:
    r"""Remove from a mask what is narrower than a footprint.

    :math:`f \circ B = (f \ominus B) \oplus B`, an erosion and then a dilation.
    What remains keeps its size: the union of all footprints that fit into the mask.
    %(page)s

    See Also
    --------
    skimage.morphology.opening : equal with ``mode="ignore"``.

    %(serra)s
    >>> mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], bool)
    >>> gt.segment.opening(mask, radius=1, shape="box").astype(int)
    array([[1, 1, 1, 0, 0],
           [1, 1, 1, 0, 0],
           [1, 1, 1, 0, 0]])
    """
    return with_values(mask, opening_of(mask, mask.values, radius, shape))
