"""Slope by the Scharr operator."""

from __future__ import annotations

from graticule.core import Image, Neighbourhood, op
from graticule.ops.filters._gradients import (
    SLOPE_DOC,
    SlopeDim,
    central_differences,
    neighbour_halo,
)


@op(version=1, scope=Neighbourhood(neighbour_halo), dtype="float32", tolerance=1e-6, doc=SLOPE_DOC)
def scharr(image: Image, *, dim: SlopeDim = None) -> Image:
    r"""Return the slope of an image: along one dim, or its steepest.

    Central differences :math:`(f_{i+1} - f_{i-1}) / 2 \Delta`, averaged over the neighbours
    across with the weights 3 10 3, which make it depend less on the
    direction of an edge than Sobel's.
    %(page)s

    See Also
    --------
    skimage.filters.scharr : twice this along one dim, as it takes the difference of the samples on
        both sides and not the slope between them.

    References
    ----------
    Scharr, H., "Optimale Operatoren in der Digitalen Bildverarbeitung", dissertation,
    University of Heidelberg, 2000.

    %(examples)s
    >>> y, x = np.mgrid[0:3, 0:5]
    >>> gt.filters.scharr(3 * x + 4 * y)[1, 1:4]
    array([5., 5., 5.], dtype=float32)
    """
    return central_differences(image, dim, (0.625, 0.1875))
