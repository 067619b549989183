"""Maxima that stand out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Mask, Whole, filtered_dims, op
from graticule.ops._parameters import DOC, Connectivity, require_connectivity


@op(
    version=1,
    scope=Whole("the way from a maximum to a higher place may lead anywhere", memory=21.0),
    dtype="bool",
    doc=DOC,
)
def h_maxima(
    image: Image,
    *,
    h: Annotated[float, Field(title="Height", ge=0)] = 1.0,
    connectivity: Connectivity = 1,
) -> Mask:
    r"""Mark the maxima that stand at least ``h`` above the way to a higher place.

    The places where the reconstruction by dilation of :math:`f - h` under :math:`f` is still
    :math:`f - h`. Every path from such a maximum to a higher place descends by ``h`` or more, so
    that ripples lower than ``h`` leave no trace. With ``h`` 0 all maxima are marked. NaN is no
    maximum, and no path leads over it.

    Parameters
    ----------
    %(image)s
    h : float
        Least height of a maximum, in the unit of the values.
    %(connectivity)s

    Returns
    -------
    Mask
        True on the maxima.

    %(raises_connectivity)s

    See Also
    --------
    skimage.morphology.h_maxima : equal for integers.

    References
    ----------
    Soille, P., *Morphological Image Analysis*, Springer, 2003, section 6.3.3.

    %(examples)s
    >>> gt.segment.h_maxima(np.array([1, 3, 2, 9, 5, 6]), h=2)
    array([False, False, False,  True, False, False])
    """
    from graticule.ops._spatial import apply_spatially
    from graticule.ops.segment._extrema import high_maxima

    require_connectivity(connectivity, filtered_dims(image))
    return apply_spatially(lambda values: high_maxima(values, h, connectivity), image)
